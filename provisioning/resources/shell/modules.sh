# shellcheck shell=sh
# Functions of fragments: kernel modules.

look_at_modules() { # NAME...: those loaded on one line, then modules.builtin if any is not
    MISSING=no
    for VALUE; do
        if [ -d "/sys/module/$VALUE" ]; then printf '%s ' "$VALUE"; else MISSING=yes; fi
    done
    printf '\n'
    if [ "$MISSING" = no ]; then return 0; fi
    # A built-in one without parameters is not in /sys/module.
    LOOKED=/lib/modules/$(uname -r)/modules.builtin
    if [ -f "$LOOKED" ]; then exec cat "$LOOKED"; fi
}

load_modules() { # RECORD NAME...
    KEPT=$1
    shift
    keep_note "$KEPT" "$*"
    modprobe -a -- "$@" || fail "could not load $*; does the running kernel have its modules installed?"
}

unload_modules() { # those in NOTE, the last first, where nothing uses them
    while [ -n "$NOTE" ]; do
        modprobe -r -- "${NOTE##* }" 2> /dev/null || :
        case $NOTE in
        *" "*) NOTE=${NOTE% *} ;;
        *) NOTE= ;;
        esac
    done
}

# shellcheck shell=sh
# Functions of fragments: kernel parameters.

squeeze() { # TEXT: sets SQUEEZED, every run of blanks made one
    set -f
    # shellcheck disable=SC2086 # split on purpose
    set -- $1
    set +f
    SQUEEZED=$*
}

read_sysctl() { # KEY: sets VALUE; fails where the kernel has no such key
    [ -e "/proc/sys/$1" ] || return 1
    # Not by `read`: it takes a byte at a time, and the kernel hands out the value only once.
    VALUE=$(cat "/proc/sys/$1") || fail "$1: cannot be read"
}

look_at_sysctl() { # KEY
    [ -e "/proc/sys/$1" ] || { printf 'absent\n'; return 0; }
    printf 'value\n'
    exec cat "/proc/sys/$1"
}

write_sysctl() { # KEY VALUE
    printf '%s\n' "$2" > "/proc/sys/$1" || fail "$1: the kernel refuses the value $2"
}

set_sysctl() { # RECORD KEY VALUE
    read_sysctl "$2" || fail "$2: this kernel has no such parameter; is its module loaded?"
    squeeze "$VALUE"
    keep_note "$1" "$SQUEEZED"
    write_sysctl "$2" "$3"
    # Some parameters clamp what they are given without an error.
    read_sysctl "$2"
    squeeze "$VALUE"
    [ "$SQUEEZED" = "$3" ] || fail "$2: the kernel made $SQUEEZED of the value $3"
}

revert_sysctl() { # KEY, and its value in NOTE; a key that went with its module needs nothing
    if [ -e "/proc/sys/$1" ]; then write_sysctl "$1" "$NOTE"; fi
}

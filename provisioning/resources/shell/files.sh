# shellcheck shell=sh
# Functions of fragments: files, links and folders.

look_at_file() { # PATH LIMIT: state line, then the content, or its checksum past LIMIT bytes
    if [ -L "$1" ]; then
        printf 'link\n'
        exec readlink -n -- "$1"
    elif [ ! -e "$1" ]; then
        printf 'absent\n'
    elif [ ! -f "$1" ]; then
        printf 'other\n'
        exec stat -c %F -- "$1"
    else
        LOOKED=$(stat -c 'file:%a:%U:%G:%s' -- "$1")
        printf '%s\n' "$LOOKED"
        if [ "${LOOKED##*:}" -gt "$2" ]; then exec sha256sum < "$1"; fi
        exec cat -- "$1"
    fi
}

begin_candidate() { # PATH MODE OWNER GROUP, content in base64 on standard input
    candidate_of "$1"
    [ -d "${CANDIDATE%/*}" ] || fail "$1: there is no folder ${CANDIDATE%/*}"
    trap drop_candidate EXIT
    # Made empty with its final owner and mode first: content is never seen under a wider one.
    install -m "$2" -o "$3" -g "$4" -T /dev/null "$CANDIDATE"
    base64 -d > "$CANDIDATE" || fail "$1: could not be written, so the old one stays"
    # Before the rename, or a power cut could leave an empty file under the new name.
    sync -- "$CANDIDATE" || fail "$1: did not reach the disk, so the old one stays"
}

drop_candidate() {
    if [ -e "$CANDIDATE" ] || [ -L "$CANDIDATE" ]; then rm -f -- "$CANDIDATE"; fi
}

install_candidate() { # PATH
    mv -fT -- "$CANDIDATE" "$1"
}

look_at_directory() { # PATH
    if [ -d "$1" ]; then
        exec stat -L -c 'directory:%a:%U:%G' -- "$1"
    elif [ -e "$1" ] || [ -L "$1" ]; then
        printf 'other\n'
    else
        printf 'absent\n'
    fi
}

make_directory() { # RECORD PATH MODE OWNER GROUP: with the folders above it, noting the topmost
    # A package that was installed since the look may have brought it.
    if [ -d "$2" ]; then
        change_directory "$@"
        return
    fi
    MADE=$2
    while [ -n "${MADE%/*}" ] && [ ! -d "${MADE%/*}" ]; do MADE=${MADE%/*}; done
    keep_note "$1" "absent $MADE"
    [ "$MADE" = "$2" ] || mkdir -p -- "${2%/*}"
    candidate_of "$2"
    install -d -m "$3" -o "$4" -g "$5" -- "$CANDIDATE"
    mv -fT -- "$CANDIDATE" "$2"
}

change_directory() { # RECORD PATH MODE OWNER GROUP
    keep_note "$1" "$(stat -L -c '%a %u:%g' -- "$2")"
    chown -- "$4:$5" "$2"
    chmod -- "$3" "$2"
}

revert_directory() { # PATH, and how it was in NOTE
    case $NOTE in
    "absent "*)
        candidate_of "$1"
        drop_folder "$CANDIDATE"
        MADE=$1
        while drop_folder "$MADE" && [ "$MADE" != "${NOTE#absent }" ]; do MADE=${MADE%/*}; done
        ;;
    *)
        if [ -d "$1" ]; then
            chown -- "${NOTE#* }" "$1"
            chmod -- "$(printf '%05d' "${NOTE%% *}")" "$1"
        fi
        ;;
    esac
}

drop_folder() { # FOLDER: keeps one that holds something; a link to a folder is not ours
    if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir --ignore-fail-on-non-empty -- "$1"; fi
}

look_at_link() { # PATH
    if [ -L "$1" ]; then
        printf 'link\n'
        exec readlink -n -- "$1"
    elif [ -d "$1" ]; then
        printf 'directory\n'
    elif [ -e "$1" ]; then
        printf 'file\n'
    else
        printf 'absent\n'
    fi
}

switch_link() { # RECORD PATH TARGET
    keep_copy "$1" "$2"
    candidate_of "$2"
    [ -d "${CANDIDATE%/*}" ] || fail "$2: there is no folder ${CANDIDATE%/*}"
    trap drop_candidate EXIT
    ln -sfnT -- "$3" "$CANDIDATE"
    mv -fT -- "$CANDIDATE" "$2"
}

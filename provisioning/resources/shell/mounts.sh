# shellcheck shell=sh
# Functions of fragments: mounts.

look_at_mounts() { # FSTAB
    if [ -e "$1" ]; then cat -- "$1"; fi
    printf '\nmounts:\n'
    exec cat /proc/self/mounts
}

is_mounted() { # ESCAPED_TARGET; read from the list, as a look at a dead server's mount hangs
    # Of a line's fields only the mount point starts with a slash after a blank.
    case $(cat /proc/self/mounts) in
    *" $1 "*) return 0 ;;
    *) return 1 ;;
    esac
}

fstab_line() { # FSTAB ESCAPED_TARGET: prints the line of this mount point, or nothing
    if [ -e "$1" ]; then
        TARGET=$2 awk '$1 !~ /^#/ && $2 == ENVIRON["TARGET"]' "$1"
    fi
}

edit_fstab() { # FSTAB ESCAPED_TARGET LINE: the only line of this mount point; none if empty
    if [ "$(fstab_line "$1" "$2")" = "$3" ]; then return 0; fi
    candidate_of "$1"
    trap drop_candidate EXIT
    if [ -e "$1" ]; then cp -a -- "$1" "$CANDIDATE"; else : > "$CANDIDATE"; fi
    if [ -e "$1" ]; then cat -- "$1"; fi | TARGET=$2 LINE=$3 awk '
        function put() { if (ENVIRON["LINE"] != "" && !done++) print ENVIRON["LINE"] }
        $1 !~ /^#/ && $2 == ENVIRON["TARGET"] { put(); next }
        { print }
        END { put() }
    ' > "$CANDIDATE" || fail "$1: could not be written, so the old one stays"
    sync -- "$CANDIDATE" || fail "$1: did not reach the disk, so the old one stays"
    mv -fT -- "$CANDIDATE" "$1"
    # systemd makes units of its lines.
    if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
}

unmount() { # ESCAPED_TARGET TARGET
    while is_mounted "$1"; do
        timeout 60 umount -- "$2" || return 1
    done
}

mount_from() { # FSTAB TARGET
    case $(fstab_line "$1" "$2") in
    # One that went on in the background would be taken for mounted.
    *[[:blank:],]bg[[:blank:],]*) timeout 120 mount -T "$1" -o fg -- "$2" ;;
    *) timeout 120 mount -T "$1" -- "$2" ;;
    esac || fail "$2: could not be mounted"
}

remount() { # FSTAB ESCAPED_TARGET TARGET OPTIONS: what is mounted there gets these options
    if timeout 120 mount -T "$1" -o "$4" -- "$3"; then return 0; fi
    # NFS, for one, takes some options only when it is mounted.
    unmount "$2" "$3" || fail "$3 is in use; stop what uses it (fuser -vm $3), then deploy again"
    mount_from "$1" "$3"
}

set_mount() { # RECORD FOLDER_RECORD FSTAB ESCAPED_TARGET TARGET LINE LINE_BEFORE
    if is_mounted "$4"; then
        keep_note "$1" "mounted $7"
        # Unmounted before the line changes: a cut anywhere leaves something that is seen.
        unmount "$4" "$5" || {
            unkeep_note "$1"
            fail "$5 is in use; stop what uses it (fuser -vm $5), then deploy again"
        }
    else
        keep_note "$1" "unmounted $7"
    fi
    edit_fstab "$3" "$4" "$6"
    [ -d "$5" ] || make_directory "$2" "$5" 00755 root root
    mount_from "$3" "$5"
}

revert_mount() { # FSTAB ESCAPED_TARGET TARGET, and how it was in NOTE
    unmount "$2" "$3" || fail "$3 is in use; stop what uses it (fuser -vm $3)"
    edit_fstab "$1" "$2" "${NOTE#* }"
    case $NOTE in
    "mounted "?*) mount_from "$1" "$3" ;;
    esac
}

drop_mount_point() { # FOLDER_RECORD TARGET: where it was made for the mount
    if original_note "$1"; then
        revert_directory "$2"
        forget "$1"
    fi
}

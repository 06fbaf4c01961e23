# shellcheck shell=sh
# Functions of fragments: what the kernel serves over NFS.

look_at_exports() { # prints the number of threads, then what is exported
    # Not `read`: dash asks byte by byte, and the kernel answers each time from the start.
    if [ -e /proc/fs/nfsd/threads ]; then cat /proc/fs/nfsd/threads; else echo 0; fi
    if [ -e /var/lib/nfs/etab ]; then cat /var/lib/nfs/etab; fi
}

end_export() { # FOLDER CLIENT...
    command -v exportfs > /dev/null || return 0
    VALUE=$1
    shift
    for LOOKED in "$@"; do
        case $LOOKED in *:*) LOOKED="[$LOOKED]" ;; esac
        # What is not exported is an error to it.
        exportfs -u "$LOOKED:$VALUE" 2> /dev/null || :
    done
}

export_again() { # fails where there are no threads; a server that was just started gets a moment
    SAID=$(exportfs -ra 2>&1) || fail "exportfs: $SAID"
    # It warns with status 0.
    [ -z "$SAID" ] || fail "exportfs: $SAID"
    TRIES=0
    until [ -e /proc/fs/nfsd/threads ] && [ "$(cat /proc/fs/nfsd/threads)" -gt 0 ]; do
        TRIES=$((TRIES + 1))
        if [ "$TRIES" -ge 10 ]; then
            echo "the NFS server has no threads" >&2
            return 1
        fi
        sleep 0.5
    done
}

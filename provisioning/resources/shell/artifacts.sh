# shellcheck shell=sh
# Functions of fragments: artifacts.
#
# DIRECTORY/artifacts/.blobs holds contents by their SHA-256 (with .x where they can be executed),
# and .parts those that are on their way. An artifact is a folder of hard links to contents, so a
# new version costs what is new in it. It is whole once it has its name, which it gets with the file
# .cluster-artifact in it. A list has a line for each file: BLOB SIZE PATH.

look_at_artifact() { # DIRECTORY FOLDER
    if [ -f "$1/artifacts/$2/.cluster-artifact" ]; then
        printf 'complete\n'
    elif [ -e "$1/artifacts/$2" ] || [ -L "$1/artifacts/$2" ]; then
        printf 'foreign\n'
    else
        printf 'absent\n'
    fi
}

room_for_artifacts() { # DIRECTORY FOLDER..., all their files on standard input
    PLACE=$1/artifacts
    shift
    for VALUE; do
        if [ -f "$PLACE/$VALUE/.cluster-artifact" ]; then shift; fi
    done
    if [ "$#" = 0 ]; then return 0; fi
    COUNT=$(sort -u | lacking_bytes)
    VALUE=$PLACE
    while [ ! -d "${VALUE:-/}" ]; do VALUE=${VALUE%/*}; done
    LOOKED=$(df -B1 --output=avail -- "${VALUE:-/}" | tail -n 1)
    if [ "$COUNT" -gt "$LOOKED" ]; then
        printf 'it needs %s MB more, and there are %s MB\n' \
            "$((COUNT / 1000000 + 1))" "$((LOOKED / 1000000))"
        return 1
    fi
}

lacking_bytes() { # at PLACE, a sorted list on standard input
    COUNT=0
    BEFORE=
    while read -r VALUE LOOKED _; do
        if [ "$VALUE" = "$BEFORE" ] || [ -f "$PLACE/.blobs/$VALUE" ]; then continue; fi
        BEFORE=$VALUE
        COUNT=$((COUNT + LOOKED))
        if [ -f "$PLACE/.parts/$VALUE" ]; then
            COUNT=$((COUNT - $(stat -c %s -- "$PLACE/.parts/$VALUE")))
        fi
    done
    printf '%s\n' "$COUNT"
}

put_artifact() { # RECORD DIRECTORY FOLDER, a list on standard input
    PLACE=$2/artifacts/$3
    if [ -f "$PLACE/.cluster-artifact" ]; then return 0; fi
    keep_note "$1" "$3"
    NEW=$2/artifacts/.$3.cluster-new
    trap 'rm -rf -- "$NEW"' EXIT
    rm -rf -- "$NEW"
    mkdir -p -- "$NEW"
    while read -r VALUE _ LOOKED; do
        case $LOOKED in
        */*) mkdir -p -- "$NEW/${LOOKED%/*}" ;;
        esac
        ln -- "$2/artifacts/.blobs/$VALUE" "$NEW/$LOOKED" ||
            fail "$LOOKED was not brought to $2/artifacts/.blobs; run this again"
    done
    : > "$NEW/.cluster-artifact"
    sync -f -- "$NEW"
    mv -T -- "$NEW" "$PLACE"
}

drop_artifact() { # DIRECTORY FOLDER
    rm -rf -- "$1/artifacts/.$2.cluster-new" "$1/artifacts/.$2.cluster-old" || return 1
    if [ -f "$1/artifacts/$2/.cluster-artifact" ]; then
        # Renamed first, so that half of it is never taken for an artifact.
        mv -T -- "$1/artifacts/$2" "$1/artifacts/.$2.cluster-old" || return 1
        rm -rf -- "$1/artifacts/.$2.cluster-old" || return 1
    fi
    drop_folder "$1/artifacts" || :
}

prune_artifacts() { # DIRECTORY: what no release there leads to goes
    if [ ! -d "$1/artifacts" ]; then return 0; fi
    COUNT=0
    for VALUE in "$1"/artifacts/*/.cluster-artifact; do
        VALUE=${VALUE%/.cluster-artifact}
        if [ ! -d "$VALUE" ]; then continue; fi
        if is_led_to "$1" "$VALUE"; then
            COUNT=$((COUNT + 1))
        else
            # What cannot be deleted is no reason to take back a release that runs.
            drop_artifact "$1" "${VALUE##*/}" || printf '%s could not be deleted\n' "$VALUE" >&2
        fi
    done
    rm -rf -- "$1"/artifacts/.*.cluster-new "$1"/artifacts/.*.cluster-old
    if [ "$COUNT" = 0 ]; then
        rm -rf -- "$1/artifacts/.blobs" "$1/artifacts/.parts"
    else
        find "$1/artifacts/.blobs" -type f -links 1 -delete || :
        find "$1/artifacts/.parts" -type f -mtime +7 -delete 2> /dev/null || :
    fi
    drop_folder "$1/artifacts" || :
}

is_led_to() { # DIRECTORY FOLDER
    for LOOKED in "$1"/releases/*/artifacts/*; do
        if [ "$(readlink -- "$LOOKED")" = "../../../artifacts/${2##*/}" ]; then return 0; fi
    done
    return 1
}

check_artifact() { # DIRECTORY FOLDER, a list on standard input: tells of each file what is wrong
    if [ ! -f "$1/artifacts/$2/.cluster-artifact" ]; then
        printf 'is not there\n'
        return 0
    fi
    while read -r VALUE _ LOOKED; do
        if [ ! -f "$1/artifacts/$2/$LOOKED" ]; then
            printf '%s is missing\n' "$LOOKED"
            continue
        fi
        FOUND=$(sha256sum < "$1/artifacts/$2/$LOOKED") || FOUND=
        [ "${FOUND%% *}" = "${VALUE%.x}" ] || printf '%s is not what it was\n' "$LOOKED"
    done
}

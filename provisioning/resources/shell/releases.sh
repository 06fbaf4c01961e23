# shellcheck shell=sh
# Functions of fragments: releases.
#
# A release is whole once its marker, one line about it, is called .cluster-release; until then it
# is called .cluster-building.

look_at_release() { # DIRECTORY NAME
    if [ -f "$1/releases/$2/.cluster-release" ]; then
        printf 'complete\n'
    elif [ -f "$1/releases/$2/.cluster-building" ]; then
        printf 'building\n'
    elif [ -e "$1/releases/$2" ]; then
        printf 'foreign\n'
    else
        printf 'absent\n'
    fi
}

look_at_releases() { # DIRECTORY: a line for each link, process and release, the newest last
    [ -d "$1/releases" ] || return 0
    printf 'current %s\n' "$(readlink -- "$1/current" || :)"
    printf 'previous %s\n' "$(readlink -- "$1/previous" || :)"
    # Where processes were started: what runs is not what a link was switched to since.
    LOOKED=$(cd -P -- "$1/releases" && pwd)
    find /proc -maxdepth 2 -name cwd -lname "$LOOKED/*" -printf 'runs %l\n' 2> /dev/null |
        sort -u || :
    find "$1/releases" -mindepth 2 -maxdepth 2 \
        '(' -name .cluster-release -o -name .cluster-building ')' -printf '%T@ %f %h\n' |
        sort -n | while read -r VALUE STATE_OF LOOKED; do
        printf 'release %s %s %s ' "${STATE_OF#.cluster-}" "${VALUE%%.*}" "${LOOKED##*/}"
        head -n 1 -- "$LOOKED/$STATE_OF" | tr -d '\n'
        printf '\n'
    done
}

without_environment() {
    ENVIRONMENT=none
}

environment_from_index() { # URL, or nothing where the host's pip knows its index
    ENVIRONMENT=index
    if [ -n "$1" ]; then
        # Not an argument: those are in the list of processes.
        PIP_INDEX_URL=$1
        export PIP_INDEX_URL
    fi
}

environment_from_wheels() { # SET
    ENVIRONMENT=$1
}

unpack_release() { # RECORD DIRECTORY NAME PYTHON ABOUT, the archive in base64 on standard input
    PLACE=$2/releases/$3
    if [ -f "$PLACE/.cluster-release" ]; then return 0; fi
    [ -d "$2" ] || fail "there is no folder $2 to unpack $3 in"
    keep_note "$1" "$3"
    NEW=$2/releases/.$3.cluster-new
    drop_half_release
    trap drop_half_release EXIT
    mkdir -p -- "$NEW"
    base64 -d | tar -xz --no-same-owner --no-same-permissions -C "$NEW" || {
        df -h -- "$2" >&2 || :
        fail "$3 could not be unpacked in $2/releases"
    }
    # The paths in tracebacks are those it will have after the rename.
    "$4" -m compileall -q -s "$NEW" -p "$PLACE" "$NEW" >&2 ||
        fail "$3 could not be byte-compiled by $4"
    printf '%s\n' "${5:-$3}" > "$NEW/.cluster-building"
    if [ "$ENVIRONMENT" != none ]; then
        mv -T -- "$NEW" "$PLACE"
        build_environment "$2" "$4"
        NEW=$PLACE
    fi
    sync -f -- "$NEW"
    mv -fT -- "$NEW/.cluster-building" "$NEW/.cluster-release"
    [ "$NEW" = "$PLACE" ] || mv -T -- "$NEW" "$PLACE"
}

drop_half_release() { # at PLACE or NEW; nothing where it is whole
    if [ -f "$PLACE/.cluster-release" ]; then return 0; fi
    NEW=${PLACE%/*}/.${PLACE##*/}.cluster-new
    rm -rf -- "$NEW"
    if [ -f "$PLACE/.cluster-building" ]; then
        mv -T -- "$PLACE" "$NEW"
        rm -rf -- "$NEW"
    fi
}

build_environment() { # DIRECTORY PYTHON, for PLACE
    "$2" -m venv -- "$PLACE/venv" >&2 ||
        fail "$2 could not make an environment; is its package venv installed?"
    if [ "$ENVIRONMENT" = index ]; then
        private_folder "$1/releases/.cache"
        set -- --cache-dir "$1/releases/.cache" --requirement "$PLACE/requirements.txt"
    else
        [ -f "$1/releases/.wheels/$ENVIRONMENT.txt" ] ||
            fail "the packages of ${PLACE##*/} were not brought to $1/releases/.wheels"
        set -- --no-index --no-cache-dir --no-deps --require-hashes \
            --find-links "$1/releases/.wheels" \
            --requirement "$1/releases/.wheels/$ENVIRONMENT.txt"
    fi
    "$PLACE/venv/bin/python" -m pip install --no-input --disable-pip-version-check \
        --progress-bar off "$@" > "$PLACE/.pip" 2>&1 || {
        say_why_pip_failed "$PLACE/.pip"
        fail "the packages of ${PLACE##*/} could not be installed: $SAID"
    }
    rm -f -- "$PLACE/.pip"
}

say_why_pip_failed() { # FILE with all it said: the line that matters, in SAID
    # As operations/release/pip_words.py on the control machine.
    SAID=$(sed -n '/^ERROR: Ignored the following/d; s/^ *ERROR: //p' "$1" | head -n 1)
    case $SAID in
    *'No space left'*) df -h -- "${1%/*}" >&2 || : ;;
    'Could not find a version'*)
        VALUE=$(sed -n "s/^WARNING: Retrying .* connection broken by '\\(.*\\)': .*/\\1/p" "$1" | tail -n 1)
        if [ -n "$VALUE" ]; then
            SAID=$(printf '%s\n' "$VALUE" | sed "s/.*\\(\\[Errno [^]]*\\] [^'\")]*\\).*/\\1/")
            SAID="the package index does not answer: $SAID"
        fi
        ;;
    # What a build says is needed to mend it.
    '' | 'Failed to build'* | 'Failed building'* | subprocess-exited* | 'Could not build'*)
        sed '/^ *$/d; /^\[notice\]/d; /^Looking in /d; /^WARNING: Running pip as/d' "$1" | tail -n 12 >&2
        [ -n "$SAID" ] || SAID="pip says why above"
        ;;
    esac
}

drop_other_wheels() { # DIRECTORY, pinned packages on standard input: those of other sets go
    mkdir -p -- "$1/releases/.wheels"
    CANDIDATE=$1/releases/.wheels/.list
    cat > "$CANDIDATE"
    for VALUE in "$1"/releases/.wheels/*.whl; do
        if [ ! -f "$VALUE" ]; then continue; fi
        LOOKED=$(sha256sum < "$VALUE")
        grep -qF "sha256:${LOOKED%% *}" -- "$CANDIDATE" || rm -f -- "$VALUE"
    done
}

list_wheels() { # DIRECTORY SET, pinned packages on standard input, all of which are there
    CANDIDATE=$1/releases/.wheels/.list
    cat > "$CANDIDATE"
    rm -f -- "$1"/releases/.wheels/.*.part
    mv -fT -- "$CANDIDATE" "$1/releases/.wheels/$2.txt"
}

switch_release() { # RECORD PREVIOUS_RECORD DIRECTORY NAME
    [ -f "$3/releases/$4/.cluster-release" ] || fail "there is no release $4 in $3/releases"
    BEFORE=$(readlink -- "$3/current") || BEFORE=
    case $BEFORE in
    "" | "releases/$4") ;;
    *) switch_link "$2" "$3/previous" "$BEFORE" ;;
    esac
    switch_link "$1" "$3/current" "releases/$4"
}

drop_release() { # DIRECTORY NAME
    if [ -f "$1/releases/$2/.cluster-release" ] || [ -f "$1/releases/$2/.cluster-building" ]; then
        # Renamed first, so that half of it is never taken for a release.
        rm -rf -- "$1/releases/.$2.cluster-old" || return 1
        mv -T -- "$1/releases/$2" "$1/releases/.$2.cluster-old" || return 1
    fi
    rm -rf -- "$1/releases/.$2.cluster-old" "$1/releases/.$2.cluster-new" || return 1
    drop_folder "$1/releases" || :
}

drop_releases() { # DIRECTORY
    for VALUE in "$1"/releases/*/.cluster-release "$1"/releases/*/.cluster-building; do
        VALUE=${VALUE%/.cluster-*}
        if [ -d "$VALUE" ]; then drop_release "$1" "${VALUE##*/}"; fi
    done
    rm -rf -- "$1"/releases/.*.cluster-new "$1"/releases/.*.cluster-old \
        "$1/releases/.cache" "$1/releases/.wheels"
    drop_folder "$1/releases" || :
    prune_artifacts "$1"
}

prune_releases() { # DIRECTORY KEEP
    CURRENT=$(readlink -- "$1/current") || CURRENT=
    BEFORE=$(readlink -- "$1/previous") || BEFORE=
    if [ ! -d "$1/releases" ]; then return 0; fi
    rm -rf -- "$1"/releases/.*.cluster-old
    if [ -d "$1/releases/.cache" ]; then
        find "$1/releases/.cache" -type f -mtime +90 -delete || :
    fi
    COUNT=0
    find "$1/releases" -mindepth 2 -maxdepth 2 -name .cluster-release -printf '%T@ %h\n' |
        sort -rn | while read -r _ VALUE; do
        VALUE=${VALUE##*/}
        COUNT=$((COUNT + 1))
        case $VALUE in
        "${CURRENT##*/}" | "${BEFORE##*/}") continue ;;
        esac
        # What cannot be deleted is no reason to take back a release that runs.
        if [ "$COUNT" -gt "$2" ]; then
            drop_release "$1" "$VALUE" || printf 'release %s could not be deleted\n' "$VALUE" >&2
        fi
    done
    prune_artifacts "$1"
}

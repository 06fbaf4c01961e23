# shellcheck shell=sh
# Functions that the fragments of resources share. POSIX sh; few processes, as a fork is dear on a
# slow host.
#
# Whoever emits this sets STATE (what is remembered about the host for good, mode 0700) and
# RUN_DIR (what is remembered for this run, so that it can be taken back). A fragment runs in a
# subshell of its own, so `exit` ends that fragment alone, and variables do not leak.
#
# Each resource has one record name. $STATE/original/RECORD is how things were before the resource
# was first managed; $RUN_DIR/previous/RECORD is how they were before this run. A record is either
# a copy of a file (RECORD,absent says that there was none) or a note: one line of text. Where a
# run is the first to touch a resource, the two are the same: only the original is written, and
# RECORD,first in the run's folder says so.

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

tell() { # TEXT: for whoever watches, while the step goes on; what it printed before goes with it
    [ -z "${MARKER-}" ] || printf '%s\n%s tell 0\n' "$*" "$MARKER"
}

private_folder() { # FOLDER, inside STATE or RUN_DIR, which are private already
    # shellcheck disable=SC2174
    [ -d "$1" ] || mkdir -p -m 0700 -- "$1"
}

is_copied() { # RECORD_PATH
    [ -e "$1" ] || [ -L "$1" ] || [ -e "$1,absent" ]
}

mark_first() { # RECORD: this run is the first to touch it; sets KEPT
    private_folder "$RUN_DIR/previous"
    private_folder "$STATE/original"
    : > "$RUN_DIR/previous/$1,first"
    KEPT=$STATE/original/$1
}

is_first() { # RECORD
    [ -e "$RUN_DIR/previous/$1,first" ]
}

keep_copy() { # RECORD PATH: remembers PATH before it is changed
    if is_copied "$STATE/original/$1"; then
        KEPT=$RUN_DIR/previous/$1
        if is_first "$1" || is_copied "$KEPT"; then return 0; fi
        private_folder "$RUN_DIR/previous"
    else
        mark_first "$1"
    fi
    set_aside "$KEPT" "$2"
}

set_aside() { # RECORD_PATH PATH: renamed into place, so that half a copy never counts as one
    if [ -e "$2" ] || [ -L "$2" ]; then
        cp -a -- "$2" "$1,new" || {
            rm -f -- "$1,new"
            fail "$2: could not be set aside in ${1%/*}, so it was left as it is"
        }
        mv -fT -- "$1,new" "$1"
    else
        : > "$1,absent"
    fi
}

candidate_of() { # PATH: sets CANDIDATE, always the same name beside it, so that nothing piles up
    CANDIDATE=${1%/*}/.${1##*/}.cluster-new
}

put_copy() { # RECORD_PATH PATH: makes PATH what the record says; nothing where there is none
    candidate_of "$2"
    if [ -e "$1,absent" ]; then
        rm -f -- "$2" "$CANDIDATE"
    elif [ -e "$1" ] || [ -L "$1" ]; then
        trap drop_candidate EXIT
        rm -f -- "$CANDIDATE"
        cp -a -- "$1" "$CANDIDATE"
        mv -fT -- "$CANDIDATE" "$2"
    fi
}

put_back() { # RECORD PATH: as it was before this run
    if is_first "$1"; then
        put_original "$1" "$2"
    else
        put_copy "$RUN_DIR/previous/$1" "$2"
    fi
}

put_original() { # RECORD PATH: as it was before it was first managed
    put_copy "$STATE/original/$1" "$2"
    forget "$1"
}

had_original() { # RECORD: there was something before it was first managed
    [ -e "$STATE/original/$1" ] || [ -L "$STATE/original/$1" ]
}

show_original() { # RECORD PATH: as put_original, but the record stays
    put_copy "$STATE/original/$1" "$2"
}

forget() { # RECORD: from now on the resource counts as never managed
    set -- "$STATE/original/$1" "$RUN_DIR/previous/$1,first"
    if is_copied "$1" || [ -e "$2" ]; then rm -f -- "$1" "$1,absent" "$2"; fi
}

forget_if_first() { # RECORD: ends the undoing of what was noted
    if is_first "$1"; then forget "$1"; fi
}

read_note() { # RECORD_PATH: sets NOTE; fails where there is none. A cut note has no newline
    NOTE=
    [ -f "$1" ] && IFS= read -r NOTE < "$1"
}

keep_note() { # RECORD TEXT: remembers one line before something is changed
    if read_note "$STATE/original/$1"; then
        KEPT=$RUN_DIR/previous/$1
        if is_first "$1" || read_note "$KEPT"; then return 0; fi
        private_folder "$RUN_DIR/previous"
    else
        mark_first "$1"
    fi
    printf '%s\n' "$2" > "$KEPT" || fail "could not note the state before in ${KEPT%/*}"
}

original_note() { # RECORD: sets NOTE; fails where the resource was never changed
    read_note "$STATE/original/$1"
}

unkeep_note() { # RECORD: nothing was changed after all
    if is_first "$1"; then forget "$1"; else rm -f -- "$RUN_DIR/previous/$1"; fi
}

previous_note() { # RECORD: sets NOTE; fails where this run did not change the resource
    if is_first "$1"; then
        read_note "$STATE/original/$1"
    else
        read_note "$RUN_DIR/previous/$1"
    fi
}

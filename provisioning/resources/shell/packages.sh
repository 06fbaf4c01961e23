# shellcheck shell=sh
# Functions of fragments: packages.

look_at_packages() { # POLICY NAME...
    if is_our_policy "$1"; then printf 'held\n'; fi
    shift
    LOOKED=0
    # Status 1: some are not known, which is said of each by its absence.
    # shellcheck disable=SC2016 # dpkg-query's own variables
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' -- "$@" || LOOKED=$?
    [ "$LOOKED" -le 1 ] || fail "dpkg-query does not work here; is this a Debian host?"
}

is_our_policy() { # POLICY
    [ -f "$1" ] && { read -r _ && read -r LOOKED; } < "$1" &&
        [ "${LOOKED#*cosyvoice-cluster holds}" != "$LOOKED" ]
}

started_at() { # PID: sets STARTED, which with the number names a process for good (proc(5))
    IFS= read -r STARTED < "/proc/$1/stat"
    # shellcheck disable=SC2086 # split on purpose
    set -- ${STARTED##*) }
    STARTED=${20}
}

hold_services() { # POLICY: no package starts a service until release_services
    if ! is_our_policy "$1"; then
        rm -f -- "$STATE/policy" "$STATE/policy,absent"
        set_aside "$STATE/policy" "$1"
    fi
    started_at $$
    candidate_of "$1"
    trap drop_candidate EXIT
    cat > "$CANDIDATE" <<POLICY
#!/bin/sh
# cosyvoice-cluster holds services back while process $$ installs their packages. Where that one
# was killed, this file only stands for the one that was here before.
if [ -r /proc/$$/stat ] && IFS= read -r stat < /proc/$$/stat; then
    name=\$1 action=\$2
    set -- \${stat##*) }
    [ "\${20}" != $STARTED ] || exit 101
    set -- "\$name" "\$action"
fi
[ ! -x '$STATE/policy' ] || exec '$STATE/policy' "\$@"
exit 0
POLICY
    chmod 755 "$CANDIDATE"
    mv -fT -- "$CANDIDATE" "$1"
}

release_services() { # POLICY
    if is_our_policy "$1"; then
        if is_copied "$STATE/policy"; then put_copy "$STATE/policy" "$1"; else rm -f -- "$1"; fi
        rm -f -- "$STATE/policy" "$STATE/policy,absent"
    fi
}

install_packages() { # POLICY NAME...
    POLICY=$1
    shift
    hold_services "$POLICY"
    trap 'release_services "$POLICY"' EXIT
    # needrestart would restart services by itself.
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
    if ! apt_install "$@"; then
        fail_where_trying_again_is_vain "$SAID"
        # The lists may be missing or old, or dpkg was cut in an earlier run.
        SAID=$(dpkg --force-confdef --force-confold --configure -a 2>&1) ||
            fail_where_trying_again_is_vain "$SAID"
        tell "fetch the lists of packages"
        UPDATED=$(apt-get -q -o DPkg::Lock::Timeout=300 update 2>&1) || fail_as_apt "$UPDATED"
        # Indexes that could not be fetched are a warning to it.
        apt_install "$@" || fail_as_apt "$UPDATED
$SAID"
    fi
}

fail_where_trying_again_is_vain() { # TEXT of apt or dpkg
    case $1 in
    *'Could not get lock'* | *'lock was locked by'* | *'lock is locked by'*)
        LOOKED=$(printf '%s\n' "$1" | sed -n \
            's/.*[Hh]eld by process \([0-9]* ([^)]*)\).*/\1/p; s/.*with pid \([0-9]*\).*/\1/p' | tail -n 1)
        fail "another program is installing packages${LOOKED:+ (process $LOOKED)}: let it finish, then run this again"
        ;;
    *'enough free space'* | *'No space left'* | *'no space left'*)
        LOOKED=$(df -h --output=avail,target /var/cache/apt | tail -n 1)
        # shellcheck disable=SC2086 # blanks are cut on purpose
        set -- $LOOKED
        fail "the disk is full ($1 left on $2): make room, for example with apt-get clean, then run this again"
        ;;
    esac
}

fail_as_apt() { # TEXT: with the one thing to do about it, where that is known
    fail_where_trying_again_is_vain "$1"
    case $1 in
    *'is not valid yet'*)
        fail "the clock is behind, so the mirror's lists are of the future: it shows $(date -u '+%F %T') UTC; set it, for example with timedatectl set-ntp true"
        ;;
    *'Failed to fetch'* | *'Could not connect'* | *'Could not resolve'*)
        # Not head(1), which may end before all is written, and that would be said here too.
        printf '%s\n' "$1" | sed -n 's/^[EW]: *\(Failed to fetch\)/\1/p' | sed -n 1p >&2
        fail "packages could not be fetched; does the host reach its mirror?"
        ;;
    *'Unable to locate package'*)
        printf '%s\n' "$1" | sed -n 's/^E: //p' >&2
        fail "its mirror does not have that; look at /etc/apt/sources.list and sources.list.d"
        ;;
    esac
    printf '%s\n' "$1" | grep -v '^\(Reading\|Building\|Get:\|Hit:\|Ign:\|Fetched\|$\)' | tail -n 12 >&2
    fail "apt could not install them and says why above"
}

apt_install() { # NAME...: all that apt says in SAID; tells meanwhile how far it is
    exec 5>&1
    SAID=$(
        exec 6>&1
        {
            apt-get -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
                -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
                -o APT::Status-Fd=3 install -- "$@" >&6 2>&1 3>&7 5>&- 6>&- 7>&-
            printf 'status %s' "$?" >&6
        } 7>&1 | tell_how_far >&5 6>&-
    )
    exec 5>&-
    [ "${SAID##*status }" = 0 ] || return 1
}

tell_how_far() { # apt's status lines on standard input, KIND:PACKAGE:PERCENT:TEXT
    TOLD=
    while IFS=: read -r KIND _ PERCENT _; do
        case $KIND in
        dlstatus) VALUE=fetched ;;
        pmstatus) VALUE=installed ;;
        *) continue ;;
        esac
        PERCENT=${PERCENT%%.*}
        [ "$VALUE ${PERCENT%?}" != "$TOLD" ] || continue
        TOLD="$VALUE ${PERCENT%?}"
        tell "packages: $PERCENT % $VALUE"
    done
}

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
    if ! SAID=$(apt_install "$@" 2>&1); then
        # The lists may be missing or old, or dpkg was cut in an earlier run.
        dpkg --force-confdef --force-confold --configure -a >&2 || :
        apt-get -q -o DPkg::Lock::Timeout=300 update >&2 || {
            printf '%s\n' "$SAID" >&2
            fail "the lists of packages could not be fetched; does the host reach its mirror?"
        }
        apt_install "$@" >&2
    fi
}

apt_install() { # NAME...
    apt-get -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install -- "$@"
}

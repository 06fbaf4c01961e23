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
    *'Unable to locate package'* | *'unmet dependencies'* | *'has no installation candidate'* | *'pkgProblemResolver'*)
        if [ -n "${BROUGHT:-}" ]; then
            printf '%s\n' "$1" | sed -n 's/^ *\(.*: Depends: \)/\1/p; s/^E: //p' | tail -n 4 >&2
            fail "the bundle does not go with what is installed here (newer packages, say); make it anew with cluster bundle create"
        fi
        ;;
    esac
    case $1 in
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

# Packages of a bundle lie in a folder, which is a mirror to apt: with an index, without signatures,
# as everything in it was checked against the bundle's manifest when it came.

host_distribution() { # sets DISTRIBUTION: ID-CODENAME-ARCHITECTURE, as os-release(5) has them
    DISTRIBUTION=$(
        ID='' VERSION_CODENAME=''
        # shellcheck source=/dev/null
        if [ -r /etc/os-release ]; then . /etc/os-release; fi
        printf '%s-%s' "$ID" "$VERSION_CODENAME"
    )-$(dpkg --print-architecture)
}

are_installed() { # NAME...
    # shellcheck disable=SC2016 # dpkg-query's own variables
    LOOKED=$(dpkg-query -W -f '${db:Status-Status}\n' -- "$@" 2> /dev/null | grep -cx installed) || :
    [ "$LOOKED" = "$#" ]
}

in_bundle() { # DISTRIBUTIONS NAME...: fails where some are not installed and the bundle has none
    VALUE=$1
    shift
    if are_installed "$@"; then return 0; fi
    host_distribution
    case " $VALUE " in
    *" $DISTRIBUTION "*) ;;
    *)
        printf 'it is %s, and the bundle is for %s\n' "$DISTRIBUTION" "${VALUE:-none}"
        return 1
        ;;
    esac
}

room_for_packages() { # NAME..., lines DISTRIBUTION NAME BYTES on standard input
    if are_installed "$@"; then return 0; fi
    host_distribution
    # shellcheck disable=SC2016 # dpkg-query's own variables, and awk's
    COUNT=$({
        dpkg-query -W -f '${db:Status-Status} - ${Package}\n'
        cat
    } | awk -v ours="$DISTRIBUTION" '
        $2 == "-" { if ($1 == "installed") there[$3] = 1; next }
        $1 == ours && !($2 in there) { bytes += $3 }
        END { printf "%.0f\n", bytes / 1000000 + 1 }')
    for LOOKED in /var/lib /usr; do
        VALUE=$(df -B1000000 --output=avail -- "$LOOKED" | tail -n 1)
        [ "$COUNT" -le "$VALUE" ] || {
            printf 'it needs %s MB for them, and %s has %s MB\n' "$COUNT" "$LOOKED" "${VALUE##* }"
            return 1
        }
    done
}

fits_python() { # KIND FOUND: wheels for a release of Python fit those after it
    PY=${1%%-*} FOUND_PY=${2%%-*}
    [ "${1#*-}" = "${2#*-}" ] || return 1
    # Bundles of older programs say py3.11, and mean any release of it.
    case $PY in *.*.*) ;; *) PY=$PY.0 ;; esac
    [ "${PY%.*}" = "${FOUND_PY%.*}" ] && [ "${PY##*.}" -le "${FOUND_PY##*.}" ]
}

python_in_bundle() { # DIRECTORY RELEASE PYTHON 'KIND BYTES'...
    if [ -f "$1/releases/$2/.cluster-release" ] || [ ! -x "$3" ]; then return 0; fi
    FOUND=$("$3" -I -S -c 'import platform, sys
libc, version = platform.libc_ver()
kind = "py%d.%d.%d" % sys.version_info[:3], platform.machine(), libc + ".".join(version.split(".")[:2])
print("-".join(kind))')
    PLACE=$1
    shift 3
    for VALUE; do
        fits_python "${VALUE% *}" "$FOUND" || continue
        while [ ! -d "${PLACE:-/}" ]; do PLACE=${PLACE%/*}; done
        LOOKED=$(df -B1 --output=avail -- "${PLACE:-/}" | tail -n 1)
        [ "${VALUE#* }" -le "$LOOKED" ] || {
            printf 'it needs %s MB for them, and there are %s MB\n' \
                "$((${VALUE#* } / 1000000 + 1))" "$((LOOKED / 1000000))"
            return 1
        }
        return 0
    done
    printf 'it has %s, and the bundle is for %s\n' "$FOUND" "$(printf '%s\n' "$@" | cut -d ' ' -f 1 | paste -sd ' ')"
    return 1
}

index_packages() { # FOLDER SHA256, the index gzipped and in base64 on standard input
    # shellcheck disable=SC2174
    [ -d "$STATE" ] || mkdir -p -m 0700 -- "$STATE"
    private_folder "$1"
    base64 -d | gzip -dc > "$1/Packages.new" || fail "the index of packages could not be written to $1"
    FOUND=$(sha256sum < "$1/Packages.new")
    [ "${FOUND%% *}" = "$2" ] || fail "the index of packages arrived damaged; run this again"
    mv -fT -- "$1/Packages.new" "$1/Packages"
    printf 'deb [trusted=yes] file:%s ./\n' "$1" > "$1/sources.list"
    # Neither the host's mirrors nor its preferences have a say; its own account for fetching may
    # not look into this folder.
    cat > "$1/apt.conf" <<CONF
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$1/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$1/lists";
Dir::Cache "$1/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
CONF
    mkdir -p -- "$1/lists/partial" "$1/cache/archives/partial"
    use_brought_packages "$1"
    SAID=$(apt-get -q update 2>&1) || {
        printf '%s\n' "$SAID" | tail -n 4 >&2
        fail "apt cannot read the index of packages"
    }
}

use_brought_packages() { # FOLDER: apt knows nothing else
    BROUGHT=$1
    APT_CONFIG=$1/apt.conf
    export APT_CONFIG
}

lacking_packages() { # FOLDER NAME...: a line NAME VERSION for each that an installation would add
    use_brought_packages "$1"
    shift
    SAID=$(apt-get -q --no-install-recommends --simulate install -- "$@" 2>&1) || fail_as_apt "$SAID"
    printf '%s\n' "$SAID" | sed -n 's/^Inst \([^ :]*\)[^ ]* \(\[[^]]*\] \)\{0,1\}(\([^ ]*\) .*/\1 \3/p'
}

brought_packages() { # FOLDER: a line SIZE FILE for each that is there or on its way
    find "$1" -maxdepth 1 -type f '(' -name '*.deb' -o -name '.*.part' ')' -printf '%s %f\n'
}

receive_package() { # FOLDER FILE OFFSET SIZE SHA256, a piece in base64 on standard input
    if [ -f "$1/$2" ]; then return 0; fi
    PLACE=$1/.$2.part
    [ "$3" = 0 ] && : > "$PLACE"
    [ "$(stat -c %s -- "$PLACE")" = "$3" ] || fail "$2 is not as far as it was; run this again"
    base64 -d >> "$PLACE" || fail "$2 could not be written to $1: $(df -h --output=avail -- "$1" | tail -n 1) left"
    if [ "$(stat -c %s -- "$PLACE")" -lt "$4" ]; then return 0; fi
    FOUND=$(sha256sum < "$PLACE")
    if [ "${FOUND%% *}" != "$5" ]; then
        rm -f -- "$PLACE"
        fail "$2 arrived with another checksum; check the bundle with cluster bundle verify, then run this again"
    fi
    mv -fT -- "$PLACE" "$1/$2"
}

drop_brought_packages() { # FOLDER
    rm -rf -- "$1"
}

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

private_folder() { # FOLDER, inside STATE or RUN_DIR, which are private already
    # shellcheck disable=SC2174
    [ -d "$1" ] || mkdir -p -m 0700 -- "$1"
}

# --- records ------------------------------------------------------------------------------------

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

# --- files, links and folders -------------------------------------------------------------------

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

# --- kernel parameters --------------------------------------------------------------------------

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

# --- addresses ----------------------------------------------------------------------------------

look_at_address() { # INTERFACE
    if [ -e "/sys/class/net/$1" ]; then
        printf 'interface\n'
        exec ip -o address show dev "$1"
    fi
    printf 'missing\n'
    for LOOKED in /sys/class/net/*; do printf '%s\n' "${LOOKED##*/}"; done
}

bind_address() { # ADDRESS INTERFACE
    case $1 in
    *:*) ip address replace "$1" dev "$2" nodad ;;
    *) ip address replace "$1" dev "$2" ;;
    esac
}

set_address() { # RECORD BEFORE ADDRESS INTERFACE [OTHER...]: OTHER is the same, prefixed wrongly
    keep_note "$1" "$2"
    bind_address "$3" "$4"
    INTERFACE=$4
    shift 4
    for VALUE; do drop_address "$VALUE" "$INTERFACE"; done
}

revert_address() { # ADDRESS INTERFACE, and what was bound before in NOTE
    case " $NOTE " in
    " absent ") drop_address "$1" "$2" ;;
    *" $1 "*) bind_address "$1" "$2" ;;
    *)
        for VALUE in $NOTE; do bind_address "$VALUE" "$2"; done
        drop_address "$1" "$2"
        ;;
    esac
}

drop_address() { # ADDRESS INTERFACE
    [ -e "/sys/class/net/$2" ] || return 0
    case $(ip -o address show dev "$2") in
    *" $1 "*) ip address del "$1" dev "$2" ;;
    esac
}

# --- kernel modules -----------------------------------------------------------------------------

look_at_modules() { # NAME...: those loaded on one line, then modules.builtin if any is not
    MISSING=no
    for VALUE; do
        if [ -d "/sys/module/$VALUE" ]; then printf '%s ' "$VALUE"; else MISSING=yes; fi
    done
    printf '\n'
    if [ "$MISSING" = no ]; then return 0; fi
    # A built-in one without parameters is not in /sys/module.
    LOOKED=/lib/modules/$(uname -r)/modules.builtin
    if [ -f "$LOOKED" ]; then exec cat "$LOOKED"; fi
}

load_modules() { # RECORD NAME...
    KEPT=$1
    shift
    keep_note "$KEPT" "$*"
    modprobe -a -- "$@" || fail "could not load $*; does the running kernel have its modules installed?"
}

unload_modules() { # those in NOTE, the last first, where nothing uses them
    while [ -n "$NOTE" ]; do
        modprobe -r -- "${NOTE##* }" 2> /dev/null || :
        case $NOTE in
        *" "*) NOTE=${NOTE% *} ;;
        *) NOTE= ;;
        esac
    done
}

# --- packages -----------------------------------------------------------------------------------

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

# --- mounts -------------------------------------------------------------------------------------

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
    timeout 120 mount -T "$1" -- "$2" || fail "$2: could not be mounted"
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

# --- accounts -----------------------------------------------------------------------------------

look_at_user() { # NAME
    getent passwd "$1" || { printf 'absent\n'; return 0; }
    # Fails where a group has no name, which its number among the names tells.
    id -Gn -- "$1" 2> /dev/null || :
}

make_user() { # RECORD NAME HOME GROUPS
    if getent passwd "$2" > /dev/null; then return 0; fi
    keep_note "$1" absent
    USER_GROUP=--user-group
    if getent group "$2" > /dev/null; then USER_GROUP="--no-user-group --gid $2"; fi
    # shellcheck disable=SC2086 # options, split on purpose
    useradd --system $USER_GROUP --home-dir "$3" --no-create-home \
        --shell /usr/sbin/nologin --groups "$4" -- "$2"
}

complete_user() { # NAME GID
    groupadd --system --gid "$2" -- "$1"
    pwconv
    grpconv
}

add_to_groups() { # RECORD NAME GROUPS
    keep_note "$1" "groups $3"
    usermod --append --groups "$3" -- "$2"
}

revert_user() { # NAME, and how it was in NOTE
    if ! getent passwd "$1" > /dev/null; then return 0; fi
    case $NOTE in
    absent) userdel -- "$1" ;;
    "groups "*)
        NOTE=${NOTE#groups },
        while [ -n "$NOTE" ]; do
            gpasswd --delete "$1" "${NOTE%%,*}" > /dev/null || :
            NOTE=${NOTE#*,}
        done
        ;;
    esac
}

# --- releases -----------------------------------------------------------------------------------
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
        --progress-bar off "$@" >&2 || {
        df -h -- "$PLACE" >&2 || :
        fail "the packages of ${PLACE##*/} could not be installed"
    }
}

take_wheel() { # DIRECTORY NAME SHA256 SHARED: prints "there", or how many bytes of it are
    if [ -f "$1/releases/.wheels/$2" ]; then
        printf 'there\n'
        return 0
    fi
    mkdir -p -- "$1/releases/.wheels"
    if [ -n "$4" ] && shares_wheels "$4" && [ -f "$4/.cluster-wheels/$2" ] &&
        [ ! -L "$4/.cluster-wheels/$2" ] &&
        timeout -s KILL 600 cp -- "$4/.cluster-wheels/$2" "$1/releases/.wheels/.$2.part" &&
        is_wheel_right "$1/releases/.wheels/.$2.part" "$3"; then
        # Anybody who writes there could have put it, so the checksum says whether it is ours.
        mv -fT -- "$1/releases/.wheels/.$2.part" "$1/releases/.wheels/$2"
        printf 'there\n'
        return 0
    fi
    stat -c %s -- "$1/releases/.wheels/.$2.part" 2> /dev/null || printf '0\n'
}

shares_wheels() { # FOLDER: whether it is mounted, and its server answers
    is_mounted "$1" && timeout -s KILL 10 stat -f -- "$1" > /dev/null
}

is_wheel_right() { # FILE SHA256
    LOOKED=$(sha256sum < "$1")
    [ "${LOOKED%% *}" = "$2" ] || { rm -f -- "$1" && return 1; }
}

add_to_wheel() { # DIRECTORY NAME OFFSET, a piece of it in base64 on standard input
    CANDIDATE=$1/releases/.wheels/.$2.part
    truncate -s "$3" -- "$CANDIDATE"
    base64 -d >> "$CANDIDATE" || {
        df -h -- "$1" >&2 || :
        fail "$2 could not be written in $1/releases/.wheels"
    }
}

finish_wheel() { # DIRECTORY NAME SHA256
    CANDIDATE=$1/releases/.wheels/.$2.part
    is_wheel_right "$CANDIDATE" "$3" || fail "$2 did not arrive as it was sent; run this again"
    sync -- "$CANDIDATE"
    mv -fT -- "$CANDIDATE" "$1/releases/.wheels/$2"
}

list_wheels() { # DIRECTORY SET, pinned packages on standard input: those of other sets go
    CANDIDATE=$1/releases/.wheels/.list
    cat > "$CANDIDATE"
    for VALUE in "$1"/releases/.wheels/*.whl; do
        LOOKED=$(sha256sum < "$VALUE")
        grep -qF "sha256:${LOOKED%% *}" -- "$CANDIDATE" || rm -f -- "$VALUE"
    done
    rm -f -- "$1"/releases/.wheels/.*.part
    mv -fT -- "$CANDIDATE" "$1/releases/.wheels/$2.txt"
}

share_wheels() { # DIRECTORY SHARED: best effort, as they can be brought to each host as well
    shares_wheels "$2" || return 0
    # The app writes in that folder too: a link that it left there is not followed as root.
    rm -rf -- "$2/.cluster-wheels" 2> /dev/null || return 0
    mkdir -- "$2/.cluster-wheels" 2> /dev/null || return 0
    for VALUE in "$1"/releases/.wheels/*.whl; do
        timeout -s KILL 600 cp --remove-destination -- "$VALUE" "$2/.cluster-wheels/" || return 0
    done
}

unshare_wheels() { # SHARED
    shares_wheels "$1" || return 0
    rm -rf -- "$1/.cluster-wheels"
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
}

# --- supervisor ---------------------------------------------------------------------------------
# supervisorctl is a Python program that takes seconds on a slow host; the daemon's own XML-RPC
# socket answers in milliseconds (http://supervisord.org/api.html).

supervisor_call() { # SOCKET METHOD [STRING...]: prints the answer; 7: nobody listens
    SOCKET=$1
    CALL="<?xml version='1.0'?><methodCall><methodName>supervisor.$2</methodName><params>"
    shift 2
    for VALUE; do
        CALL="$CALL<param><value><string>$VALUE</string></value></param>"
    done
    CALL="$CALL</params></methodCall>"
    [ -S "$SOCKET" ] || return 7
    if command -v curl > /dev/null; then
        curl -q -sS -f --noproxy '*' --max-time 180 --unix-socket "$SOCKET" \
            -H 'Content-Type: text/xml' --data-binary "$CALL" http://localhost/RPC2
    else
        # Supervisor itself is written in Python, so there is one.
        python3 -I -S -c '
import socket, sys
body = sys.argv[2].encode()
peer = socket.socket(socket.AF_UNIX)
peer.settimeout(180)
try:
    peer.connect(sys.argv[1])
except OSError:
    sys.exit(7)
peer.sendall(b"POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\n"
             b"Content-Length: %d\r\n\r\n" % len(body) + body)
head, _, answer = b"".join(iter(lambda: peer.recv(65536), b"")).partition(b"\r\n\r\n")
status = head.split(b"\r\n")[0]
if b" 200 " not in status:
    sys.exit("supervisord answered " + status.decode("ascii", "replace"))
sys.stdout.buffer.write(answer)
' "$SOCKET" "$CALL"
    fi
}

rpc_member() { # ANSWER NAME: sets MEMBER to the text of a member of a structure
    MEMBER=${1#*"<name>$2</name>"}
    [ "$MEMBER" != "$1" ] || fail "supervisord gave no $2: $1"
    MEMBER=${MEMBER#*"<value><"*">"}
    MEMBER=${MEMBER%%"</"*}
}

supervisor_ask() { # as supervisor_call: sets ANSWER; fails with the daemon's own words
    ANSWER=$(supervisor_call "$@") || fail "supervisord does not answer at $1"
    case $ANSWER in
    *"<fault>"*)
        rpc_member "$ANSWER" faultString
        shift
        fail "supervisord refuses $*: $MEMBER"
        ;;
    esac
}

supervisord_answers() { # SOCKET: quietly, as a daemon that is down is no error here
    supervisor_call "$1" getState > /dev/null 2>&1
}

look_at_supervisord() { # SOCKET
    LOOKED=0
    ANSWER=$(supervisor_call "$1" getState 2>&1) || LOOKED=$?
    case $LOOKED in
    0) printf 'running\n' ;;
    7) printf 'down\n' ;;
    *) fail "supervisord does not answer at $1: $ANSWER" ;;
    esac
}

start_supervisord() { # RECORD SOCKET CONFIG
    if supervisord_answers "$2"; then return 0; fi
    keep_note "$1" down
    command -v supervisord > /dev/null || fail "there is no supervisord; is its package installed?"
    # What it runs must not see this script's environment.
    env -i PATH="$PATH" LANG=C.UTF-8 supervisord -c "$3" ||
        fail "supervisord does not start with $3"
    TRIES=0
    until supervisord_answers "$2"; do
        TRIES=$((TRIES + 1))
        [ "$TRIES" -lt 100 ] || fail "supervisord started with $3 but does not answer at $2"
        sleep 0.3
    done
}

stop_supervisord() { # SOCKET: with everything it runs
    if supervisord_answers "$1"; then supervisor_ask "$1" shutdown; fi
    TRIES=0
    while supervisord_answers "$1"; do
        TRIES=$((TRIES + 1))
        [ "$TRIES" -lt 200 ] || fail "supervisord at $1 does not end"
        sleep 0.3
    done
}

supervisor_look() { # SOCKET NAME: sets PROCESS (down, absent or supervisor's word), PID, EXIT, LOG
    PROCESS=down PID=0 EXIT=0 LOG=
    LOOKED=0
    ANSWER=$(supervisor_call "$1" getProcessInfo "$2") || LOOKED=$?
    case $LOOKED in
    0) ;;
    7) return 0 ;;
    *) fail "supervisord does not answer at $1" ;;
    esac
    case $ANSWER in
    *"BAD_NAME: $2<"*) PROCESS=absent ;;
    *"<fault>"*)
        rpc_member "$ANSWER" faultString
        fail "supervisord: $MEMBER"
        ;;
    *)
        rpc_member "$ANSWER" statename
        PROCESS=$MEMBER
        rpc_member "$ANSWER" pid
        PID=$MEMBER
        rpc_member "$ANSWER" exitstatus
        EXIT=$MEMBER
        rpc_member "$ANSWER" stdout_logfile
        LOG=$MEMBER
        rpc_member "$ANSWER" stderr_logfile
        if [ -s "$MEMBER" ]; then LOG=$MEMBER; fi
        ;;
    esac
}

supervisor_settle() { # SOCKET NAME: as supervisor_look, once a stop under way has ended
    while supervisor_look "$1" "$2" && [ "$PROCESS" = STOPPING ]; do sleep 0.3; done
}

supervisor_take_up() { # SOCKET NAME: what its configuration file says now; sets REPLACED
    supervisor_ask "$1" reloadConfig
    ADDED=${ANSWER%%"</data></array>"*}
    CHANGED=${ANSWER#*"</data></array>"}
    REMOVED=${CHANGED#*"</data></array>"}
    CHANGED=${CHANGED%%"</data></array>"*}
    REMOVED=${REMOVED%%"</data></array>"*}
    REPLACED=no
    case $REMOVED in
    *"<string>$2</string>"*) fail "$2: supervisord's configuration has no such program any more" ;;
    esac
    case $CHANGED in
    *"<string>$2</string>"*)
        REPLACED=yes
        supervisor_ask "$1" stopProcessGroup "$2"
        supervisor_ask "$1" removeProcessGroup "$2"
        supervisor_ask "$1" addProcessGroup "$2"
        ;;
    esac
    case $ADDED in
    *"<string>$2</string>"*)
        REPLACED=yes
        supervisor_ask "$1" addProcessGroup "$2"
        ;;
    esac
}

supervisor_await() { # SOCKET NAME ONESHOT: until it is up, or has ended well
    TRIES=0
    while :; do
        supervisor_look "$1" "$2"
        case $PROCESS:$3:$EXIT in
        RUNNING:*) return 0 ;;
        EXITED:yes:0) return 0 ;;
        EXITED:yes:*) break ;;
        FATAL:* | absent:* | down:*) break ;;
        # Short-lived states of a program that supervisord is about to start.
        EXITED:* | STOPPED:*) [ "$TRIES" -lt 10 ] || break ;;
        esac
        TRIES=$((TRIES + 1))
        [ "$TRIES" -lt 200 ] || break
        sleep 0.3
    done
    if [ -f "$LOG" ]; then tail -n 8 -- "$LOG" >&2 || :; fi
    case $PROCESS in
    absent) fail "$2: supervisord's configuration has no such program" ;;
    EXITED) fail "$2: ended with status $EXIT instead of running on" ;;
    *) fail "$2: supervisord says $PROCESS instead of RUNNING" ;;
    esac
}

supervisor_start() { # SOCKET NAME ONESHOT
    supervisor_take_up "$1" "$2"
    supervisor_bring_up "$1" "$2" "$3"
}

supervisor_bring_up() { # SOCKET NAME ONESHOT, after supervisor_take_up
    supervisor_settle "$1" "$2"
    case $PROCESS:$REPLACED in
    # Before it answers another call the daemon starts what it was told to add (autostart), and a
    # one-shot program may have ended already.
    RUNNING:* | STARTING:* | BACKOFF:* | EXITED:yes | FATAL:yes) ;;
    # Whether it came up is seen below; a fault here (already started) says less.
    *) supervisor_call "$1" startProcess "$2" > /dev/null || : ;;
    esac
    supervisor_await "$1" "$2" "$3"
}

supervisor_stop() { # SOCKET NAME
    supervisor_settle "$1" "$2"
    case $PROCESS in
    RUNNING | STARTING | BACKOFF) supervisor_ask "$1" stopProcess "$2" ;;
    esac
}

supervisor_drop() { # SOCKET NAME: stops it and makes the daemon forget it
    supervisor_stop "$1" "$2"
    case $PROCESS in
    absent | down) ;;
    *) supervisor_ask "$1" removeProcessGroup "$2" ;;
    esac
}

supervisor_revert() { # SOCKET NAME, and its state before in NOTE
    case $NOTE in
    down | absent) supervisor_drop "$1" "$2" ;;
    STOPPED | STOPPING | EXITED | FATAL | UNKNOWN) supervisor_stop "$1" "$2" ;;
    esac
}

supervisor_reload() { # SOCKET NAME: HUP, and see that it lives through it
    supervisor_settle "$1" "$2"
    case $PROCESS in
    absent | down | STOPPED) return 0 ;;
    # It was meant to run and fell over, perhaps of what this run has just taken back.
    FATAL | EXITED)
        supervisor_start "$1" "$2" no
        return 0
        ;;
    STARTING | BACKOFF) supervisor_await "$1" "$2" no ;;
    esac
    BEFORE=$PID
    supervisor_ask "$1" signalProcess "$2" HUP
    sleep 1
    supervisor_look "$1" "$2"
    if [ "$PROCESS" != RUNNING ] || [ "$PID" != "$BEFORE" ]; then
        if [ -f "$LOG" ]; then tail -n 8 -- "$LOG" >&2 || :; fi
        fail "$2: did not live through its reload (was process $BEFORE, now $PROCESS $PID)"
    fi
}

supervisor_restart() { # SOCKET NAME ONESHOT
    supervisor_settle "$1" "$2"
    case $PROCESS in
    # Stopped on purpose, unless by an earlier try of this very run.
    absent | down | STOPPED) [ -e "$RUN_DIR/restart.$2" ] || return 0 ;;
    esac
    : > "$RUN_DIR/restart.$2"
    supervisor_take_up "$1" "$2"
    if [ "$REPLACED" = no ]; then supervisor_stop "$1" "$2"; fi
    supervisor_bring_up "$1" "$2" "$3"
}

# --- systemd ------------------------------------------------------------------------------------

systemd_look() { # NAME: sets LOADED, ACTIVE and PID
    LOADED=unknown ACTIVE=unknown PID=0
    LOOKED=$(systemctl show -p LoadState,ActiveState,MainPID -- "$1")
    squeeze "$LOOKED"
    for VALUE in $SQUEEZED; do
        case $VALUE in
        LoadState=*) LOADED=${VALUE#*=} ;;
        ActiveState=*) ACTIVE=${VALUE#*=} ;;
        MainPID=*) PID=${VALUE#*=} ;;
        esac
    done
}

systemd_stays() { # NAME: active now and a moment later
    sleep 1
    systemd_look "$1"
    [ "$ACTIVE" = active ] || {
        journalctl -u "$1" -n 8 --no-pager -o cat >&2 || :
        fail "$1: systemd says $ACTIVE instead of active"
    }
}

systemd_start() { # NAME
    systemctl daemon-reload
    systemctl --quiet enable -- "$1"
    systemctl start -- "$1"
    systemd_stays "$1"
}

systemd_revert() { # NAME, and how it was before in NOTE
    systemd_look "$1"
    if [ "$LOADED" = not-found ]; then return 0; fi
    case $NOTE in
    *" disabled") systemctl --quiet disable -- "$1" ;;
    esac
    case $NOTE in
    "inactive "*) systemctl stop -- "$1" ;;
    esac
}

systemd_reload() { # NAME
    systemd_look "$1"
    case $ACTIVE in
    active | reloading) ;;
    failed)
        systemd_start "$1"
        return 0
        ;;
    *) return 0 ;;
    esac
    BEFORE=$PID
    systemctl daemon-reload
    systemctl reload -- "$1"
    systemd_stays "$1"
    [ "$PID" = "$BEFORE" ] || fail "$1: did not live through its reload"
}

systemd_restart() { # NAME
    systemd_look "$1"
    if [ "$ACTIVE" = inactive ] && [ ! -e "$RUN_DIR/restart.$1" ]; then return 0; fi
    : > "$RUN_DIR/restart.$1"
    systemctl daemon-reload
    systemctl restart -- "$1"
    systemd_stays "$1"
}

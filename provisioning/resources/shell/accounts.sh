# shellcheck shell=sh
# Functions of fragments: accounts.

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

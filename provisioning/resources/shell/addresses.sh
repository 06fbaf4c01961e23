# shellcheck shell=sh
# Functions of fragments: addresses.

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

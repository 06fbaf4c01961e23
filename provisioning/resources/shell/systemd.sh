# shellcheck shell=sh
# Functions of fragments: systemd.

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

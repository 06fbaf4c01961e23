# shellcheck shell=sh
# Functions of fragments: supervisor.
#
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
    # A program is in a group of its name, or in one of several: GROUP:PROGRAM.
    GROUP=${2%%:*}
    supervisor_ask "$1" reloadConfig
    ADDED=${ANSWER%%"</data></array>"*}
    CHANGED=${ANSWER#*"</data></array>"}
    REMOVED=${CHANGED#*"</data></array>"}
    CHANGED=${CHANGED%%"</data></array>"*}
    REMOVED=${REMOVED%%"</data></array>"*}
    REPLACED=no
    case $REMOVED in
    *"<string>$GROUP</string>"*) fail "$2: supervisord's configuration has no such program any more" ;;
    esac
    case $CHANGED in
    *"<string>$GROUP</string>"*)
        REPLACED=yes
        supervisor_ask "$1" stopProcessGroup "$GROUP"
        supervisor_ask "$1" removeProcessGroup "$GROUP"
        supervisor_ask "$1" addProcessGroup "$GROUP"
        ;;
    esac
    case $ADDED in
    *"<string>$GROUP</string>"*)
        REPLACED=yes
        supervisor_ask "$1" addProcessGroup "$GROUP"
        ;;
    esac
    # The others of a group are started with it.
    if [ "$REPLACED" = yes ] && [ "$GROUP" != "$2" ]; then : > "$RUN_DIR/replaced.$GROUP"; fi
}

supervisor_await() { # SOCKET NAME ONESHOT: until it is up, or has ended well
    TRIES=0
    while :; do
        supervisor_look "$1" "$2"
        case $PROCESS:$3:$EXIT in
        RUNNING:no:*) return 0 ;;
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
    # A one-shot program that takes its time has not failed.
    if [ "$PROCESS" = RUNNING ]; then return 0; fi
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
    case $PROCESS:$2 in
    absent:* | down:*) ;;
    # With the last of its group; until then the daemon says that others still run.
    *:*:*) supervisor_call "$1" removeProcessGroup "${2%%:*}" > /dev/null || : ;;
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
    if [ "$REPLACED" = no ] && [ ! -e "$RUN_DIR/replaced.$GROUP" ]; then supervisor_stop "$1" "$2"; fi
    supervisor_bring_up "$1" "$2" "$3"
}

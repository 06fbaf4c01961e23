#!/bin/sh
# Keep a bare machine under power: run the COMMAND that boots it, again after each reboot.
# Usage: bare-power.sh COMMAND...
#
# Status 64 is a reboot (see uml-launch.sh); a kernel that was halted ends with 0, and one whose
# power was cut by a signal. A machine that shares this computer's kernel is ended by SIGHUP where it
# wants to reboot, by SIGINT where it was halted (reboot(2)).
set -u
while :; do
    "$@"
    status=$?
    [ "$status" -eq 64 ] || [ "$status" -eq 129 ] || exit "$status"
done

#!/bin/sh
# Keep a bare machine under power: run the COMMAND that boots it, again after each reboot.
# Usage: bare-power.sh COMMAND...
#
# Status 64 is a reboot (see uml-launch.sh); a kernel that was halted ends with 0, and one whose
# power was cut by a signal.
set -u
while :; do
    "$@"
    status=$?
    [ "$status" -eq 64 ] || exit "$status"
done

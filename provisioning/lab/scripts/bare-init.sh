#!/bin/sh
# The first program of a bare machine: makes it itself at its first boot, then is systemd.
# Usage: lab-init SEED   (PID 1; the disk is mounted at /)
#
# SEED is a folder of the computer that runs the lab. What lies below its `root` is laid over the
# disk once; from then on the machine lives by what is on its disk alone.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
if ! [ -e /var/lib/lab-seeded ]; then
    mount -t hostfs -o "$1" none /mnt
    cp -a /mnt/root/. /
    chpasswd -e </mnt/passwords
    umount /mnt
    sync
    touch /var/lib/lab-seeded
    sync
fi
exec /lib/systemd/systemd

#!/bin/sh
# PID 1 of a lab machine that shares the host's kernel.
# Usage: client-init.sh FOLDER   (in mount, PID, UTS and network namespaces of its own)
#
# It sees the host's files read-only, with folders of its own for /etc, /run and /tmp.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
folder=$1
# shellcheck source=/dev/null
. "$folder/settings"

echo "$NAME: namespaces"
own=$folder/own
mount -t tmpfs -o mode=755 tmpfs "$own"
cp -a /etc "$own/etc"
cp -a "$folder/root/." "$own"
mkdir -m 755 "$own/run/sshd"
mkdir -m 1777 "$own/tmp"
mount --bind "$own/etc" /etc
mount --bind "$own/tmp" /tmp
mount -o remount,bind,ro /
hostname "$NAME"
# Last, because the lab's folder is below /run.
mount --bind "$own/run" /run

/usr/sbin/sshd
echo "$NAME: ready"
while :; do
    sleep 86400 &
    wait
done

#!/bin/sh
# PID 1 of a lab machine that has a kernel of its own (User Mode Linux).
# Usage: uml-init.sh FOLDER
#
# The kernel starts with the host's file system as its root, read-only. This puts a private
# writable layer over it, makes that look like a fresh server, and starts sshd.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
folder=$1
# shellcheck source=/dev/null
. "$folder/settings"
version=$(uname -r)

echo "$NAME: kernel $version"
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /tmp
mkdir /tmp/lib /tmp/upper /tmp/work /tmp/root
# modprobe looks in lib/modules below its base folder; User Mode Linux keeps them elsewhere.
ln -s /usr/lib/uml/modules /tmp/lib/modules
modprobe -d /tmp overlay
mount -t overlay -o lowerdir=/,upperdir=/tmp/upper,workdir=/tmp/work overlay /tmp/root

cd /tmp/root
# What the host has there does not show.
xargs -rd '\n' rm -rf <"$folder/hidden"
# The interpreter may lie below a folder such as /root that only root may enter. From inside, as
# links on the way to it would lead out to the host's file system, which cannot be written.
xargs -rd '\n' chroot . chmod o+x <"$folder/entered"
cp -a "$folder/root/." .
mkdir -p usr/lib/modules
ln -s "/usr/lib/uml/modules/$version" "usr/lib/modules/$version"

mount -t proc proc proc
mount -t sysfs sysfs sys
# ps(1) and top(1) want the blank line that real kernels end an entry of cpuinfo with.
{ cat proc/cpuinfo && echo; } >tmp/cpuinfo
mount --bind tmp/cpuinfo proc/cpuinfo
mount -t devtmpfs devtmpfs dev
mkdir -p dev/pts dev/shm
mount -t devpts -o mode=620,ptmxmode=666,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -sf /proc/self/fd dev/fd
mount -t tmpfs -o mode=755 tmpfs run
mkdir -m 1777 run/lock
mkdir -m 755 run/sshd
# The data disk: an NFS server cannot export an overlay.
mount -t tmpfs -o mode=755 tmpfs srv
pivot_root . mnt
umount -l /mnt

hostname "$NAME"
[ -e "/lib/modules/$version/modules.dep" ] || depmod "$version"
# As Debian under systemd has it: ping without privileges.
echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range
ip link set lo up
ip address add "$ADDRESS" brd + dev "$INTERFACE"
ip link set "$INTERFACE" up
# -r: a login is served by a copy of sshd instead of a new start of it, whose thirty libraries take
# such a kernel a tenth of a second to link, a quarter of what a login costs.
/usr/sbin/sshd -r
echo "$NAME: ready"

# Orphans become children of PID 1; wait(1p) takes them in as well as the sleep.
while :; do
    sleep 86400 &
    wait
done

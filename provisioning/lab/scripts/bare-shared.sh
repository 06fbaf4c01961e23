#!/bin/sh
# PID 1 of a bare machine that shares the computer's kernel: its disk, then its systemd.
# Usage: bare-shared.sh FOLDER CGROUP   (in network, mount, PID, UTS and IPC namespaces of its own)
#
# What it writes is a folder over the image, kept as a disk is. It sees no device of the computer, and
# of the kernel's settings it may change those of its own network only.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
folder=$1 cgroup=$2
disk=$(readlink -f "$folder/disk")
work=$folder/memory
mount -t tmpfs -o mode=700 none "$work"
mkdir "$work/image" "$work/root" "$work/cgroup"

# A group of the second version, whatever this computer uses itself: systemd keeps services in groups
# below it. What an earlier boot left of them goes.
mount -t cgroup2 none "$work/cgroup"
mkdir -p "$work/cgroup/$cgroup"
find "$work/cgroup/$cgroup" -mindepth 1 -depth -type d -exec rmdir {} +
echo 0 >"$work/cgroup/$cgroup/cgroup.procs"
umount "$work/cgroup"

mount -o loop,ro,noload "$folder/image" "$work/image"
mkdir -p "$disk/upper" "$disk/work"
mount -t overlay -o "lowerdir=$work/image,upperdir=$disk/upper,workdir=$disk/work" none "$work/root"
cd "$work/root"
if ! [ -e var/lib/lab-seeded ]; then
    cp -a "$folder/seed/root/." .
    chroot . chpasswd -e <"$folder/seed/passwords"
    # There is nothing to check or mount.
    : >etc/fstab
    touch var/lib/lab-seeded
fi

mount -t proc proc proc
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 none run
mount -t tmpfs -o mode=755 none dev
for device in null zero full random urandom tty; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 none dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd

# The network outlives a reboot here, and begins anew on a machine.
for setting in proc/sys/net/ipv4/conf/*/arp_ignore proc/sys/net/ipv4/conf/*/arp_announce; do
    echo 0 >"$setting"
done
ip address flush dev lo
ip link set lo down
ip link set lo up

hostname "$(cat etc/hostname)"
pivot_root . mnt
# shellcheck disable=SC2016 # expanded by the shell that is in the group
exec unshare --cgroup sh -c '
    mount -t cgroup2 none /sys/fs/cgroup
    umount -l /mnt
    exec env -i container=lab PATH="$PATH" COSYVOICE_LAB_MEMBER="$COSYVOICE_LAB_MEMBER" \
        /lib/systemd/systemd --log-target=console --show-status=1'

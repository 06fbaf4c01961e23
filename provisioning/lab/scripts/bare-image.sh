#!/bin/sh
# Make the file system that bare machines start from, as one file.
# Usage: bare-image.sh FOLDER CODENAME MIRROR USER   (in mount and PID namespaces of its own)
#
# FOLDER holds the script `init` and gets the file `image`.
set -eu
folder=$1 codename=$2 mirror=$3 user=$4
root=$folder/root
packages=systemd,systemd-sysv,udev,dbus,libpam-systemd,openssh-server,sudo,iproute2,kmod,ca-certificates

debootstrap --variant=minbase --include="$packages" "$codename" "$root" "$mirror"

# The kernel is not the machine's own; its modules are, as those of a Debian kernel would be.
mkdir -p "$root/usr/lib/modules"
cp -a /usr/lib/uml/modules/. "$root/usr/lib/modules"
for version in /usr/lib/uml/modules/*; do
    depmod -b "$root/usr" "${version##*/}"
done
install -m 755 "$folder/init" "$root/usr/local/sbin/lab-init"

chroot "$root" useradd --create-home --shell /bin/bash "$user"
chroot "$root" systemctl --quiet enable systemd-networkd.service
# There is no screen, whose login prompt would end and be started for ever.
chroot "$root" systemctl --quiet mask getty@tty1.service
# Such a kernel has six hundred terminals, of which nobody needs one: udev and systemd would spend
# half of a boot on them.
mkdir "$root/etc/systemd/system/systemd-udev-trigger.service.d"
cat >"$root/etc/systemd/system/systemd-udev-trigger.service.d/lab.conf" <<'UNIT'
[Service]
ExecStart=
ExecStart=-udevadm trigger --type=subsystems --action=add
ExecStart=-udevadm trigger --type=devices --action=add --subsystem-nomatch=tty
UNIT
# There are no logical volumes that it could look after.
chroot "$root" systemctl --quiet mask e2scrub_reap.service
chroot "$root" apt-get clean
# What every machine makes or is given for itself.
rm -rf "$root"/etc/ssh/ssh_host_* "$root"/var/lib/apt/lists/* "$root/var/lib/dbus/machine-id"
: >"$root/etc/machine-id"
: >"$root/etc/resolv.conf"
: >"$root/etc/hostname"
echo '/dev/ubda / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"
# A lab's disk need not outlive this computer: apt is several times as fast.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/lab"
mkdir -p "$root/var/log/journal"

# Everything is written now, so that a machine's own disk holds nothing but what it has changed.
truncate -s 16G "$folder/image"
mkfs.ext4 -q -F -d "$root" -L root -i 32768 -J size=64 -E lazy_itable_init=0,lazy_journal_init=0 \
    "$folder/image"
rm -rf "$root"

#!/bin/sh
# Start a User Mode Linux kernel where it cannot write to the host's root file system.
# Usage: uml-launch.sh FOLDER MEBIBYTES COMMAND...   (in mount and PID namespaces of its own)
#
# A machine's root may do anything inside its kernel, also mount the host's file system again
# (hostfs). So the kernel's process sees it read-only. The machine's memory is a file on a tmpfs
# of its own: /dev/shm is often 64 MB, or noexec, in containers.
set -eu
folder=$1 mebibytes=$2
shift 2
mount -t tmpfs -o "size=$((mebibytes + 16))m,mode=700" tmpfs "$folder/memory"
if [ -e "$folder/disk" ]; then
    # What a bare machine writes to its disk is a file of the host.
    disk=$(readlink -f "$folder/disk")
    mount --bind "$disk" "$disk"
    # A kernel that reboots executes the name it was started by, in the same process, which still
    # holds its tap. So that name is of a program that ends, and bare-power.sh starts another kernel.
    uml=$folder/memory/uml
    printf '#!/bin/sh\nexit 64\n' >"$uml"
    chmod 700 "$uml"
    # shellcheck disable=SC2016 # bash expands it
    set -- bash -c 'exec -a "$0" "$@"' "$uml" "$@"
fi
mount -o remount,bind,ro /
TMPDIR=$folder/memory
export TMPDIR
exec "$@"

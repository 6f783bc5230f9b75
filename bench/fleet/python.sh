#!/bin/sh
# Packs what Debian's python3 adds to a host: Ansible needs it on every node, and hosts of the lab have none.
#
# Runs in a mount and process namespace of its own. Needs: ROOTFS (a host's root file system, which is only read), SUITE,
# MIRROR, and an empty TARGET folder, in which it makes python.tar.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
work=$(mktemp -d)
mount -t tmpfs tmpfs "$work"
root=$work/root
mkdir "$work/upper" "$work/scratch" "$root"
mount -t overlay overlay -o "lowerdir=$ROOTFS,upperdir=$work/upper,workdir=$work/scratch" "$root"
mount -t proc proc "$root/proc"
cat /etc/resolv.conf > "$root/etc/resolv.conf" 2>/dev/null || true
echo "deb $MIRROR $SUITE main" > "$root/etc/apt/sources.list"
chroot "$root" apt-get update
chroot "$root" apt-get install --yes --no-install-recommends python3
umount "$root/proc"
# Not the package manager's own records: the host's are others.
tar -C "$work/upper" -cf "$TARGET/python.tar" usr/bin usr/lib
umount "$root" "$work"
rmdir "$work"

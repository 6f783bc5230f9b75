#!/bin/sh
# Installs Debian's packages on a copy of a host's root file system, and takes from it what is wanted.
#
# Runs in a mount and process namespace of its own, so that an interrupted build leaves neither mounts nor processes.
# Needs: ROOTFS (a host's root file system, which is only read), SUITE, MIRROR, PACKAGES, an empty TARGET folder, and TAKE, a
# script that puts what is wanted from $root into it; $added has only what the packages brought.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
work=$(mktemp -d)
mount -t tmpfs tmpfs "$work"
root=$work/root added=$work/upper
mkdir "$added" "$work/scratch" "$root"
mount -t overlay overlay -o "lowerdir=$ROOTFS,upperdir=$added,workdir=$work/scratch" "$root"
mount -t proc proc "$root/proc"

cat /etc/resolv.conf > "$root/etc/resolv.conf" 2>/dev/null || true
echo "deb $MIRROR $SUITE main" > "$root/etc/apt/sources.list"
# Nothing is started here.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"
chroot "$root" apt-get update
# shellcheck disable=SC2086 # names, apart by blanks
chroot "$root" apt-get install --yes --no-install-recommends $PACKAGES

. "$TAKE"
umount "$root/proc" "$root" "$work"
rmdir "$work"

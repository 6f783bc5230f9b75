#!/bin/sh
# Takes nginx out of Debian's packages, with the libraries that it is linked with: everything that an image of it needs.
#
# Runs in a mount and process namespace of its own, so that an interrupted build leaves neither mounts nor processes.
# Needs: ROOTFS (a host's root file system, which is only read), SUITE, MIRROR, and an empty TARGET folder.
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
# Nothing is started here.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"
chroot "$root" apt-get update
chroot "$root" apt-get install --yes --no-install-recommends nginx

for file in /usr/sbin/nginx $(chroot "$root" ldd /usr/sbin/nginx | grep -o '/[^ ]*'); do
  mkdir -p "$TARGET${file%/*}"
  cp -L "$root$file" "$TARGET$file"
done
umount "$root/proc" "$root" "$work"
rmdir "$work"

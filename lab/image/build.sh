#!/bin/sh
# Builds the root file system that all hosts of one flavour share, and fetches the packages of the hub.
#
# Runs in a mount and process namespace of its own, so that an interrupted build leaves neither mounts nor processes.
# Needs: SUITE, MIRROR, PACKAGES and OFFERED and HUB_PACKAGES (space separated), CA (file), and an empty TARGET folder,
# in which it makes rootfs and hub-packages.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
root=$TARGET/rootfs

debootstrap --variant=minbase --include="$(echo "$PACKAGES" | tr ' ' ,)" "$SUITE" "$root" "$MIRROR"
mount -t proc proc "$root/proc"
in_root() { chroot "$root" "$@"; }

# Users of the tests: one who may become root without a password, and one who may not.
in_root useradd --create-home --shell /bin/bash --uid 1001 ops
in_root useradd --create-home --shell /bin/bash --uid 1002 nosudo
echo 'ops ALL=(ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/ops"
chmod 0440 "$root/etc/sudoers.d/ops"

# The names of public registries lead to the lab's hub: hosts must trust who signed its certificate.
cp "$CA" "$root/usr/local/share/ca-certificates/cluster-registry-lab.crt"
in_root update-ca-certificates

# A folder of packages in place of a mirror: a host installs for real, and has no network beyond the lab.
in_root apt-get update
# shellcheck disable=SC2086
in_root apt-get install --yes --download-only --no-install-recommends $OFFERED
mkdir -p "$root/srv/packages"
mv "$root"/var/cache/apt/archives/*.deb "$root/srv/packages/"
# shellcheck disable=SC2086
mkdir "$TARGET/hub-packages" && in_root sh -c "cd /tmp && apt-get download $HUB_PACKAGES"
mv "$root"/tmp/*.deb "$TARGET/hub-packages/"

# A host's own identity is given to it when it is made. Timers that hold apt's lock now and then would make tests random.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/machine-id" "$root/etc/hostname" "$root/var/lib/dbus/machine-id"
: > "$root/etc/machine-id"
for timer in apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all fstrim; do
  ln -sf /dev/null "$root/etc/systemd/system/$timer.timer"
done
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/log/*.log
rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
# debootstrap left this machine's name servers: no host can reach them, and an unknown name shall fail at once.
rm -f "$root/etc/resolv.conf" && : > "$root/etc/resolv.conf"
umount "$root/proc"

#!/bin/sh
# Builds containerd from its Go module, with the Go compiler of the Debian release whose image BUILDER is: on an overlay
# of that image, so that neither it nor this machine is changed.
#
# Runs in a mount and process namespace of its own, as build.sh does. Needs: VERSION, BUILDER (root file system), SUITE
# and MIRROR of its packages, and an empty TARGET folder, in which it makes bin.
set -eu
cd "$TARGET"
mkdir upper work root bin
ln -s "$BUILDER" image
mount -t overlay cluster-registry-containerd -o lowerdir=image,upperdir=upper,workdir=work root
mount -t proc proc root/proc
mount --rbind /dev root/dev
mount --bind bin root/mnt
# The machine's name servers and certificate authorities: it is the machine that can reach the module proxy.
cp --dereference /etc/resolv.conf root/etc/resolv.conf
mount --bind /etc/ssl/certs root/etc/ssl/certs
echo "deb $MIRROR $SUITE main" > root/etc/apt/sources.list

in_root() { chroot root /usr/bin/env HOME=/root GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=-buildvcs=false "$@"; }
in_root apt-get update
in_root apt-get install --yes --no-install-recommends golang-go
in_root sh -eu -c '
  module=github.com/containerd/containerd/v2
  mkdir /build && cd /build
  go mod init build
  go get "$module/cmd/containerd@v$1" "$module/cmd/containerd-shim-runc-v2@v$1" "$module/cmd/ctr@v$1"
  go build -trimpath -ldflags "-s -w -X $module/version.Version=v$1" -o /mnt/ \
    "$module/cmd/containerd" "$module/cmd/containerd-shim-runc-v2" "$module/cmd/ctr"
' sh "$VERSION"

# All of the build's mounts go, so that the rest of it can be removed.
umount root/mnt root/etc/ssl/certs root/proc
umount --recursive --lazy root
rm -rf upper work root image

#!/bin/sh
# The keeper of one lab host: it builds the host's network and root, boots it, and boots it again after each reboot.
#
# It runs in a mount namespace of its own and in a control group of its own. So the host's mounts and its network
# namespace end with its processes, whatever ends those; and the control group names exactly the processes to end.
#
# Started in the host's folder, with: HOST_NAME, HOST_ADDRESS (with prefix length), HOST_MAC, HOST_LABEL (mount source),
# MACHINE_NAME, SWITCH (name of the switch's network namespace), SWITCH_PORT, CGROUP (the host's control group folder),
# SCRIPTS (the folder of this file).
# In the folder: image (link to the root file system below), upper, work, root, and the disks docker and containerd.
set -eu
. "$SCRIPTS/connect.sh"

echo $$ > "$CGROUP/keeper/cgroup.procs"

# The three folders are named relative to this one: a colon or comma in the path would end an overlay option.
mount -t overlay "$HOST_LABEL" -o lowerdir=image,upperdir=upper,workdir=work root
# overlay2 and containerd's overlayfs snapshotter cannot sit on an overlay: these two are plain folders on the disk.
for disk in docker containerd; do
  mkdir -p "root/var/lib/$disk"
  mount --bind "$disk" "root/var/lib/$disk"
done

boot() {
  echo 0 > "$CGROUP/machine/cgroup.procs"
  # Cgroup v2 inside, whatever is outside; writable /proc/sys and /sys as on a server. The clock and the kernel's
  # modules are the whole machine's: the host must not reach them.
  export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=1 SYSTEMD_NSPAWN_LOCK=0
  # It starts inside the network namespace: /sys shows the network of whoever mounts it.
  exec nsenter --net=net systemd-nspawn --boot --quiet --directory=root --machine="$MACHINE_NAME" --hostname="$HOST_NAME" \
    --register=no --keep-unit --network-namespace-path="$PWD/net" \
    --capability=all --drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE \
    --system-call-filter='add_key keyctl bpf @raw-io' \
    --link-journal=no --resolv-conf=off --timezone=off --console=pipe
}

while :; do
  connect
  code=0
  (boot) < /dev/null >> console.log 2>&1 || code=$?
  umount net
  # 133 is how systemd-nspawn says that the host asked for a reboot.
  [ "$code" = 133 ] || break
  echo "--- reboot" >> console.log
done
exit "$code"

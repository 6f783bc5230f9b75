#!/bin/sh
# The keeper of the hub: a registry server in a root and a network namespace of its own, as the hosts have theirs.
# Started in the hub's folder with the variables of the hosts' keeper, and those by which a registry is configured.
set -eu
. "$SCRIPTS/connect.sh"

echo $$ > "$CGROUP/keeper/cgroup.procs"
mount -t overlay "$HOST_LABEL" -o lowerdir=image,upperdir=upper,workdir=work root
connect
(
  echo 0 > "$CGROUP/machine/cgroup.procs"
  exec nsenter --net=net chroot root /bin/registry serve /etc/docker/registry/config.yml
)

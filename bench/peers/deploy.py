"""The nodes' half of the job, for pyinfra: a mirror in containerd's file, a restart if the file changed, and a look at CRI."""

import os

from pyinfra.operations import files, server, systemd

REGISTRY = os.environ["REGISTRY"]
CONFIG = "/etc/containerd/config.toml"
CRI_IS_WELL = os.environ["CRI_IS_WELL"]

mirror = files.block(
    name="the registry's mirror",
    path=CONFIG,
    content=[
        f'[plugins."io.containerd.grpc.v1.cri".registry.mirrors."{REGISTRY}"]',
        f'  endpoint = ["http://{REGISTRY}"]',
    ],
    marker="# {mark} registry",
    present=os.environ["WANTED"] == "present",
    try_prevent_shell_expansion=True,
)
server.shell(
    name="containerd reads the file",
    commands=[f"containerd --config {CONFIG} config dump >/dev/null"],
    _if=mirror.did_change,
)
systemd.service(
    name="containerd has the file", service="containerd", restarted=True, _if=mirror.did_change
)
server.shell(name="CRI is well", commands=[CRI_IS_WELL], _if=mirror.did_change)

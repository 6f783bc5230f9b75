import type { Report, Row } from "../../report/row";

export const CONFIG = "/etc/containerd/config.toml";
const unread: Row = {
  host: "cp",
  role: "master",
  what: "containerd",
  files: [CONFIG],
  state: "in sync",
  details: [],
};
const well: Row = {
  ...unread,
  os: "Debian GNU/Linux 12 (bookworm)",
  version: "1.6.20",
  way: "mirrors",
  appliedAt: "2026-11-28T12:50:01.000Z",
};

/** A stack with a node that has drifted, and one that does not answer. */
export const SAMPLE: Report = {
  stack: "prod",
  registry: "10.0.0.11:5000",
  rows: [
    well,
    {
      ...well,
      host: "node01",
      role: "worker",
      version: "2.2.1",
      way: "hosts.toml",
      files: ["/etc/containerd/certs.d/10.0.0.11:5000/hosts.toml", CONFIG],
      state: "drifted",
      details: ["drift on the host"],
      diff: `--- ${CONFIG}\tlive\n+++ ${CONFIG}\tdesired\n@@ -1,2 +1,2 @@\n version = 3\n-  old\n+  new\n`,
    },
    {
      ...unread,
      host: "node02",
      role: "worker",
      state: "unreachable",
      details: ["no answer from 10.0.0.13:22", "  is it on?"],
    },
    { ...unread, role: "registry", what: "container registry", files: [], state: "in sync" },
  ],
};

/** What a hostile host may say, wherever text comes from it. */
export const HOSTILE = `"><script>alert(1)</script>'&\u202e\u001b[2J\u0000`;

/** Every text that a host can choose is hostile. */
export const HOSTILE_REPORT: Report = {
  ...SAMPLE,
  rows: [
    {
      ...well,
      os: HOSTILE,
      version: HOSTILE,
      files: [HOSTILE],
      state: "drifted",
      details: [HOSTILE],
      diff: `--- ${HOSTILE}\n-${HOSTILE}\n+${HOSTILE}\n ${HOSTILE}\n`,
      what: `container ${HOSTILE}`,
    },
  ],
};

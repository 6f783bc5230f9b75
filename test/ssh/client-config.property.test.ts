import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { clientOptions } from "../../ssh/client-config";
import { namedSource, readConfig } from "../../ssh/config-file";
import { listFolder, readIfThere } from "../../ssh/local-files";

// This machine's OpenSSH is the reference: `ssh -G` prints its view of a configuration, and `ssh -v` prints the paths
// of the keys that it would offer.
const hasOpenSsh = spawnSync("ssh", ["-V"]).status === 0;
const testWithOpenSsh = hasOpenSsh ? test : test.skip;

const HOSTS = ["node01", "node02", "other"];
const env = { PATH: process.env["PATH"], HOME: "/home/of/env", KEYS: "/keys" };
const { homedir: home, username: localUser, uid } = userInfo();

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "ssh-config-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** OpenSSH's view of `file` for `host`. */
function byOpenSsh(file: string, host: string, flags: string[]) {
  const ask = spawnSync("ssh", ["-F", file, "-G", ...flags, host], { encoding: "utf8", env });
  const lines = ask.stdout.split("\n").map((line) => line.split(/ (.*)/s));
  const value = (keyword: string) => lines.find(([name]) => name === keyword)?.[1];
  const command = ["-F", file, "-v", "-o", "BatchMode=yes", ...flags, host];
  // The first proxy counts: this one opens no connection.
  const verbose = spawnSync("ssh", ["-o", "ProxyCommand=false", ...command], { encoding: "utf8", env }); // prettier-ignore
  const paths = (kind: string) =>
    [...verbose.stderr.matchAll(new RegExp(`^debug1: ${kind} file (.*) type -?\\d+`, "gm"))].map(
      (match) => match[1],
    );
  return {
    status: ask.status,
    hostName: value("hostname"),
    port: Number(value("port")),
    user: value("user"),
    hostKeyAlias: value("hostkeyalias"),
    proxy: value("proxyjump") ?? value("proxycommand"),
    strictHostKeyChecking: value("stricthostkeychecking"),
    identitiesOnly: value("identitiesonly"),
    identityAgent: value("identityagent"),
    userKnownHostsFiles: value("userknownhostsfile"),
    globalKnownHostsFiles: value("globalknownhostsfile"),
    identityFiles: paths("identity").filter((path) => !path?.endsWith("-cert")),
    certificateFiles: paths("certificate"),
  };
}

/** Our view, in the same form. */
function byUs(file: string, host: string, login: { user?: string; port?: number }) {
  const lines = readConfig(namedSource(file, home), home, { read: readIfThere, list: listFolder });
  const found = clientOptions(lines, host, {
    ...{ home, localUser, uid, localHost: hostname(), ...login },
    env: (name) => (env as Record<string, string | undefined>)[name],
  });
  const strict = found.strictHostKeyChecking;
  const jump = found.proxyJump?.join(",");
  return {
    status: 0,
    hostName: found.hostName ?? host,
    port: login.port ?? found.port ?? 22,
    user: login.user ?? found.user ?? localUser,
    hostKeyAlias: found.hostKeyAlias,
    proxy: jump === "" ? undefined : (jump ?? found.proxyCommand),
    strictHostKeyChecking:
      strict === undefined ? "ask" : ({ yes: "true", no: "false" }[strict] ?? strict),
    identitiesOnly: found.identitiesOnly === true ? "yes" : "no",
    identityAgent: found.identityAgent,
    userKnownHostsFiles: found.userKnownHostsFiles?.join(" "),
    globalKnownHostsFiles: found.globalKnownHostsFiles?.join(" "),
    identityFiles: found.identityFiles,
    certificateFiles: found.certificateFiles,
  };
}

const oneOf = (...values: string[]) => fc.constantFrom(...values);
const path = oneOf(
  ...["~/.ssh/a", "${HOME}/b", "/k/%h/%n", "%d/%r-%u", "${KEYS}/%p%%", "/%i-%L-%l-%k", '"/a b"'],
  ...["'/c d'", "/e\\ f", "/plain"],
);
const plainLine = fc.oneof(
  fc.tuple(oneOf("HostName", "hostname="), oneOf("10.0.0.7", "%h.lab", "node02", "n%%h")),
  fc.tuple(oneOf("Port", "port ="), oneOf("22", "2222", '"2200"')),
  fc.tuple(oneOf("User"), oneOf("ops", "admin", "'root'")),
  fc.tuple(oneOf("IdentityFile"), path),
  fc.tuple(oneOf("CertificateFile"), path),
  fc.tuple(oneOf("IdentitiesOnly"), oneOf("yes", "no")),
  fc.tuple(oneOf("IdentityAgent"), fc.oneof(path, oneOf("SSH_AUTH_SOCK"))),
  fc.tuple(oneOf("UserKnownHostsFile"), fc.oneof(path, fc.tuple(path, path).map((p) => p.join(" ")))), // prettier-ignore
  fc.tuple(oneOf("GlobalKnownHostsFile"), oneOf("/g", "/g /h", '"/%h"')),
  fc.tuple(oneOf("StrictHostKeyChecking"), oneOf("yes", "no", "ask", "accept-new", "off")),
  fc.tuple(oneOf("HostKeyAlias"), oneOf("fleet", "lab")),
  fc.tuple(oneOf("ProxyJump"), oneOf("none", "b", "jump@b:2222", "a,b")),
  fc.tuple(oneOf("ProxyCommand"), oneOf("none", "nc %h %p", 'run "a b" # c')),
  fc.tuple(oneOf("#", "   # Port 9", "ServerAliveInterval"), oneOf("10")),
);
const section = fc.oneof(
  fc
    .array(oneOf("node01", "node0?", "*", "!node02", "other", "*.lab", "!*1"), {
      minLength: 1,
      maxLength: 3,
    })
    .map((patterns) => ["Host", patterns.join(" ")] as const),
  fc
    .array(
      oneOf(
        ...["host node01", "host node*,!node02", "!host *.lab", "originalhost other", "user ops"],
        ...["!user root", `localuser ${localUser}`, "final", "host *.lab"],
      ),
      { minLength: 1, maxLength: 2 },
    )
    .map((criteria) => ["Match", criteria.join(" ")] as const),
  fc.constant(["Match", "all"] as const),
);
const lineOf = (pair: readonly string[]): string => pair.join(" ").replace("= ", "=");
const someLines = fc.array(
  fc.oneof({ weight: 3, arbitrary: plainLine }, { weight: 2, arbitrary: section }),
  { maxLength: 12 },
);

/** If a configuration does not set these, OpenSSH has defaults, which are not read here. */
const DEFAULTED = new Set(["identityFiles", "userKnownHostsFiles", "globalKnownHostsFiles"]);

testWithOpenSsh(
  "any configuration means to us what it means to OpenSSH",
  () => {
    const login = oneOf("", "-l ops", "-p 2200", "-l ops -p 2200");
    fc.assert(
      fc.property(
        someLines,
        someLines,
        fc.nat(12),
        oneOf(...HOSTS),
        login,
        (main, part, at, host, as) => {
          const [file, included] = [join(folder, "config"), join(folder, "part.conf")];
          const lines = main.map(lineOf);
          lines.splice(at, 0, `Include ${folder}/*.conf`);
          writeFileSync(file, `${lines.join("\n")}\n`);
          writeFileSync(included, `${part.map(lineOf).join("\n")}\n`);
          const flags = as === "" ? [] : as.split(" ");
          const ours = byUs(file, host, {
            ...(as.includes("-l") && { user: "ops" }),
            ...(as.includes("-p") && { port: 2200 }),
          });
          const theirs = byOpenSsh(file, host, flags);
          for (const key of Object.keys(ours) as (keyof typeof ours)[]) {
            if (ours[key] === undefined && DEFAULTED.has(key)) continue;
            expect({ [key]: ours[key] }).toEqual({ [key]: theirs[key] });
          }
        },
      ),
      { numRuns: 60 },
    );
  },
  300_000,
);

import { containerdConfig } from "../../decision/sourced-lines";
import { fileBytes } from "../../observation/observation";
import { readObservation } from "../../observation/read-observation";

const hex = (bytes: Buffer | string) => Buffer.from(bytes).toString("hex").replace(/../g, " $&");

function read(lines: readonly string[], before = "", form = 1) {
  const stdout = Buffer.from(
    `${before}\ncluster-registry-observation ${form}\n${lines.join("\n")}\n`,
  );
  return readObservation({ code: 0, stdout, stderr: Buffer.from("") }, "ops");
}

const BYTES = Buffer.from([0, 255, 10, 13, 10, 0x1b, 0x5b, 0x48]);
const whole = [
  "host ab12",
  "uptime 1000.00 2000.00 1700001000.5",
  "apt",
  "file /etc/x",
  "stat 640 1 2 1700000000.25",
  "real",
  hex("/srv/x y"),
  "content",
  hex(BYTES),
  "file /etc/none",
  "absent",
  "file /etc/dir",
  "other a folder",
  "payload p.dev.x",
  hex("cluster-registry 1\nend\n"),
  "record p.dev.x ff00 start-1",
  "unfinished checking",
  "record other.dev.y ff00 ",
  "containerd",
  hex(
    "MainPID=47\nLoadState=loaded\nActiveState=active\nExecMainStartTimestampMonotonic=900000000\nExecStart={ path=/usr/bin/containerd ; argv[]=/usr/bin/containerd --config /x ; ignore_errors=no ; }\n",
  ),
  "units",
  hex("# /lib/systemd/system/containerd.service\n[Service]\nEnvironment=A=1\n"),
  "version",
  hex("containerd github.com/containerd/containerd v1.7.28 abcdef\n"),
  "dump",
  hex("version = 2\n"),
  "hosts-toml /etc/containerd/certs.d/a:1/hosts.toml",
  "stat 644 0 0 1",
  "real",
  hex("/etc/containerd/certs.d/a:1/hosts.toml"),
  "content",
  "docker",
  hex("LoadState=not-found\n"),
  "units",
  "socket yes",
  "forwards 1 unset",
  "end",
];

test("bytes are read from base64 as from the digits that earlier helpers send", () => {
  const now = whole.map((line) =>
    line.startsWith(" ")
      ? `=${Buffer.from(line.replaceAll(" ", ""), "hex").toString("base64")}`
      : line,
  );
  expect(now).toContain("=AP8KDQobW0g=");
  expect(read(now, "", 2)).toEqual(read(whole));
  expect(() => read(whole, "", 3)).toThrow("expected the facts of the host; found none of them");
});

test("an answer in which base64 failed is refused: what is missing would look empty", () => {
  const said = (broken: string) => () =>
    read(["host ab12", "file /etc/x", "content", "=", broken, "end"], "", 2);
  const fix =
    "  fix: run the command again; if it fails again, install coreutils, or busybox 1.33 or later";
  expect(said("broken")).toThrow(
    `expected \`base64 -w 0\` to encode what was read on this host; found that it failed\n${fix}`,
  );
  expect(said("broken /etc/x")).toThrow(
    `expected \`base64 -w 0\` to encode /etc/x; found that it failed, or that the file was deleted just then\n${fix}`,
  );
});

test.each([
  ["sent by an earlier helper", ["baseline", hex("a\n")], { baseline: "YQo=" }],
  ["found", ["baseline-ended", "=YQow"], { baseline: "YQo=" }],
  ["empty", ["baseline-ended", "=MA=="], { baseline: "" }],
  ["not to be trusted", ["baseline-ended", "=YQox"], {}],
])("a baseline is %s", (_what, lines, facts) => {
  const [managed] = read(["host ab", "managed /etc/x", "absent", ...lines, "end"]).managed;
  expect(managed).toEqual({ file: { path: "/etc/x", kind: "absent" }, claims: [], ...facts });
});

test.each([
  ["volume images 2000 500", { volume: "images", disk: { size: 2048000, free: 512000 } }],
  ["volume empty", { volume: "empty" }],
])("docker's %j is read with the space, if the host says it", (line, facts) => {
  const docker = read([...whole.slice(0, -1), line, "containers", "end"]).docker!;
  expect({ ...docker, service: undefined }).toEqual({
    service: undefined,
    asks: false,
    forwards: { now: true, atBoot: "unset" },
    loginReachesSocket: true,
    containers: [],
    ...facts,
  });
});

test("facts are read as they were printed, including any byte of a file", () => {
  const facts = read(whole);
  expect(facts).toMatchObject({
    user: "ops",
    hostId: "ab12",
    apt: true,
    records: [
      {
        id: "p.dev.x",
        enrolled: "ff00",
        running: "start-1",
        unfinished: "checking",
        payload: "cluster-registry 1\nend\n",
      },
      { id: "other.dev.y", enrolled: "ff00" },
    ],
    containerd: {
      version: "1.7.28",
      dump: "version = 2\n",
      service: { installed: true, execStart: "/usr/bin/containerd --config /x" },
    },
    docker: {
      loginReachesSocket: true,
      service: { installed: false },
      forwards: { now: true, atBoot: "unset" },
    },
  });
  expect(facts.containerd?.service.startedAt).toBeCloseTo(1700000900.5);
  expect(facts.files[0]).toMatchObject({
    realPath: "/srv/x y",
    mode: 0o640,
    uid: 1,
    gid: 2,
    changedAt: 1700000000.25,
  });
  expect(fileBytes(facts, "/etc/x")).toEqual(BYTES);
  expect(fileBytes(facts, "/etc/none")).toBeUndefined();
  expect(() => fileBytes(facts, "/etc/dir")).toThrow(
    "/etc/dir: expected a configuration file or nothing; found a folder",
  );
  expect(facts.containerd?.hostsToml).toHaveLength(1);
  expect(facts.docker?.version).toBeUndefined();
});

test.each([
  ['"Debian GNU/Linux 13 (trixie)"', "Debian GNU/Linux 13 (trixie)"],
  ["'Alpine Linux v3.22'", "Alpine Linux v3.22"],
  ["Arch", "Arch"],
  ['"a \\"b\\" \\$c"', 'a "b" $c'],
  [Buffer.from('"Größe 1"').toString("latin1"), "Größe 1"],
])("the system's name is read without the quotes of os-release: %s", (line, name) => {
  const latin1 = Buffer.from(
    ["", "cluster-registry-observation 1", `os ${line}`, "end", ""].join("\n"),
    "latin1",
  );
  const facts = readObservation({ code: 0, stdout: latin1, stderr: Buffer.from("") }, "root");
  expect(facts.os).toBe(name);
});

test("helpers of an earlier version say neither the system's name nor the time of an apply", () => {
  const facts = read(whole);
  expect(Object.keys(facts)).not.toContain("os");
  expect(Object.keys(facts.records[0]!)).not.toContain("appliedAt");
});

test("the time of an apply belongs to its record", () => {
  const applied = "applied 1700000000 /var/lib/cluster-registry/records/p.dev.x/payload";
  const { records } = read([...whole.slice(0, -1), applied, "end"]);
  expect(records.map(({ appliedAt }) => appliedAt)).toEqual([1700000000, undefined]);
});

test("a banner before the answer is skipped, even one without a newline or one that looks like the answer", () => {
  expect(read(whole, "Welcome!\ncluster-registry-observation 1\nhello\nno newline").hostId).toBe(
    "ab12",
  );
});

test.each([
  [
    Buffer.from("Welcome\n"),
    "expected the facts of the host; found none of them (exit code 127); it said: sh: not found",
  ],
  [Buffer.from("\ncluster-registry-observation 1\nhost x\n"), "found only the first part of them"],
])("an answer that is not whole is refused", (stdout, message) => {
  expect(() =>
    readObservation({ code: 127, stdout, stderr: Buffer.from("sh: not found\n") }, "ops"),
  ).toThrow(message);
});

test("if a shell refuses every login, the error has the shell's own message", () => {
  const stdout = Buffer.from("This account is currently not available.\n");
  expect(() => readObservation({ code: 1, stdout, stderr: Buffer.alloc(0) }, "ops")).toThrow(
    "found none of them (exit code 1); it said: This account is currently not available.\n",
  );
});

test("the error has sudo's message and says what to do", () => {
  expect(() => read(["refused sudo: sorry, you must have a tty to run sudo", "end"])).toThrow(
    "expected sudo without a password for ops; found: sudo: sorry, you must have a tty to run sudo\n  fix: in sudoers,",
  );
  expect(() => read(["refused uid 1000", "end"])).toThrow(
    "fix: set ssh.sudo: true, or log in as root",
  );
});

test("a host without a tool that a change calls is refused, with the tools' names", () => {
  expect(() => read(["missing diff flock", "end"])).toThrow(
    "this host lacks tools that a change needs: diff flock\n" +
      "  fix: install them (they are in coreutils, diffutils, findutils, grep, gzip, mawk, sed, util-linux and systemd)",
  );
});

test("what systemd gives to every service comes first, with the file that sets it; what it has from elsewhere is its own", () => {
  const at = whole.indexOf("file /etc/x");
  const facts = read([
    ...whole.slice(0, at),
    "systemd 252 yes",
    "proxies",
    hex("HTTP_PROXY=http://proxy:3128\nNO_PROXY=late\n"),
    "manager /etc/systemd/system.conf.d/proxy.conf",
    "stat 644 0 0 1",
    "content",
    hex("[Manager]\nDefaultEnvironment=HTTP_PROXY=http://proxy:3128\n"),
    ...whole.slice(at),
  ]);
  expect(facts.systemd).toEqual({ version: 252, bus: true });
  expect(facts.containerd?.service.environment).toEqual([
    {
      name: "HTTP_PROXY",
      value: "http://proxy:3128",
      source: "/etc/systemd/system.conf.d/proxy.conf:2",
    },
    { name: "NO_PROXY", value: "late", source: "systemctl show-environment" },
    { name: "A", value: "1", source: "/lib/systemd/system/containerd.service:2" },
  ]);
  expect(facts.files.map(({ path }) => path)).toEqual(["/etc/x", "/etc/none", "/etc/dir"]);
});

test("the file that containerd reads is known, or the reason why it is not, with the unit's line", () => {
  const units = [
    "units",
    hex("# /lib/systemd/system/containerd.service\n[Service]\nExecStart=/opt/start\n"),
  ];
  const facts = (line: string) =>
    read(["containerd", hex("LoadState=loaded\n"), ...units, "process", line, "end"]);
  expect(containerdConfig(facts("config /srv/containerd.toml"))).toBe("/srv/containerd.toml");
  expect(containerdConfig(read(whole))).toBe("/etc/containerd/config.toml");
  expect(() => containerdConfig(facts("config-doubt it does not run"))).toThrow(
    "/lib/systemd/system/containerd.service:2: expected a command line that says which file containerd reads; found `ExecStart=",
  );
});

import { gunzipSync, gzipSync } from "node:zlib";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { helperText, observeText, packedHelper } from "../../helper/helper-text";
import { buildPayload, type Payload } from "../../helper/payload";
import { applyEdits, type Edit } from "../../patch/plan";
import { runWithParts, userlands } from "./shells";

const TEXT = ["00-start.sh", "20-text.sh"];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "helper-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the three shells of hosts are installed for the tests", () => {
  expect(userlands.map((one) => one.name)).toEqual([
    "dash with mawk",
    "bash with gawk",
    "busybox sh and awk",
  ]);
});

describe.each(userlands)("$name", (userland) => {
  const [shell = "", ...shellArguments] = userland.shell;

  test.each([
    ["plain", helperText()],
    ["packed", packedHelper()],
  ])("a %s helper whose text is incomplete runs nothing, wherever it ends", (_which, text) => {
    const ends = [...text.slice(-2000).matchAll(/\n(?!$)/g)].map(
      ({ index }) => index + text.length - 2000,
    );
    for (const end of [
      ...[0.1, 0.5, 0.9].map((share) => text.length * share),
      ...ends,
      text.length - 3,
    ]) {
      const part = text.slice(0, Math.floor(end));
      const result = spawnSync(shell, [...shellArguments, "-s", "unknown"], { input: part });
      expect(result.status).not.toBe(0);
      expect(result.stdout.toString()).toBe("");
      expect(result.stderr.toString()).not.toContain("expected guard");
    }
    const whole = spawnSync(shell, [...shellArguments, "-s", "unknown"], { input: text });
    expect(whole.stderr.toString()).toContain("expected guard, apply");
  });

  test.each([
    [
      [],
      'expected guard, apply, undo, would-undo, restore, docker-install, docker-start, container-claim, container-claimed, container-leftover, container-release, reach or observe; found ""',
    ],
    [["bash", "-c", "id"], 'found "bash"'],
    [
      ["apply", "../../etc"],
      'expected an id of letters, digits, dots, dashes and underscores; found "../../etc"',
    ],
    [
      ["undo", "a b"],
      'expected an id of letters, digits, dots, dashes and underscores; found "a b"',
    ],
    [["guard", "a.b.c", "$(id)", "docker"], 'expected the host\'s id; found "$(id)"'],
    [
      ["guard", "a.b.c", "ab12", "sshd"],
      'expected containerd, docker, page or timer; found "sshd"',
    ],
    [["reach", "-o/etc/passwd", "80"], 'expected a host name or an address; found "-o/etc/passwd"'],
    [["reach", "localhost", "80;id"], 'expected a port; found "80;id"'],
    [["docker-install", "curl|sh"], 'expected apt, present or packages; found "curl|sh"'],
    [["container-claim", "a.b.c", "--help"], 'expected a container\'s name; found "--help"'],
    [["run", "apply", "a.b.c", "/tmp/stage.12345678"], "expected a stage folder"],
    [["watchdog", "a.b.c", "ssh.service"], 'expected a unit of ours; found "ssh.service"'],
  ])("arguments %j are refused", (words, message) => {
    // In its own namespace with an empty /var/lib, so that this machine does not change.
    const result = spawnSync(
      "unshare",
      [
        "-m",
        "sh",
        "-c",
        'mount -t tmpfs tmpfs /var/lib && exec "$@"',
        "sh",
        shell,
        ...shellArguments,
        "-s",
        ...words,
      ],
      { input: helperText() },
    );
    expect(result.stderr.toString()).toContain(message);
    expect(result.status).toBe(1);
  });

  test("edits come out as planned, byte for byte", () => {
    const lines = fc.array(
      fc.constantFrom("", "a", "  b = 1", "}", "é\r", "\ttab", "x".repeat(300), "\\n", "+", "日本"),
      { maxLength: 12 },
    );
    const file = fc
      .tuple(lines, fc.boolean())
      .map(([some, closed]) =>
        Buffer.from(some.join("\n") + (closed && some.length > 0 ? "\n" : "")),
      );
    const given = fc
      .tuple(file, fc.array(fc.tuple(fc.nat(), fc.nat(6), lines), { maxLength: 4 }))
      .map(([bytes, some]) => ({ bytes, edits: asEdits(bytes, some) }));
    fc.assert(
      fc.property(given, ({ bytes, edits }) => {
        expect(edited(bytes, edits).toString("latin1")).toBe(
          applyEdits(bytes, edits).toString("latin1"),
        );
      }),
      { numRuns: 40 },
    );
  });

  function edited(bytes: Buffer, edits: Edit[]): Buffer {
    writeFileSync(join(folder, "base"), bytes);
    const payload: Payload = {
      enrolled: "",
      daemon: "docker",
      revision: 1,
      why: "",
      spec: "",
      order: 1,
      claimants: [],
      instead: [],
      claims: [],
      activate: "none",
      insecure: [],
      mirrors: [],
      waitSeconds: 1,
      watchdogSeconds: 1,
      files: [
        { path: "/x", base: undefined, baseline: undefined, after: undefined, edits, others: [] },
      ],
    };
    const onlyEdits = buildPayload(payload)
      .split("\n")
      .filter((line) => /^(edit |\+|\\)/.test(line));
    writeFileSync(join(folder, "edits"), onlyEdits.map((line) => `${line}\n`).join(""));
    const result = runWithParts(userland, TEXT, 'edited "$1/base" "$1/edits"', { args: [folder] });
    expect(result.stderr).toBe("");
    return result.stdout;
  }

  test("a difference of two texts can be reverted, also after other lines have changed", () => {
    const own = fc.array(fc.constantFrom("ours 1", "ours 2", "\tours\r"), {
      minLength: 1,
      maxLength: 3,
    });
    const foreign = fc.array(fc.constantFrom("a", "b", "", "}", "  c\r", "a"), { maxLength: 8 });
    const given = fc.record({
      foreign,
      own,
      at: fc.nat(8),
      closed: fc.boolean(),
      added: fc.boolean(),
    });
    fc.assert(
      fc.property(given, ({ foreign, own, at, closed, added }) => {
        // An empty last line without a newline is no line.
        fc.pre(closed || foreign[foreign.length - 1] !== "");
        const place = Math.min(at, foreign.length);
        const withOwn = [...foreign.slice(0, place), ...own, ...foreign.slice(place)];
        const later = added ? ["first", ...withOwn, "last"] : withOwn;
        const rest = added ? ["first", ...foreign, "last"] : foreign;
        const result = takenOut(
          asText(foreign, closed),
          asText(withOwn, closed),
          asText(later, closed),
        );
        expect(result.lost).toBe("");
        // A text without lines has no last line without a newline.
        if (rest.length > 0) expect(result.text).toBe(asText(rest, closed));
        else expect(result.text.trim()).toBe("");
      }),
      { numRuns: 40 },
    );
  });

  test("edited lines are kept, and named", () => {
    const result = takenOut("{\n}\n", '{\n  "ours": [1]\n}\n', '{\n  "ours": [1, 2]\n}\n');
    expect(result).toEqual({
      code: 1,
      text: '{\n  "ours": [1, 2]\n}\n',
      lost: '  take out:   "ours": [1]\n',
    });
  });

  test("lines that a person has already removed do not cause a refusal", () => {
    const result = takenOut("{\n}\n", '{\n  "ours": [1]\n}\n', '{\n  "other": 2\n}\n', "ours");
    expect(result).toEqual({ code: 0, text: '{\n  "other": 2\n}\n', lost: "" });
  });

  test("an edited line that still contains a name of the record does not count as removed", () => {
    const result = takenOut("{\n}\n", '{\n  "ours": [1]\n}\n', '{\n  "ours": [1, 2]\n}\n', "ours");
    expect(result.lost).toBe('  take out:   "ours": [1]\n');
  });

  test("after an edit of the file, a person must restore the lines that we had removed", () => {
    const result = takenOut("a\ntheirs\nb\n", "a\nb\n", "a\nb\nmore\n");
    expect(result).toEqual({ code: 1, text: "a\nb\nmore\n", lost: "  put back: theirs\n" });
  });

  test("if two places are equal, the one between the same neighbours is ours", () => {
    const result = takenOut("x\ny\n", "x\nours\ny\n", "ours\nx\nours\ny\n");
    expect(result).toEqual({ code: 0, text: "ours\nx\ny\n", lost: "" });
  });

  test("if two places and their neighbours are equal, neither is certainly ours", () => {
    const result = takenOut("x\ny\n", "x\nours\ny\n", "x\nours\ny\nx\nours\ny\n");
    expect(result.code).toBe(1);
    expect(result.lost).toBe("  take out: ours\n");
  });

  test("if two tables were written together, an edit in one does not block the removal of the other", () => {
    const after = "x = 1\n\n[a]\n  y = 1\n\n[b]\n  y = 2\n";
    const live = after.replace("y = 1", "y = 9");
    expect(takenOut("x = 1\n", after, live)).toEqual({
      code: 1,
      text: live.replace("[b]\n  y = 2\n", ""),
      lost: "  take out: \n  take out: [a]\n  take out:   y = 1\n  take out: \n",
    });
  });

  test("a changed line gets its old text back", () => {
    const result = takenOut('["a"]\nz', '["a", "b"]\nz', 'more\n["a", "b"]\nz');
    expect(result).toEqual({ code: 0, text: 'more\n["a"]\nz', lost: "" });
  });

  const docker = (list: string) =>
    `{\n  "debug": true,\n  "insecure-registries": [${list}],\n  "mtu": 1454\n}\n`;
  const hub = '[plugins.cri.registry.mirrors."docker.io"]';
  const toml = (list: string) =>
    `[a]\n  endpoint = ["x"]\n  ${hub}\n    endpoint = [${list}]\n[b]\n`;

  test.each([
    [
      "JSON, behind ours",
      '{\n  "debug": true,\n  "mtu": 1454\n}\n',
      docker('"o:1"'),
      docker('"o:1", "admin:5000"'),
      docker('"admin:5000"'),
    ],
    [
      "JSON, before ours",
      '{\n  "debug": true,\n  "mtu": 1454\n}\n',
      docker('"o:1"'),
      docker('"admin:5000","o:1"'),
      docker('"admin:5000"'),
    ],
    [
      "JSON, a list that was there",
      docker('"was:1"'),
      docker('"was:1", "o:1"'),
      docker('"was:1", "admin:1", "o:1"'),
      docker('"was:1", "admin:1"'),
    ],
    [
      "JSON, where they took out their own",
      docker('"was:1"'),
      docker('"was:1", "o:1"'),
      docker('"o:1"'),
      docker(""),
    ],
    [
      "TOML, in the middle",
      toml('"a", "z"'),
      toml('"a", "o", "z"'),
      toml('"a", "o", "admin", "z"'),
      toml('"a", "admin", "z"'),
    ],
    [
      "TOML, at the end, in other quotes",
      toml("'a'"),
      toml("'a', 'o'"),
      toml("'a', \"admin\", 'o'"),
      toml("'a', \"admin\""),
    ],
    [
      "TOML, several of ours",
      toml('"z"'),
      toml('"o", "p", "z"'),
      toml('"o", "admin", "p", "z"'),
      toml('"admin", "z"'),
    ],
    [
      "TOML, an address with brackets",
      toml('"z"'),
      toml('"http://[fd00::1]:5000", "z"'),
      toml('"http://[fd00::1]:5000", "admin", "z"'),
      toml('"admin", "z"'),
    ],
  ])(
    "of a list on one line that an admin has edited, our items are taken out, and theirs stay: %s",
    (_what, base, after, live, text) => {
      expect(takenOut(base, after, live, "o:1")).toEqual({ code: 0, text, lost: "" });
    },
  );

  test.each([
    [
      "laid out over several lines",
      "{\n}\n",
      '{\n  "insecure-registries": ["o:1"]\n}\n',
      '{\n  "insecure-registries": [\n    "o:1", "admin:1"\n  ]\n}\n',
    ],
    [
      "in another table too",
      toml('"z"'),
      toml('"o", "z"'),
      `${toml('"admin", "o", "z"')}${hub}\n endpoint = ["o"]\n`,
    ],
    ["half of it gone", toml('"z"'), toml('"o", "p", "z"'), toml('"o", "z"')],
  ])(
    "a list that somebody has edited otherwise is for a person to look at: %s",
    (_what, base, after, live) => {
      const { code, text } = takenOut(base, after, live, "o:1");
      expect({ code, text }).toEqual({ code: 1, text: live });
    },
  );

  test("the same item in another table's list is not ours", () => {
    const live = `${toml('"a", "admin"')}[other]\n  endpoint = ["b", "o"]\n`;
    expect(takenOut(toml('"a"'), toml('"a", "o"'), live, "10.0.0.1:5000")).toEqual({
      code: 0,
      text: live,
      lost: "",
    });
  });

  test("items that a person has removed from a list are recognized, while other lines of ours still have the name", () => {
    const before = `[m]\n${hub}\n  endpoint = ["a"]\n`;
    const mine = '[m."10.0.0.1:5000"]\n  endpoint = ["http://10.0.0.1:5000"]\n';
    const after = `[m]\n${mine}${hub}\n  endpoint = ["a", "o"]\n`;
    const live = `[m]\n${mine}${hub}\n  endpoint = ["a", "admin"]\n`;
    expect(takenOut(before, after, live, "10.0.0.1:5000")).toEqual({
      code: 0,
      text: `[m]\n${hub}\n  endpoint = ["a", "admin"]\n`,
      lost: "",
    });
  });

  function takenOut(base: string, after: string, live: string, claims = "") {
    writeFileSync(join(folder, "base"), base);
    writeFileSync(join(folder, "after"), after);
    writeFileSync(join(folder, "live"), live);
    const script =
      'hunks "$1/base" "$1/after" >"$1/hunks"; : >"$1/raw"; without strict "$1/raw" "$2" "$1/hunks" <"$1/live"; code=$?; by_hand <"$1/raw" >"$1/lost"; (exit $code)';
    const result = runWithParts(userland, TEXT, script, { args: [folder, claims] });
    expect(result.stderr).toBe("");
    return {
      code: result.code,
      text: result.stdout.toString("utf8"),
      lost: readFileSync(join(folder, "lost"), "utf8"),
    };
  }

  test("passwords, tokens and logins in URLs are masked, long lines cut", () => {
    const lines = [
      'auth = "c2VjcmV0"',
      '  "identitytoken": "abc",',
      "password=hunter2",
      "PASSWORD=hunter2",
      'Environment="REGISTRY_TOKEN=abc"',
      "  API_KEY: abc",
      "X-Registry-Auth: abc",
      "AWS_SECRET_ACCESS_KEY_2 = abc",
      'endpoint = ["http://user:pass@host:5000"]',
      'level=error msg="x"',
      "y".repeat(500),
    ];
    const result = runWithParts(userland, ["00-start.sh"], "masked", {
      stdin: lines.join("\n") + "\n",
    });
    expect(result.stdout.toString()).toBe(
      [
        "auth = ***",
        '  "identitytoken": ***',
        "password=***",
        "PASSWORD=***",
        'Environment="REGISTRY_TOKEN=***',
        "  API_KEY: ***",
        "X-Registry-Auth: ***",
        "AWS_SECRET_ACCESS_KEY_2 = ***",
        'endpoint = ["http://***@host:5000"]',
        'level=error msg="x"',
        `${"y".repeat(400)}...`,
        "",
      ].join("\n"),
    );
  });

  describe("the two clocks", () => {
    const clocks = (date: string) => {
      const script = `
        date() { printf x >>"$1"; ${date}; }
        : >"$1"
        read_clocks
        printf '%s %s' "$clocks_now" "$(wc -c <"$1")"`.replaceAll('"$1"', `"${folder}/dates"`);
      const result = runWithParts(userland, ["00-start.sh"], script);
      expect(result.stderr).toBe("");
      return result.stdout.toString().split(" ");
    };

    test("are read again if time went on between them", () => {
      const again = `if [ "$(wc -c <"${folder}/dates")" -eq 1 ]; then sleep 0.1; echo 1; else echo 2; fi`;
      expect(clocks(again)[0]).toBe("2");
    });

    test("are read five times at most", () => {
      expect(clocks("sleep 0.05; echo 7")).toEqual(["7", "5"]);
    });
  });

  test.each([
    ["within the second of the change", "1000.990000000", 0, 0],
    ["before the change, within its second", "1000.990000000", -0.9, 1],
    ["after the change, by a date(1) that knows only seconds", "1001.%N", 0, 0],
    ["after the change, by another date(1) that knows only seconds", "1001.N", 0, 0],
    ["within the second of the change, by a date(1) that knows only seconds", "1000.%N", 0, 0],
    ["before the change, by a date(1) that knows only seconds", "1000.%N", -1.9, 1],
  ])("a daemon's start %s is told as such", (_what, now, difference, code) => {
    const script = `
      date() { printf '%s\\n' '${now}'; }
      stat() { printf '1000.200000000\\n'; }
      unit_started=$(awk '{ printf "%.0f", ($1 + ${difference}) * 1000000 }' /proc/uptime)
      started_since "$1"`;
    const result = runWithParts(userland, ["00-start.sh", "40-daemon.sh"], script, {
      args: [folder],
    });
    expect(result.stderr).toBe("");
    expect(result.code).toBe(code);
  });

  describe("the file that containerd reads", () => {
    const config = (facts: Record<string, string>, more = ":") => {
      const shown = Object.entries({ MainPID: "0", ...facts })
        .filter(([name]) => name !== "manager")
        .map(([name, value]) => `'${name}=${value.replaceAll("'", "'\\''")}'`);
      const script = `systemctl() { case $1 in show-environment) printf '%s\\n' '${facts["manager"] ?? "LANG=C"}' ;; *) printf '%s\\n' ${shown.join(" ")} ;; esac; }
        ${more}; containerd_config; printf '%s|%s' "$config_file" "$config_doubt"`;
      const result = runWithParts(userland, ["00-start.sh", "40-daemon.sh"], script);
      expect(result.stderr).toBe("");
      return result.stdout.toString();
    };
    const exec = (command: string) =>
      `{ path=/usr/bin/containerd ; argv[]=${command} ; ignore_errors=no ; start_time=[n/a] }`;

    test.each([
      ["/usr/bin/containerd", "/etc/containerd/config.toml"],
      ["/usr/bin/containerd --config /srv/c.toml", "/srv/c.toml"],
      ["/usr/bin/containerd --config=/srv/c.toml --log-level debug", "/srv/c.toml"],
      ["/usr/bin/containerd -c /srv/c.toml", "/srv/c.toml"],
      ["/usr/bin/containerd -config /srv/c.toml", "/srv/c.toml"],
      ["/usr/bin/env PATH=/x:/y /opt/bin/containerd --config ${CONFIG}", "/srv/c.toml"],
      ["/usr/bin/containerd --config $CONFIG", "/srv/c.toml"],
      ["/usr/bin/containerd $OPTS", "/srv/opts.toml"],
      ["/usr/bin/containerd --config ${DIR}/${NAME}", "/srv/deep/n.toml"],
      ["/usr/bin/containerd --config ${MANAGER}", "/srv/m.toml"],
    ])("of a unit that says %s", (command, path) => {
      const Environment =
        'CONFIG=/srv/c.toml "OPTS=--log-level debug --config /srv/opts.toml" DIR=/srv/deep NAME=n.toml';
      const facts = { ExecStart: exec(command), Environment, manager: "MANAGER=/srv/m.toml" };
      expect(config(facts)).toBe(`${path}|`);
    });

    test("comes from an environment file, which overrides the unit's own setting", () => {
      const path = join(folder, "containerd");
      writeFileSync(
        path,
        `# CONFIG=/srv/no.toml\n; CONFIG=/srv/no.toml\nCONFIG="/srv/file.toml"\n`,
      );
      const facts = {
        ExecStart: exec("/usr/bin/containerd --config ${CONFIG}"),
        Environment: "CONFIG=/srv/c.toml",
        EnvironmentFiles: `${path} (ignore_errors=yes)`,
      };
      expect(config(facts)).toBe("/srv/file.toml|");
      expect(config({ ...facts, EnvironmentFiles: "/nowhere (ignore_errors=yes)" })).toBe(
        "/srv/c.toml|",
      );
    });

    test("is not known with a program that starts it, an unset variable, or a relative path", () => {
      const doubt = "|its unit does not say which, and it does not run";
      expect(config({ ExecStart: exec("/opt/start-containerd.sh") })).toBe(doubt);
      expect(config({ ExecStart: exec("/usr/bin/containerd --config ${NOBODY}") })).toBe(doubt);
      expect(config({ ExecStart: exec("/usr/bin/containerd --config c.toml") })).toBe(
        "|c.toml, which is no absolute path",
      );
    });

    test("comes from an environment file with continued lines, or from a pattern for several files", () => {
      const path = join(folder, "containerd.env");
      writeFileSync(path, "ARGS=--log-level info \\\n  --config /srv/c.toml\n");
      const facts = { ExecStart: exec("/usr/bin/containerd $ARGS") };
      const of = (file: string) => ({ ...facts, EnvironmentFiles: `${file} (ignore_errors=no)` });
      expect(config(of(path))).toBe("/srv/c.toml|");
      expect(config(of(join(folder, "*.env")))).toBe("/srv/c.toml|");
    });

    test("is not taken from a shell's command line or a script with the daemon's name: the process shows it", () => {
      const script = join(folder, "containerd");
      writeFileSync(script, "#!/bin/sh\nexec /usr/bin/containerd --config /srv/c.toml\n");
      const commands = ['/bin/sh -c "/usr/bin/containerd --config /srv/c.toml; true"', script];
      for (const command of commands) {
        const facts = { ExecStart: exec(command) };
        expect(config(facts)).toBe("|its unit does not say which, and it does not run");
        const runs = running("/usr/bin/containerd --config /srv/c.toml");
        expect(config({ ...facts, MainPID: String(process.pid) }, runs)).toBe("/srv/c.toml|");
      }
    });

    test("is not known if the process sees other files at that path", () => {
      const path = join(folder, "seen.toml");
      writeFileSync(path, "version = 2\n");
      // The test's machine may not allow namespaces, so this replaces what the shell compares.
      const apart = `${running(`/usr/bin/containerd --config ${path}`)}; same_for_process() { return 1; }`;
      const facts = {
        ExecStart: exec(`/usr/bin/containerd --config ${path}`),
        MainPID: String(process.pid),
      };
      expect(config(facts, running(`/usr/bin/containerd --config ${path}`))).toBe(`${path}|`);
      expect(config(facts, apart)).toBe(
        `|the process finds another file at ${path} than this host has there (BindPaths, RootDirectory or the like of its unit)`,
      );
    });

    test.each([
      ["BindPaths", "/srv/a:/srv/b:rbind /srv/other.toml:/srv/c.toml:rbind", true],
      ["BindReadOnlyPaths", "/srv/etc:/srv", true],
      ["RootDirectory", "/srv/root", true],
      ["BindPaths", "/srv/c.toml:/srv/c.toml:rbind /data:/srv/c", false],
      ["RootDirectory", "/", false],
    ])(
      "is not known where the unit's %s=%s puts another file there, be the daemon running or not: %s",
      (key, value, moved) => {
        const facts = { ExecStart: exec("/usr/bin/containerd --config /srv/c.toml"), [key]: value };
        expect(config(facts)).toBe(
          moved
            ? "|the process finds another file at /srv/c.toml than this host has there (BindPaths, RootDirectory or the like of its unit)"
            : "/srv/c.toml|",
        );
      },
    );

    const running = (command: string) => `tr() { printf '%s\\n' ${command}; }; config_pid=1`;

    test("comes from the process if the unit does not show it; if both do, they must agree", () => {
      const facts = (command: string) => ({
        ExecStart: exec(command),
        MainPID: String(process.pid),
      });
      const runs = running("/usr/bin/containerd --config /srv/run.toml");
      expect(config(facts("/opt/start-containerd.sh"), runs)).toBe("/srv/run.toml|");
      expect(config(facts("/usr/bin/containerd --config /srv/run.toml"), runs)).toBe(
        "/srv/run.toml|",
      );
      expect(config(facts("/usr/bin/containerd"), runs)).toBe(
        "|it runs with /srv/run.toml, and would start with /etc/containerd/config.toml: restart it, so that it reads the one that its unit names",
      );
    });
  });

  describe("systemd's version and the proxies that it gives to every service", () => {
    const look = (shown: string) => {
      const script = `systemctl() { case $1 in
          show) ${shown === "" ? "return 1" : `printf '%s\\n' ${shown}`} ;;
          --version) echo 'systemd 249 (249.11)' ;;
          show-environment) printf '%s\\n' LANG=C HTTP_PROXY=http://p:1 ;;
        esac; }
        bus_answers() { :; }; cat() { :; }; sent_text() { printf '%s: %s\\n' "$1" "$2"; }; observe_systemd`;
      const parts = ["00-start.sh", "40-daemon.sh", "90-observe.sh"];
      return runWithParts(userland, parts, script).stdout.toString();
    };

    test.each([
      ["Version=252.39-1~deb12u1 Environment=LANG=C", "252"],
      ["Version=252-32.el9_4 Environment=", "252"],
      ["Environment=PATH=/bin Version=v257-rc1", "249"],
    ])("are read at once: %s", (shown, version) => {
      expect(look(shown)).toBe(`systemd ${version} yes\n`);
    });

    test.each([
      ["a proxy", "Version=252 'Environment=LANG=C HTTP_PROXY=http://p:1'"],
      ["a proxy in quotes", `Version=252 'Environment="https_proxy=http://p 1"'`],
      ["a systemd that does not say", "Version=252"],
      ["a question that fails", ""],
    ])("with %s, its environment is asked for", (_what, shown) => {
      expect(look(shown)).toBe(
        `systemd ${shown === "" ? 249 : 252} yes\nproxies: HTTP_PROXY=http://p:1\n`,
      );
    });
  });

  test("each environment file that matches a unit's pattern is read", () => {
    for (const name of ["a.env", "b.env"]) writeFileSync(join(folder, name), "HTTP_PROXY=x\n");
    const unit = `EnvironmentFile=-${folder}/*.env\nEnvironmentFile=/nowhere/*.env`;
    const script = `systemctl() { case $1 in cat) printf '%s\n' '${unit.replace("\n", "' '")}' ;; esac; }
      observe_file() { say "$*"; }; unit_state() { unit_pid=0; }; unread_drop_in() { return 1; }; masked_need() { :; }
      sent() { say "$1"; }; observe_service docker docker.service`;
    const result = runWithParts(userland, ["00-start.sh", "40-daemon.sh", "90-observe.sh"], script);
    expect(result.stdout.toString()).toContain(
      `units\nenvironment ${folder}/a.env\nenvironment ${folder}/b.env\n`,
    );
  });

  test.each([
    ["io.containerd.grpc.v1 cri linux/amd64 ok", 0, ""],
    ["io.containerd.grpc.v1 cri linux/amd64 error", 2, "io.containerd.grpc.v1.cri is error"],
    [
      "io.containerd.grpc.v1 introspection - ok",
      2,
      "io.containerd.grpc.v1.cri is missing (disabled_plugins?)",
    ],
    [
      "io.containerd.grpc.v1 cri - ok\nio.containerd.cri.v1 images - skip\nio.containerd.cri.v1 runtime linux/* error\nio.containerd.cri.v1 other - error",
      2,
      "io.containerd.cri.v1.images is skip;io.containerd.cri.v1.runtime is error",
    ],
  ])("a table of plugins with %j is health %s: %j", (rows, code, bad) => {
    // ctr fills each column with blanks, also the last one.
    const table = `TYPE ID PLATFORMS STATUS\n${rows}`.replace(/ /g, "    ").replace(/$/gm, "    ");
    const script = `config_known=yes config_file=/nowhere
      command() { :; }; limited() { printf '%s\n' "$table"; }
      table=$1; containerd_health; code=$?; printf '%s' "$problem"; exit $code`;
    const result = runWithParts(userland, ["00-start.sh", "40-daemon.sh"], `problem=; ${script}`, {
      args: [table],
    });
    expect(result.code).toBe(code);
    const words =
      "containerd runs without its CRI plugin, so the kubelet cannot run pods on this node: ";
    expect(result.stdout.toString()).toBe(bad && `${words}${bad}`);
  });

  test("without ctr containerd cannot be queried, and the error says so", () => {
    const script = 'PATH=/nowhere; containerd_health; printf "%s %s" $? "$problem"';
    expect(runWithParts(userland, ["00-start.sh", "40-daemon.sh"], script).stdout.toString()).toBe(
      "2 cannot query containerd: the ctr command is not installed",
    );
  });

  test.each([
    ["10.0.0.2", "http://10.0.0.2:5000/v2/"],
    ["registry.local", "http://registry.local:5000/v2/"],
    ["fd00::2", "http://[fd00::2]:5000/v2/"],
  ])("a registry at %s is asked as %s", (address, url) => {
    const script = `folder=$1; set -- "$2" 5000
      curl() { for last do :; done; printf '%s\\n' "$last" >>"$folder/asked"; }
      answers "$@"`;
    const result = runWithParts(userland, ["00-start.sh", "75-reach.sh"], script, {
      args: [folder, address],
    });
    expect(result.stderr).toBe("");
    expect(readFileSync(join(folder, "asked"), "utf8")).toBe(`${url}\n`);
  });

  // The last undo removes the folder while others wait for its lock. A waiting process that would only complete a
  // change does not create it again.
  test.each([
    ["late", "", false],
    ["", "locked by us", true],
  ])("a lock whose folder goes while it is waited for, coming '%s'", (late, said, made) => {
    const hold =
      'flock "$home/lock" sh -c \'touch "$1/held"; while [ ! -e "$1/wait" ]; do sleep 0.05; done; sleep 0.5; rm -rf "$1"\' sh "$home"';
    const script =
      'home=$1/home records=$1/home/records; mkdir "$home"; ' +
      `{ ${hold}; } & ` +
      'while [ ! -e "$home/held" ]; do sleep 0.05; done; touch "$home/wait"; ' +
      `stat() { printf '0 700\n'; }; take_lock us ${late}; say "locked by us"`;
    const result = runWithParts(userland, ["00-start.sh", "10-lock.sh"], script, {
      args: [folder],
    });
    expect(result.stderr).toBe("");
    expect(result.stdout.toString().trim()).toBe(said);
    expect(existsSync(join(folder, "home"))).toBe(made);
  });

  const lock = (script: string) =>
    runWithParts(
      userland,
      ["00-start.sh", "10-lock.sh"],
      `home=$1; lock_seconds=2; ${script}; take_lock us; say "locked by us"`,
      { args: [folder] },
    );

  test("a lock that another process holds is tried repeatedly, also with a flock without -w", () => {
    const hold = (seconds: number) =>
      `flock "$home/lock" sh -c 'echo "by them" >"$1/lock"; touch "$1/held"; sleep ${seconds}' sh "$home" & ` +
      'while [ ! -e "$home/held" ]; do sleep 0.05; done; ' +
      // Like busybox's flock.
      'flock() { case $* in "-n 9") command flock -n 9 ;; *) echo "unknown option" >&2; return 2 ;; esac; }';
    expect(lock(hold(0.4)).stdout.toString()).toBe("locked by us\n");
    rmSync(join(folder, "held"));
    expect(lock(hold(5))).toMatchObject({
      code: 1,
      stderr:
        "the lock of this host has been held for 2 seconds, by them: wait until it is released, then run again\n",
    });
  });

  test("a flock that fails does not count as a held lock", () => {
    expect(lock("flock() { return 71; }")).toMatchObject({
      code: 1,
      stderr: `cannot lock ${folder}/lock (flock exit code 71): does the file system support locks?\n`,
    });
  });

  test("every tool that a change calls is checked, and missing ones are named", () => {
    const all = runWithParts(userland, ["00-start.sh"], "missing_tools; need_tools");
    expect(all).toMatchObject({ code: 0, stderr: "" });
    expect(all.stdout.toString()).toBe("");
    const some = runWithParts(
      userland,
      ["00-start.sh"],
      // In busybox's shell, its own tools always exist.
      'command() { case $2 in diff | flock) return 1 ;; esac; }; need_tools; echo "went on"',
    );
    expect(some.code).toBe(1);
    expect(some.stdout.toString()).toBe("");
    expect(some.stderr).toBe(
      "this host lacks tools that a change needs: diff flock (they are in coreutils, diffutils, " +
        "findutils, grep, gzip, mawk, sed, util-linux and systemd): install them; nothing was changed on this host\n",
    );
  });

  test.each([
    ["is not there", "diff() { /nowhere/diff; }", 1],
    ["fails", "diff() { echo half; return 2; }", 1],
    ["finds no difference", ":", 0],
  ])("a diff that %s gives no lines, and says so by its exit code", (_what, script, code) => {
    writeFileSync(join(folder, "text"), "a\n");
    const result = runWithParts(userland, TEXT, `${script}; hunks "$1/text" "$1/text"`, {
      args: [folder],
    });
    expect(result.code).toBe(code);
    expect(result.stdout.toString()).toBe("");
  });

  describe("what a payload may name", () => {
    const PARTS = ["00-start.sh", "25-ours.sh", "30-files.sh", "40-daemon.sh", "60-apply.sh"];
    const abandon = 'abandon() { complain "$@"; exit 1; }; tx=$1; : >$tx/wanted; mkdir "$tx/files"';

    test.each([
      "base absent",
      "baseline absent",
      "for a",
      "after absent",
      "mode 0600",
      "edit 0 0",
      "+text",
      "=H4sI",
      "\\",
    ])(
      "%j without a file is refused, and nothing is written at the root of the file system",
      (line) => {
        writeFileSync(join(folder, "payload"), `cluster-registry 2\n${line}\nend\n`);
        const result = runWithParts(userland, PARTS, `${abandon}; read_payload`, {
          args: [folder],
        });
        expect(result.stderr).toBe("expected a file line before line 2; found none\n");
        for (const name of ["base", "after", "mode", "edits"])
          expect(existsSync(`/${name}`)).toBe(false);
      },
    );

    test("a long text that comes packed is the same text when it is written", () => {
      const text = `${"const a = '\\\\\\n\tü$`';".repeat(4000)}\nend\n`;
      const packed = gzipSync(text).toString("base64");
      writeFileSync(join(folder, "packed"), packed);
      const script = `{ echo 'edit 0 0'; unpacked <"$1/packed"; } >"$1/edits"; edited /dev/null "$1/edits" >"$1/text"`;
      runWithParts(userland, [...PARTS, "20-text.sh"], script, { args: [folder] });
      expect(readFileSync(join(folder, "text"), "utf8")).toBe(text);
    });

    test.each([
      ["/etc/docker/daemon.json", 0],
      ["/etc/containerd/config.toml", 0],
      ["/etc/containerd/certs.d/docker.io/hosts.toml", 0],
      ["/srv/certs/docker.io/hosts.toml", 0],
      ["/var/lib/cluster-registry-ui/nginx.conf", 0],
      ["/var/lib/cluster-registry-ui/page/index.html", 0],
      ["/var/lib/cluster-registry-ui/page/other.html", 1],
      ["/var/lib/cluster-registry-gc/timer.sh", 0],
      ["/var/lib/cluster-registry-gc/other.sh", 1],
      ["/etc/systemd/system/cluster-registry-gc.service", 0],
      ["/etc/systemd/system/cluster-registry-gc.timer", 0],
      ["/etc/systemd/system/ssh.service", 1],
      ["/srv/other/docker.io/hosts.toml", 1],
      ["/home/user/hosts.toml", 1],
      ["/etc/containerd/../passwd.toml", 1],
      ["/etc/shadow", 1],
    ])("the path %s is taken: %s", (path, code) => {
      const script = `${abandon}
        config='config_path = "/srv/certs:/srv/more"'
        cat() { printf '%s\\n' "$config"; }
        containerd() { :; }
        need_path "$2"`;
      expect(runWithParts(userland, PARTS, script, { args: [folder, path] }).code).toBe(code);
    });

    test.each([
      ["0 0 755", 0],
      ["0 0 775", 0],
      ["0 50 755", 0],
      ["0 50 2775", 1],
      ["0 0 1777", 1],
      ["0 0 757", 1],
      ["1000 0 755", 1],
    ])("a folder of owner, group and mode %s is one of root's alone: %s", (stat, code) => {
      const script = `${abandon}
        path=/usr/bin/file
        stat() { for last; do case $last in /usr/bin) echo ${stat} ;; /*) echo 0 0 755 ;; esac; done; }
        own_folders /usr/bin/file`;
      const result = runWithParts(userland, PARTS, script, { args: [folder] });
      expect(result.code).toBe(code);
      if (code !== 0) {
        expect(result.stderr).toContain(
          "/usr/bin/file: expected a file in folders that only root can write in; found /usr/bin (",
        );
      }
    });
  });

  test("the insecure registries are read from the docker daemon's answer", () => {
    const info =
      '{"RegistryConfig":{"InsecureRegistryCIDRs":["::1/128","127.0.0.0/8"],"IndexConfigs":{"172.30.1.2:5000":{"Name":"172.30.1.2:5000","Mirrors":[],"Secure":false,"Official":false},"docker.io":{"Name":"docker.io","Mirrors":["https://mirror.gcr.io/"],"Secure":true,"Official":true},"old:5000":{"Name":"old:5000","Mirrors":null,"Secure":false}},"Mirrors":null}}';
    const result = runWithParts(userland, ["00-start.sh", "40-daemon.sh"], "insecure_names", {
      stdin: `${info}\n`,
    });
    expect(result.stdout.toString()).toBe("::1/128\n127.0.0.0/8\n172.30.1.2:5000\nold:5000\n");
  });

  test.each([
    [
      '{"Name":"docker.io","Mirrors":["http://[fd00::1]:5001/","https://mirror.gcr.io/"],"Secure":true',
      "http://[fd00::1]:5001\nhttps://mirror.gcr.io\n",
    ],
    ['{"Name":"docker.io","Mirrors":[],"Secure":true', ""],
    ['{"Name":"docker.io","Mirrors":null,"Secure":true', ""],
  ])("the mirrors are read from the docker daemon's answer %j", (hub, urls) => {
    const info = `{"RegistryConfig":{"IndexConfigs":{"a:1":{"Name":"a:1","Mirrors":[],"Secure":false},"docker.io":${hub},"Official":true}},"Mirrors":["http://x/"]}}`;
    const result = runWithParts(userland, ["00-start.sh", "40-daemon.sh"], "mirror_urls", {
      stdin: `${info}\n`,
    });
    expect(result.stdout.toString()).toBe(urls);
  });

  test.each([
    ["172.30.1.2:5000", true],
    ["172.30.2.2:5000", false],
    ["reg:5000", true],
    ["127.9.9.9:1", true],
    ["other:5000", false],
    ["http://10.0.0.11:5001", true],
    ["http://172.30.1.2:5001", false],
  ])("%s is covered by an address, a name or a network: %s", (name, covered) => {
    const script = `docker_names='172.30.1.0/24
reg:5000
http://10.0.0.11:5001
127.0.0.0/8'; covered "$1"`;
    expect(
      runWithParts(userland, ["00-start.sh", "40-daemon.sh"], script, { args: [name] }).code,
    ).toBe(covered ? 0 : 1);
  });
});

describe.each(userlands)("the file for a moment, with $name", (userland) => {
  const MIRROR = "http://172.30.1.2:5001";
  test.each([
    ["nothing of ours goes", "", '{"a": 1}', undefined],
    ["the registry goes", "172.30.1.2:5000", '{"a": 1}', '{"insecure-registries": [],"a": 1}\n'],
    [
      "both go",
      `172.30.1.2:5000\n${MIRROR}`,
      "{}",
      '{"insecure-registries": [], "registry-mirrors": []}\n',
    ],
    [
      "the mirror goes, and the registry stays",
      `172.30.1.2:5000\n${MIRROR}`,
      '{"insecure-registries": ["172.30.1.2:5000"]}',
      '{"registry-mirrors": [],"insecure-registries": ["172.30.1.2:5000"]}\n',
    ],
    [
      "another mirror stays",
      `172.30.1.2:5000\n${MIRROR}`,
      '{"insecure-registries": ["172.30.1.2:5000"], "registry-mirrors": ["https://b"]}',
      undefined,
    ],
  ])("has the empty lists by which dockerd forgets: %s", (_, names, text, interim) => {
    const at = mkdtempSync(join(tmpdir(), "interim-"));
    try {
      writeFileSync(join(at, "new"), text);
      writeFileSync(join(at, "after"), "ab\n");
      const script = `f=$1 tx=$1 names=$2; plan_interim`;
      const parts = ["00-start.sh", "65-undo.sh"];
      expect(runWithParts(userland, parts, script, { args: [at, names] }).code).toBe(0);
      const made = join(at, "interim");
      expect(existsSync(made) ? readFileSync(made, "utf8") : undefined).toBe(interim);
    } finally {
      rmSync(at, { recursive: true });
    }
  });
});

test("the packed helper names neither the time nor the system on which it was packed", () => {
  // Of gzip's header, RFC 1952: no flags, no time, no hint about the level, and Unix.
  expect(packedHelper()).toContain("printf %s 'H4sIAAAAAAAAA");
});

test("no function is defined twice: the later one would take the place of the other without a word", () => {
  const names = [...helperText().matchAll(/^([a-z_]+)\(\) \{/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(200);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test("the text for an observation has only the parts that it needs", () => {
  const text = observeText(["containerd"]);
  expect(text).toContain("observe \"$@\" <<'wishes'\ncontainerd\nwishes\n");
  const parts = gunzipSync(
    Buffer.from(/printf %s '([^']*)' \| base64/.exec(text)?.[1] ?? "", "base64"),
  ).toString();
  expect(parts).toContain("\nobserve() {\n");
  for (const word of ["systemctl restart", 'restart "$unit"', "rm -rf", "systemd-run"])
    expect(parts).not.toContain(`\n  ${word}`);
});

function asText(lines: readonly string[], closed: boolean): string {
  return lines.length === 0 ? "" : lines.join("\n") + (closed ? "\n" : "");
}

function asEdits(bytes: Buffer, some: readonly (readonly [number, number, string[]])[]): Edit[] {
  let at = 0;
  return some
    .flatMap(([gap, length, lines]) => {
      const offset = at + (gap % Math.max(1, bytes.length - at + 1));
      const long = Math.min(length, bytes.length - offset);
      at = offset + Math.max(1, long);
      return offset > bytes.length || at > bytes.length + 1
        ? []
        : [{ offset, length: long, text: lines.join("\n") }];
    })
    .filter((edit) => edit.offset + edit.length <= bytes.length);
}

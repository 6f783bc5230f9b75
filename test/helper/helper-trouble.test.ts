import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runWithParts, userlands } from "./shells";

const ALL = [
  "00-start.sh",
  "10-lock.sh",
  "20-text.sh",
  "25-ours.sh",
  "30-files.sh",
  "40-daemon.sh",
  "45-standing.sh",
  "50-transaction.sh",
  "52-boot.sh",
  "55-detach.sh",
  "57-timer.sh",
  "60-apply.sh",
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "helper-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each(userlands)("$name", (userland) => {
  /** The helper keeps everything in a folder of the test, and the daemon is healthy. */
  const run = (script: string) =>
    runWithParts(
      userland,
      ALL,
      `home=$1/home records=$1/home/records boot_folder=$1/units boot_flag=$1/under-way; mkdir "$boot_folder"
       systemctl() {
         printf '%s\\n' "$*" >>"$folder/calls"
         case $* in
           show*) printf 'LoadState=loaded\\nActiveState=active\\nInvocationID=%s\\n' "$(wc -l <"$folder/starts" | tr -d ' ')" ;;
           *restart*) echo >>"$folder/starts" ;;
         esac
       }
       journalctl() { :; }
       containerd_health() { :; }
       folder=$1; : >"$folder/starts"; : >"$folder/calls"
       change() {
         mkdir -p "$home" && open_record r && mkdir -p "$tx/files/1" "$tx/undo" && : >"$tx/error"
         token=token
         printf 'containerd.service\\n' >"$tx/unit"
         printf '%s\\n' "$1" >"$tx/kind"
         printf '%s\\n' "$2" >"$tx/activate"
         printf '%s\\n' "$3" >"$tx/step"
         printf '5\\n' >"$tx/wait"
         printf 'active\\n' >"$tx/was"
         printf 'yes\\n' >"$tx/well"
       }
       ${script}`,
      { args: [folder] },
    );
  const calls = () => readFileSync(join(folder, "calls"), "utf8");

  test("a lock that cannot be opened is reported as such", () => {
    const result = run("take_lock r");
    expect(result.stderr).toContain(
      `cannot open ${folder}/home/lock: is the disk full or read-only?\n`,
    );
    expect(result.code).toBe(1);
  });

  test("a change waits for another one as long as that may take", () => {
    const script = `mkdir "$home"
      own_patience /nowhere; echo "$lock_seconds"
      printf 'cluster-registry 1\\nwait 7\\nwatchdog 30\\nfile /x\\nwait 1\\n' >"$home/payload"
      own_patience "$home/payload"; echo "$lock_seconds"`;
    expect(run(script).stdout.toString()).toBe("240\n37\n");
  });

  test("a rollback restarts the daemon, also where nothing can be written any more", () => {
    const result = run(
      // As on a file system that became read-only: a redirection to these fails.
      `change apply restart activating; rm "$tx/error"; mkdir "$tx/error"
       echo nothing >"$tx/files/1/do"; echo "$folder/calls" >"$tx/files/1/real"
       put_back`,
    );
    expect(result.stderr).toContain(
      "Rolled back: the old files are in place, and containerd is healthy.",
    );
    expect(calls()).toContain("--no-block restart containerd.service\n");
  });

  test.each([
    ["activating", "0", 0],
    ["checking", "1", 0],
    ["replaced", "1", 0],
    ["replaced", "0", 1],
  ])(
    "put back at %s, by a clock that is two years ahead, a daemon of start %s may have the new files: %s",
    (step, invocation, code) => {
      const result = run(
        `change apply restart ${step}; echo 0 >"$tx/invocation"; echo "$folder/calls" >"$tx/files/1/real"
         date() { command date -d '+2 years' "$@"; }
         [ ${invocation} = 0 ] || echo >>"$folder/starts"
         daemon_may_have_taken_it`,
      );
      expect(result.code).toBe(code);
    },
  );

  describe("somebody saves while a change is put back", () => {
    /** The old text is `a`, and ours has one more line. `before` and `after` run around the nth exchange of names. */
    const saved = (made: "replace" | "create", script: string) => {
      const result = run(
        `change apply restart activating
         f=$tx/files/1 real=$folder/conf tmp=$folder/.new
         printf '%s\n' "$real" >"$f/path"; cp "$f/path" "$f/real"
         printf '%s\n' "$tmp" >"$f/tmp"; printf '%s\n' "$tmp.old" >"$f/keep"; : >"$f/folders"
         printf 'a\n' >"$tmp.old"; printf 'a\nours\n' >"$real"
         echo ${made} >"$f/do"; sha "$real" >"$f/after"
         if [ ${made} = create ]; then echo absent >"$f/base"; rm "$tmp.old"; hunks /dev/null "$real" >"$f/lines"
         else sha "$tmp.old" >"$f/base"; hunks "$tmp.old" "$real" >"$f/lines"; fi
         exec 8>>"$real"
         times=0
         before() { :; }; after() { :; }; 
         # As an editor does: it has read the file once, and saves what it has.
         cp "$real" "$folder/buffer"; save() { echo "$1" >>"$folder/buffer"; cp "$folder/buffer" "$folder/save"; mv "$folder/save" "$real"; }
         exchange() {
           times=$((times + 1)); before $times
           mv "$1" "$1.x" && mv "$2" "$1" && mv "$1.x" "$2"; after $times
         }
         ${script}
         put_back; code=$?; cat "$real"; ls -A "$folder" | grep -vxE 'buffer|calls|conf|home|starts|units'; exit $code`,
      );
      return { text: result.stdout.toString(), said: result.stderr, code: result.code };
    };
    const THEIRS =
      "was changed by someone else during this operation: their text is kept; check it.\n";

    test("nobody does: the old text is back, and no other file is left", () => {
      expect(saved("replace", "")).toEqual({
        code: 0,
        text: "a\n",
        said: "  Rolled back: the old files are in place, and containerd is healthy.\n",
      });
    });

    test.each([
      [
        "just before the old text returns",
        "before() { [ $1 != 1 ] || save theirs; }",
        "a\ntheirs\n",
      ],
      [
        "into the file, as the old text returns",
        "after() { [ $1 != 1 ] || echo theirs >&8; }",
        "a\ntheirs\n",
      ],
      [
        "twice, around the exchange",
        'before() { case $1 in 1 | 2) save "theirs $1" ;; esac; }',
        "a\ntheirs 1\ntheirs 2\n",
      ],
      [
        "again and again",
        'before() { [ $1 -gt 9 ] || save "theirs $1"; }',
        /^a\n(?:theirs \d\n){9}$/,
      ],
      ["before it begins", "save theirs", "a\ntheirs\n"],
      [
        "while our lines are taken out of their text",
        "save one; before() { [ $1 != 1 ] || save two; }",
        "a\none\ntwo\n",
      ],
      [
        "into the file that was taken away, while the daemon starts",
        "await() { echo theirs >&8; }",
        "a\ntheirs\n",
      ],
      [
        "and who put it back was killed right after the exchange",
        'save theirs; mv "$real" "$tmp.old.x"; mv "$tmp.old" "$real"; mv "$tmp.old.x" "$tmp.old"',
        "a\ntheirs\n",
      ],
    ])("%s: their text stays, without our lines", (_when, script, text) => {
      const result = saved("replace", script);
      expect(result.text).toMatch(text instanceof RegExp ? text : new RegExp(`^${text}$`));
      expect(result.said).toContain(THEIRS);
      expect(result.code).toBe(0);
    });

    test.each([
      [
        "as our new file goes",
        'state_into() { if [ -f "$2" ]; then sha_into "$1" "$2"; else eval "$1=absent"; fi; [ "$2" != "$real" ] || grep -q theirs "$folder/buffer" || save theirs; }',
        "theirs\n",
      ],
      ["into our new file once it is gone", "await() { echo theirs >&8; }", "a\nours\ntheirs\n"],
    ])("%s, where there was none: their text stays", (_when, script, text) => {
      const result = saved("create", script);
      expect(result.said).toContain(THEIRS);
      expect(result.text).toBe(text);
      expect(result.code).toBe(0);
    });
  });

  test("a rollback restores mode and owner, unless somebody has changed them since", () => {
    const modes = (since: string) =>
      run(
        `change apply none replacing; f=$tx/files/1 real=$folder/conf
         : >"$real"; chmod 600 "$real"; echo "$real" >"$f/path"; echo "$real" >"$f/real"; echo mode >"$f/do"; echo 0644 >"$f/mode"
         put_final; stat -c %a "$real"; ${since}; put_back; stat -c %a "$real"`,
      ).stdout.toString();
    expect(modes(":")).toBe("644\n600\n");
    expect(modes('chmod 640 "$real"')).toBe("644\n640\n");
  });

  test.each([
    ["inactive", "checking", "inactive", 0, "is stopped, as before.", ["stop"]],
    ["failed", "activating", "failed", 0, "is stopped, as before.", ["stop"]],
    [
      "inactive",
      "checking",
      "active",
      1,
      "containerd, which was stopped before, is active",
      ["stop"],
    ],
    ["inactive", "replaced", "inactive", 0, "Rolled back: the old files are in place.", []],
    ["active", "checking", "active", 0, "is healthy.", ["restart"]],
    ["activating", "checking", "active", 0, "is healthy.", ["restart"]],
  ])(
    "a daemon that was %s, put back at %s, is %s in the end (%s): %s",
    (was, step, is, code, said, verbs) => {
      const result = run(
        `change apply restart ${step}; echo ${was} >"$tx/was"; echo 0 >"$tx/invocation"
         systemctl() {
           printf '%s\n' "$*" >>"$folder/calls"
           case $* in
             show*) printf 'LoadState=loaded\nActiveState=%s\nInvocationID=%s\n' ${is} "$(wc -l <"$folder/starts" | tr -d ' ')" ;;
             *restart*) echo >>"$folder/starts" ;;
           esac
         }
         limited() { shift; "$@"; }
         echo nothing >"$tx/files/1/do"
         put_back`,
      );
      expect(result.stderr).toContain(said);
      expect(result.code).toBe(code);
      const verb = /^(?:--no-block )?(stop|restart|start) containerd.service$/;
      expect(
        calls()
          .split("\n")
          .flatMap((line) => verb.exec(line)?.[1] ?? []),
      ).toEqual(verbs);
    },
  );

  test("the error about an unhealthy daemon quotes it, also where nothing can be written", () => {
    const result = run(
      `change apply restart activating; rm "$tx/error"; mkdir "$tx/error"
       journalctl() { echo 'level=error msg=no-thanks'; }
       last_words containerd.service ''`,
    );
    expect(result.stdout.toString()).toBe("  containerd: level=error msg=no-thanks\n");
    expect(result.stderr).toBe("");
  });

  test("a daemon's quoted messages are those since the change began, whatever the clock says", () => {
    const result = run(
      `change apply restart activating
       journalctl() {
         case $* in
           *--show-cursor*) printf 'some text\\n-- cursor: s=1;i=2\\n' ;;
           *'--after-cursor=s=1;i=2'*) echo 'level=error msg=mine' ;;
           *) echo 'level=error msg=old' ;;
         esac
       }
       last_words docker.service "$(journal_end)"`,
    );
    expect(result.stdout.toString()).toBe("  docker: level=error msg=mine\n");
  });

  test("an undo restores the folder of a restored file too", () => {
    const result = run(
      `change undo none begin
       f=$tx/files/1
       path=$folder/gone/sub/hosts.toml
       printf '%s\\n' "$path" >"$f/path"; printf '%s\\n' "$path" >"$f/real"
       echo theirs >"$f/new"; sha "$f/new" >"$f/after"
       echo absent >"$f/base"; echo create >"$f/do"; echo 644 >"$f/mode"
       carry_out`,
    );
    expect(result.stderr).toBe("");
    expect(result.code).toBe(0);
    expect(readFileSync(join(folder, "gone/sub/hosts.toml"), "utf8")).toBe("theirs\n");
  });

  test("a reload that systemd has not performed yet is awaited before the daemon is checked", () => {
    const result = run(
      `change apply reload activating; wanted= unwanted=
       systemctl() {
         case $* in
           show*)
             echo >>"$folder/starts"
             printf 'ActiveState=active\\nInvocationID=a\\n'
             [ "$(wc -l <"$folder/starts")" -gt 2 ] || echo Job=17
             ;;
         esac
       }
       docker_health() { wc -l <"$folder/starts" | tr -d ' ' >>"$folder/calls"; }
       reload docker.service 5`,
    );
    expect(result.code).toBe(0);
    expect(calls()).toBe("3\n");
  });

  test.each([
    ["active", "no", 1],
    ["active", "yes", 0],
    ["inactive", "no", 0],
  ])("a docker that is %s, and can be reloaded: %s, is refused: %s", (active, can, code) => {
    const result = run(
      `change apply reload begin; unit=docker.service activate=reload result=
       unit_state() { unit_load=loaded unit_active=${active} unit_reload=${can} unit_invocation=a unit_kill=process; }
       docker_health() { :; }
       abandon() { complain "$@"; exit 1; }
       note_daemon`,
    );
    expect(result.code).toBe(code);
    if (code === 1) {
      expect(result.stderr).toBe(
        "expected docker.service to have an ExecReload, so that it takes the file without a restart, which would stop its containers; " +
          "found none: add `ExecReload=/bin/kill -s HUP $MAINPID` to its [Service] with `systemctl edit docker`\n",
      );
    }
  });

  test.each([
    ["systemd 252 (252.39-1~deb12u1)", 0],
    ["systemd 236", 0],
    ["systemd 235 (235)", 1],
    ["systemd 219", 1],
    ["something else", 0],
  ])("%s will do: %s", (version, code) => {
    const result = run(`systemctl() { printf '%s\\n+PAM -AUDIT\\n' '${version}'; }; need_collect`);
    expect(result.code).toBe(code);
    if (code === 1) {
      expect(result.stderr).toBe(
        `expected systemd 236 or later, whose systemd-run has --collect; found ${version.split(" ")[1]}\n` +
          "  Nothing was started or changed on this host.\n",
      );
    }
  });

  test("if D-Bus does not answer, the error says that nothing was started or changed", () => {
    const result = run("bus_answers() { return 1; }; need_bus");
    expect(result.code).toBe(1);
    expect(result.stderr).toBe(
      "expected D-Bus on this host, through which systemd-run waits for a change; found that it does not answer: " +
        "install dbus, or run `systemctl start dbus`\n  Nothing was started or changed on this host.\n",
    );
  });

  test("a change that systemd did not start is reported as such, and not as one that was stopped", () => {
    const result = run(
      `mkdir "$home" && need_systemd() { :; } && stop_seconds() { echo 1; }
       stage=$home/stage.12345678; mkdir "$stage"; : >"$stage/unfinished"; : >"$stage/killed"
       mkdir "$folder/bin"; PATH=$folder/bin:$PATH
       printf '%s\\n' '#!/bin/sh' 'echo "Failed to connect to bus: No such file or directory" >&2; exit 1' >"$folder/bin/systemd-run"
       chmod 755 "$folder/bin/systemd-run"
       detach apply r`,
    );
    expect(result.code).toBe(1);
    expect(result.stderr).toBe(
      "systemd cannot start the change: Failed to connect to bus: No such file or directory\n" +
        "  Nothing was started or changed on this host.\n",
    );
  });
});

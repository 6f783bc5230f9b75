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
  "55-detach.sh",
  "60-apply.sh",
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "helper-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each(userlands)("$name", (userland) => {
  /** With everything that the helper keeps in a folder of the test's own, and a daemon that is well. */
  const run = (script: string) =>
    runWithParts(
      userland,
      ALL,
      `home=$1/home records=$1/home/records
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

  test("a lock that cannot be opened is told as such", () => {
    const result = run("take_flock r");
    expect(result.stderr).toContain(
      `cannot open ${folder}/home/lock: is the disk full or read-only?\n`,
    );
    expect(result.code).toBe(1);
  });

  test("what a change may take is what another one waits for it", () => {
    const script = `mkdir "$home"
      own_patience /nowhere; echo "$lock_seconds"
      printf 'cluster-registry 1\\nwait 7\\nwatchdog 30\\nfile /x\\nwait 1\\n' >"$home/payload"
      own_patience "$home/payload"; echo "$lock_seconds"`;
    expect(run(script).stdout.toString()).toBe("240\n37\n");
  });

  test("a change that is put back restarts the daemon, also where nothing can be written any more", () => {
    const result = run(
      // As on a file system that became read-only: a redirection to these fails.
      `change apply restart activating; rm "$tx/error"; mkdir "$tx/error"
       echo nothing >"$tx/files/1/do"; echo "$folder/calls" >"$tx/files/1/real"
       put_back`,
    );
    expect(result.stderr).toContain(
      "Put back: the old files are in place, and containerd is well with them.",
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

  test("a daemon that does not get well is told with its words also where nothing can be written", () => {
    const result = run(
      `change apply restart activating; rm "$tx/error"; mkdir "$tx/error"
       journalctl() { echo 'level=error msg=no-thanks'; }
       last_words containerd.service ''`,
    );
    expect(result.stdout.toString()).toBe("  containerd: level=error msg=no-thanks\n");
    expect(result.stderr).toBe("");
  });

  test("a daemon's last words are those since the change began, whatever the clock says", () => {
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

  test("a file that an undo brings back gets its folder back too", () => {
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

  test("a reload that systemd has not carried out yet is waited for before the daemon is asked", () => {
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
        `expected systemd 236 or later, whose systemd-run has --collect; found ${version.split(" ")[1]}: nothing was changed on this host\n`,
      );
    }
  });
});

import { createInterface } from "node:readline";
import { CONTAINER_NAME, GC_SERVICE } from "../helper/commands";
import { shellWord } from "../helper/shell-word";
import type { HostAccess } from "../settings/access";
import type { CommandStream, Connection } from "../ssh/connection";
import type { Listing } from "./listing";
import type { Plan } from "./plan";
import { asRoot, program, refusedByHost } from "./read-host";
import { readOnlyConfig } from "./read-only";

/** The name of the unit that runs a clean-up. systemd runs a name once, so that two operators cannot clean up at once. */
const UNIT = "cluster-registry-gc-session";
const HOME = `/var/lib/cluster-registry/gc`;

/** A clean-up that runs on the registry's host, and ends with this program. */
export class GcSession {
  private readonly lines: AsyncIterator<string>;
  private readonly closed: Promise<void>;
  /** What systemd and the programs on the host wrote to standard error. */
  private complaint = "";
  private ending = false;

  private constructor(
    private readonly stream: CommandStream,
    private readonly host: string,
  ) {
    stream.stderr.setEncoding("utf8").on("data", (text: string) => (this.complaint += text));
    this.lines = createInterface({ input: stream })[Symbol.asyncIterator]();
    this.closed = new Promise((resolve) => stream.once("close", () => resolve()));
  }

  /**
   * Starts the clean-up on the host, which changes nothing yet.
   * @throws Error if another one runs there, or the host has no systemd
   */
  static async open(
    connection: Connection,
    host: HostAccess,
    { container, folder }: Listing,
  ): Promise<GcSession> {
    const { configPath } = container;
    if (configPath === undefined || folder === undefined)
      throw new Error(`${host.name}: the registry's configuration file or folder is not known`);
    const prepared = await connection.exec(
      asRoot(host, HOME, CONTAINER_NAME, configPath, UNIT, GC_SERVICE),
      {
        stdin: PREPARE,
      },
    );
    if (prepared.code !== 0) throw refusedByHost(host, prepared);
    const config = prepared.stdout.toString();
    const files = await connection.exec(asRoot(host, HOME), {
      stdin: filesText({
        "gc.sh": program("gc.sh"),
        "config.expected": config,
        "config.readonly": readOnlyConfig(config),
      }),
    });
    if (files.code !== 0) throw refusedByHost(host, files);
    const args = [CONTAINER_NAME, configPath, folder].map(shellWord).join(" ");
    const restore = `/bin/sh ${HOME}/gc.sh restore ${args}`;
    const run = [
      ...(host.sudo ? ["sudo", "-n"] : []),
      `systemd-run --quiet --collect --wait --pipe --unit=${UNIT}`,
      `--property=${shellWord(`ExecStopPost=${restore}`)}`,
      `/bin/sh ${HOME}/gc.sh run ${args} ${GC_SERVICE}`,
    ];
    return new GcSession(await connection.stream(run.join(" ")), host.name);
  }

  /** From now on the registry takes no pushes. Pulls go on, except for the second of the restart. */
  async readOnly(): Promise<void> {
    await this.order("read-only");
  }

  /** Removes what is planned, and collects the garbage. Returns the number of blobs that went. */
  async cleanUp({ expired, untagged, emptied }: Plan): Promise<number> {
    for (const { tag } of expired) this.send(`tag ${tag.repository} ${tag.name}=${tag.digest}`);
    for (const { repository, digest } of untagged)
      this.send(`revision ${repository} ${digest.replace(":", "/")}`);
    for (const repository of emptied) this.send(`repository ${repository}`);
    return Number((await this.order("collect")).replace("collected ", ""));
  }

  /** Starts the registry as it was. */
  async restart(): Promise<void> {
    await this.order("restart");
  }

  /**
   * Ends the clean-up after the step that runs, and waits for the host. If the registry is still read-only, the host
   * restarts it. May be called again.
   */
  async close(): Promise<void> {
    if (!this.ending) this.stream.end();
    this.ending = true;
    await this.closed;
  }

  private send(line: string): void {
    if (this.ending) throw failed(this.host, "the clean-up was ended");
    this.stream.write(`${line}\n`);
  }

  private async order(line: string): Promise<string> {
    this.send(line);
    const next = await this.lines.next();
    if (next.done) {
      await this.closed;
      const why = this.complaint.trim();
      throw failed(
        this.host,
        `the clean-up ended at the step "${line}"${why === "" ? "" : `: ${why}`}`,
      );
    }
    const [word, ...rest] = next.value.split(" ");
    if (word === "failed" || word === "refused") throw failed(this.host, rest.join(" "));
    return next.value;
  }
}

const failed = (host: string, said: string) => new Error(`${host}: ${said.trim()}`);

/** Puts back what a clean-up left that was interrupted with the power of the host, and prints the configuration. */
const PREPARE = `
set -eu
home=$1 name=$2 config=$3 unit=$4 timer=$5
command -v systemd-run >/dev/null || { echo "a clean-up needs systemd on this host" >&2; exit 3; }
state=$(systemctl show --property=ActiveState --value -- "$unit.service")
if [ "$state" != inactive ] && [ "$state" != failed ]; then
  echo "another clean-up runs on this host; wait for its end, or stop it there with: systemctl stop $unit" >&2
  exit 3
fi
state=$(systemctl show --property=ActiveState --value -- "$timer")
if [ "$state" != inactive ] && [ "$state" != failed ]; then
  echo "the registry's timer cleans up on this host at this moment; wait for its end: journalctl -f -u $timer" >&2
  exit 3
fi
if [ -e "$home/changed" ]; then
  docker cp -- "$home/config.original" "$name:$config" >/dev/null
  docker restart -t 1 -- "$name" >/dev/null
fi
rm -rf -- "$home"
docker cp -- "$name:$config" - | tar -xO
`;

function filesText(files: Readonly<Record<string, string>>): string {
  const parts = Object.entries(files).map(
    ([name, text]) => `printf %s ${shellWord(text)} >${shellWord(name)}`,
  );
  return ["set -eu", 'mkdir -p -m 0700 -- "$1"', 'cd -- "$1"', ...parts, ""].join("\n");
}

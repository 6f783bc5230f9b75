import { once } from "node:events";
import { resolve } from "node:path";
import { command } from "../engine/command/exit";
import { type FlagSpec, helpText, parseFlags, UsageError } from "../engine/command/flags";
import { Workspace } from "../engine/stack";
import { resolveSettings } from "../observation/cluster-nodes";
import { openConnection } from "../observation/hosts";
import { accessOf } from "../settings/access";
import { clusterOfPods } from "../settings/cluster";
import { configValues } from "../settings/config";
import { hostPort } from "../settings/formats";
import { parseWritten } from "../settings/parse";
import { surroundings } from "../ssh/surroundings";
import { buildPage } from "../ui/build-page";
import { podsAnswer } from "../ui/pods-answer";
import { RegistryRoute } from "../ui/registry-route";
import { startServer } from "../ui/server";

const FLAGS: Record<string, FlagSpec> = {
  stack: {
    kind: "value",
    short: "s",
    help: "The name of the stack whose registry to show. Defaults to the selected stack",
  },
  port: { kind: "value", help: "The port on 127.0.0.1. Defaults to any free one" },
  "read-only": { kind: "switch", help: "Offer no deletion, and refuse it" },
  cwd: { kind: "value", short: "C", help: "Run as if started in this directory" },
  help: { kind: "switch", short: "h", help: "Print this text" },
};

const ABOUT =
  "Serves a page on 127.0.0.1 to browse and delete the images of the stack's registry, until Ctrl-C. The page reaches the " +
  "registry through the SSH connection to its host, so it needs no open port and installs nothing. If the settings have a " +
  "cluster (`kubernetes`), it shows which Pods use an image.";

/** `npm run ui`: the page of the stack's registry, on this machine. */
export function main(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, FLAGS);
    if (flags["help"]) {
      const examples = ["npm run ui -- --stack prod", "npm run ui -- --port 8080 --read-only"];
      process.stdout.write(helpText("npm run ui -- [FLAGS]", ABOUT, examples, FLAGS));
      return;
    }
    if (rest.length > 0) throw new UsageError(`unknown argument: ${rest.join(" ")}`);
    const port = portOf(text(flags["port"]));
    const folder = resolve(text(flags["cwd"]) ?? ".");
    const stack = await Workspace.open({ folder, stack: text(flags["stack"]) }).load();
    const { project } = stack;
    const all = Object.fromEntries([...stack.config()].map(([key, value]) => [key, value.text]));
    const around = surroundings(project.program.folder);
    const raw = configValues(all, project.name);
    const { settings, notes } = await resolveSettings(raw, around);
    const say = (line: string) => void process.stderr.write(`${line}\n`);
    notes.forEach(say);
    const { host, address, port: registryPort } = settings.registry;
    const cluster = clusterOfPods(parseWritten(raw), around);
    let access = accessOf(settings, around).get(host)!;
    const connect = async () => {
      const opened = await openConnection(access, say);
      ({ access } = opened);
      return opened.connection;
    };
    const route = new RegistryRoute(connect, { host: address, port: registryPort });
    const [page] = await Promise.all([buildPage(), route.agent()]);
    const server = await startServer({
      page,
      info: {
        registry: hostPort(address, registryPort),
        readOnly: flags["read-only"] === true,
        collectGarbage: `npm run gc -- --stack ${stack.name}`,
        applySettings: `npm run up -- --stack ${stack.name}`,
      },
      route,
      pods: () => podsAnswer(cluster),
      port,
    });
    process.stdout.write(`${server.url}\n`);
    say(`serving the registry ${hostPort(address, registryPort)}; Ctrl-C ends this`);
    await Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
    await server.close();
  });
}

const text = (value: unknown) => (typeof value === "string" ? value : undefined);

function portOf(value: string | undefined): number {
  if (value === undefined) return 0;
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65535) return port;
  throw new UsageError(`--port: expected a port from 0 to 65535, found ${value}`);
}

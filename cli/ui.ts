import { once } from "node:events";
import { imagePrefix } from "../decision/plan";
import { command } from "../engine/command/exit";
import { type FlagSpec, helpText, parseFlags, UsageError } from "../engine/command/flags";
import { readInUse } from "../images/registry-session";
import { openConnection } from "../observation/hosts";
import { buildPage } from "../ui/build-page";
import { podsAnswer } from "../ui/pods-answer";
import { RegistryRoute } from "../ui/registry-route";
import { startServer } from "../ui/server";
import { loadStack, STACK_FLAGS } from "./loaded-stack";
import { say } from "./output";

const FLAGS: Record<string, FlagSpec> = {
  port: { kind: "value", help: "The port on 127.0.0.1. Defaults to any free one" },
  "read-only": { kind: "switch", help: "Offer no deletion, and refuse it" },
  ...STACK_FLAGS,
};

const ABOUT =
  "Serves a page on 127.0.0.1 to browse and delete the images of the stack's registry, until Ctrl-C. The page reaches the " +
  "registry through the SSH connection to its host, so it needs no open port and installs nothing. If the settings have a " +
  "cluster, it shows which Pods and workloads use an image.";

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
    const port = portOf(flags["port"]);
    const { name, settings, access: hosts, notes, cluster } = await loadStack(flags);
    notes.forEach(say);
    const { host, address, port: registryPort } = settings.registry;
    let access = hosts.get(host)!;
    const connect = async () => {
      const opened = await openConnection(access, say);
      ({ access } = opened);
      return opened.connection;
    };
    const route = new RegistryRoute(connect, { host: address, port: registryPort });
    // A login that fails is an error of the command, before the page is there.
    const [page] = await Promise.all([buildPage(), route.agent()]);
    const registry = imagePrefix(settings);
    const server = await startServer({
      page,
      info: {
        registry,
        readOnly: flags["read-only"] === true,
        collectGarbage: `npm run gc -- --stack ${name}`,
        applySettings: `npm run up -- --stack ${name}`,
      },
      route,
      pods: () => podsAnswer(() => readInUse(settings, cluster)),
      port,
    });
    process.stdout.write(`${server.url}\n`);
    say(`serving the registry ${registry}; Ctrl-C ends this`);
    await Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
    await server.close();
  });
}

function portOf(value: unknown): number {
  if (typeof value !== "string") return 0;
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65535) return port;
  throw new UsageError(`--port: expected a port from 0 to 65535, found ${value}`);
}

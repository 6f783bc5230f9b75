import { join } from "node:path";
import { install, pulumiHome, remove } from "../plugin/install";
import { plugins as all } from "../engine/providers";

const NAMES = all.map(({ name }) => name).join(", ");
const USAGE = `usage: npm run plugins -- install [--replace] [NAME...] | remove [NAME...]

  install   install this project's providers as plugins of the Pulumi CLI, in $PULUMI_HOME/plugins or ~/.pulumi/plugins
  remove    remove these plugins and restore the ones that --replace moved

  NAME        ${NAMES}; the default is all of them
  --replace   move an existing plugin of the same name and version, usually Pulumi's own, out of the way

Use them on networks where the Pulumi CLI cannot download plugins. Otherwise use the official plugins.`;

/** `npm run plugins`: installs the providers of the embedded engine as plugins of the Pulumi CLI. */
export function main(args: string[]): void {
  try {
    console.log(dispatch(args));
  } catch (error) {
    console.error(`plugins: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

function dispatch(args: string[]): string {
  if (args.some((arg) => arg === "--help" || arg === "-h")) return USAGE;
  const [command = "", ...words] = args;
  const replace = words.includes("--replace");
  const names = words.filter((word) => word !== "--replace");
  const unknown = names.find((name) => !all.some((plugin) => plugin.name === name));
  if (unknown !== undefined)
    throw new Error(`unknown provider ${JSON.stringify(unknown)}; known providers: ${NAMES}`);
  const chosen = all.filter(({ name }) => names.length === 0 || names.includes(name));
  const home = pulumiHome(process.env);
  switch (command) {
    case "install": {
      if (process.platform === "win32") throw new Error("Windows is not supported");
      const witness = join(__dirname, "run.mjs");
      const program = [process.execPath, witness, "provider"];
      return install(chosen, { home, program, witness }, replace).join("\n");
    }
    case "remove":
      if (replace) throw new Error(`--replace belongs to install\n${USAGE}`);
      return remove(chosen, home).join("\n");
    default:
      throw new Error(`${command ? `unknown command ${command}` : "missing command"}\n${USAGE}`);
  }
}

import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ensurePulumi } from "../../lab/go/pulumi";
import { cacheFolder } from "../../lab/paths";
import { SECRET_SIGNATURE, SIGNATURE } from "../../engine/values/property";
import { said } from "../engine/command/npm-run";
import { testWithPulumi } from "./cli";

jest.setTimeout(3_600_000);

type Script = Parameters<typeof said>[1][0];
type Line = [Script, ...string[]];

interface Answer {
  code: number | null;
  stdout: string;
  /** Pulumi.STACK.yaml files as they are then. */
  files: Record<string, string>;
}

const secret = (value: unknown) => ({
  [SIGNATURE]: SECRET_SIGNATURE,
  plaintext: JSON.stringify(value),
});
const ROOT = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev";
const PROVIDER = "urn:pulumi:dev::p::pulumi:providers:fake::default";
const ID = "8d7bd4ff-2f0b-4f3f-8b12-0a2b4d3f6f10";

/** A stack with a resource, and outputs of every kind. The CLI takes its secrets only where the salt is there as well. */
const deployment = (salt: string) => ({
  version: 3,
  deployment: {
    secrets_providers: { type: "passphrase", state: { salt } },
    manifest: { time: "2026-01-02T03:04:05Z", magic: "", version: "" },
    resources: [
      {
        ...{ urn: ROOT, custom: false, type: "pulumi:pulumi:Stack" },
        outputs: {
          ...{ url: "http://a b", port: 5000, on: true, none: null, quote: "it's $HOME" },
          ...{ list: [1, { b: 2, a: 1 }], token: secret("hush"), keys: { k: secret("hush") } },
        },
      },
      {
        ...{ urn: PROVIDER, custom: true, id: ID, type: "pulumi:providers:fake" },
      },
      {
        ...{ urn: "urn:pulumi:dev::p::fake:index:Thing::a", custom: true, id: "a-1" },
        ...{ type: "fake:index:Thing", inputs: { value: secret({ b: "2" }) }, outputs: {} },
        ...{ parent: ROOT, provider: `${PROVIDER}::${ID}` },
      },
    ],
  },
});

/** One command line after the other, in the folder of one project. */
const LINES: Line[] = [
  ["stack", "ls"],
  ["stack", "ls", "--json"],
  ["config"],
  ["config", "set", "a", "1"],
  ["stack", "init", "dev"],
  ["stack", "init", "dev"],
  ["stack", "init", "no/such/name"],
  ["stack", "ls"],
  ["stack", "ls", "--json"],
  ["config", "set", "a", "1"],
  ["config", "set", "p:b", "two words"],
  ["config", "set", "other:c", "true"],
  ["config", "set", "--secret", "token", "hush"],
  ["config", "set", "--path", "list[0].name", "one"],
  ["config", "set", "--path", "list[1].name", "two"],
  ["config", "set", "--path", "list[1].port", "8080"],
  ["config", "set", "--path", "--secret", "list[0].key", "hush"],
  ["config", "set", "--path", "list.name", "x"],
  ["config", "set", "--path", "list[7]", "x"],
  ["config", "set", "--path", "sparse[2]", "x"],
  ["config", "set", "--path", "a.b", "x"],
  ["config", "set", "--path", "zero", "007"],
  ["config", "set", "--path", "['dotted.name'].x", "false"],
  ["config", "set", "--secret", "--plaintext", "d", "e"],
  ["config", "set", "a:b:c", "d"],
  ["config", "set"],
  ["config", "get", "a"],
  ["config", "get", "token"],
  ["config", "get", "other:c"],
  ["config", "get", "list"],
  ["config", "get", "--path", "list[0].key"],
  ["config", "get", "--path", "list[1]"],
  ["config", "get", "--path", "list[9]"],
  ["config", "get", "--json", "a"],
  ["config", "get", "--json", "list"],
  ["config", "get", "none"],
  ["config", "get"],
  ["config"],
  ["config", "--json"],
  ["config", "--show-secrets"],
  ["config", "rm", "a"],
  ["config", "rm", "a"],
  ["config", "rm", "--path", "list[0].name"],
  ["config", "rm", "--path", "list[0]"],
  ["config", "rm", "--path", "none.such"],
  ["config", "rm"],
  ["stack", "output"],
  ["stack", "output", "--json"],
  ["stack", "output", "none"],
  ["stack", "import", "--file", "broken.json"],
  ["stack", "import", "--file", "none.json"],
  ["stack", "import", "--file", "deployment.json"],
  ["stack", "output"],
  ["stack", "output", "--json"],
  ["stack", "output", "--show-secrets"],
  ["stack", "output", "--json", "--show-secrets"],
  ["stack", "output", "--shell"],
  ["stack", "output", "--shell", "--show-secrets"],
  ["stack", "output", "--shell", "--json"],
  ["stack", "output", "url"],
  ["stack", "output", "list"],
  ["stack", "output", "token"],
  ["stack", "output", "token", "--show-secrets"],
  ["stack", "output", "list", "--json"],
  ["stack", "output", "none"],
  ["stack", "output", "url", "port"],
  ["stack", "ls"],
  ["stack", "--show-name"],
  ["stack", "export"],
  ["stack", "export", "--show-secrets"],
  ["stack", "export", "--file", "exported.json"],
  ["stack", "init", "other"],
  ["stack", "ls"],
  ["stack", "import", "--file", "exported.json"],
  ["stack", "import", "--file", "exported.json", "--force"],
  ["stack", "export"],
  ["stack", "select", "dev"],
  ["stack", "select", "none"],
  ["stack", "output", "url", "--stack", "none"],
  ["stack", "output", "url", "--stack", "other"],
  ["cancel", "none"],
  ["stack", "rm", "dev"],
  ["stack", "rm", "dev", "--yes"],
  ["stack", "rm", "none", "--yes"],
  ["stack", "rm", "dev", "--yes", "--force"],
  ["stack", "rm", "other", "--yes", "--force", "--preserve-config"],
  ["stack", "ls"],
];

class Project {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "commands-"));

  constructor() {
    this.write("Pulumi.yaml", "name: p\nruntime: nodejs\n");
    this.write("broken.json", JSON.stringify({ version: 3 }));
  }

  write(name: string, text: string): void {
    fs.writeFileSync(path.join(this.folder, name), text);
  }

  exported(): void {
    const file = fs.readFileSync(path.join(this.folder, "Pulumi.dev.yaml"), "utf8");
    const salt = /^encryptionsalt: (.*)$/m.exec(file)?.[1] ?? "";
    this.write("deployment.json", JSON.stringify(deployment(salt)));
  }

  files(): Record<string, string> {
    const names = fs.readdirSync(this.folder).filter((name) => /^Pulumi\..+\.yaml$/.test(name));
    const text = (name: string): string => fs.readFileSync(path.join(this.folder, name), "utf8");
    return Object.fromEntries(names.map((name) => [name, comparable(text(name))]));
  }

  dispose(): void {
    fs.rmSync(this.folder, { recursive: true });
  }
}

/** Without what differs from run to run: times, ages, salts and ciphertexts; and the version of the CLI. */
function comparable(text: string): string {
  return (
    text
      .replace(/v1:[\w+/=]+:v1:[\w+/=]+:[\w+/=]+/g, "(salt)")
      .replace(/v1:[\w+/=]+:[\w+/=]+/g, "(ciphertext)")
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "(time)")
      .replace(/(\d+ \w+ ago|now) +/g, "(age) ")
      .replace(/"(magic|version)": "[^"]*"/g, '"$1": ""')
      .replace(/ {2,}/g, "  ")
      .replace(/ +$/gm, "")
      // Its whole help, where an argument is wrong.
      .replace(/^[^]*\nUsage:\n {2}pulumi [^]*$/, "")
  );
}

const env = (folder: string): NodeJS.ProcessEnv => ({
  PULUMI_HOME: path.join(folder, "home"),
  PULUMI_BACKEND_URL: `file://${folder}`,
  PULUMI_CONFIG_PASSPHRASE: "pw",
});

async function byCli(pulumi: string, { folder }: Project, line: Line): Promise<Said> {
  const args = [...line, "--non-interactive", "--color", "never"];
  const options = {
    cwd: folder,
    env: {
      ...{ PATH: process.env["PATH"], HOME: folder, ...env(folder) },
      ...{ PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" },
    },
  };
  return new Promise((resolve) => {
    const child = execFile(pulumi, args, options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

type Said = Awaited<ReturnType<typeof said>>;

async function answers(run: (project: Project, line: Line) => Promise<Said>) {
  const project = new Project();
  const found: Record<string, Answer> = {};
  const before = process.cwd();
  process.chdir(project.folder);
  try {
    for (const [index, line] of LINES.entries()) {
      if (line.at(-1) === "deployment.json") project.exported();
      const { code, stdout } = await run(project, line);
      const answer = { code, stdout: comparable(stdout), files: project.files() };
      found[`${index} ${line.join(" ")}`] = answer;
    }
    return found;
  } finally {
    process.chdir(before);
    project.dispose();
  }
}

testWithPulumi(
  "stack, config and cancel answer as the Pulumi CLI does: exit code, stdout and the stack's file",
  async () => {
    const pulumi = await ensurePulumi(cacheFolder(), console.error);
    const theirs = await answers((project, line) => byCli(pulumi, project, line));
    const ours = await answers((project, line) =>
      said(project as never, line, env(project.folder)),
    );
    expect(ours).toEqual(theirs);
  },
);

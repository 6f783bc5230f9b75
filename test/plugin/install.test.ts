import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { install, presence, pulumiHome, remove } from "../../plugin/install";

const COMMAND = { name: "command", version: "1.2.1" };
const DOCKER = { name: "docker", version: "5.2.0" };

let home: string;
let witness: string;
const folder = () => path.join(home, "plugins", "resource-command-v1.2.1");
const file = () => path.join(folder(), "pulumi-resource-command");
const installation = () => ({ home, program: ["/bin/echo", "it's", "run"], witness });

beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), "home-"));
  witness = path.join(home, "project", "cli", "run.mjs");
  fs.mkdirSync(path.dirname(witness), { recursive: true });
  fs.writeFileSync(witness, "");
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

function official(text: string): void {
  fs.mkdirSync(folder(), { recursive: true });
  fs.writeFileSync(file(), text, { mode: 0o755 });
}

test("the plugin is an executable by the name that the CLI looks for, which passes the engine's address on", () => {
  expect(install([COMMAND], installation(), false)).toEqual([`installed ${folder()}`]);
  const { stdout } = spawnSync(file(), ["127.0.0.1:99"], { encoding: "utf8" });
  expect(stdout).toBe("it's run command 127.0.0.1:99\n");
  expect(fs.readdirSync(path.join(home, "plugins"))).toEqual(["resource-command-v1.2.1"]);
  expect(install([COMMAND], installation(), false)).toEqual([`installed again ${folder()}`]);
});

test("where the project has gone, the plugin says so and what to do", () => {
  install([COMMAND], installation(), false);
  fs.rmSync(witness);
  const { status, stdout, stderr } = spawnSync(file(), [], { encoding: "utf8" });
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toBe(
    `the command plugin needs cluster-registry at ${path.join(home, "project")}, which is not there any more; ` +
      "run `npm run plugins -- install` where it is now\n",
  );
});

test("another plugin is left where it is, and nothing at all is installed then", () => {
  official("the official one");
  expect(() => install([DOCKER, COMMAND], installation(), false)).toThrow(
    `expected no plugin, or one of cluster-registry's own; found another:\n  ${folder()}\nNothing was changed.`,
  );
  expect(presence(home, DOCKER)).toBe("absent");
  expect(fs.readFileSync(file(), "utf8")).toBe("the official one");
  expect(remove([COMMAND], home)).toEqual([`left ${folder()}: it is not cluster-registry's`]);
  expect(fs.readFileSync(file(), "utf8")).toBe("the official one");
});

test("with replace another plugin is set aside, and remove brings it back", () => {
  official("the official one");
  const aside = path.join(home, "cluster-registry-set-aside", "resource-command-v1.2.1");
  expect(install([COMMAND], installation(), true)).toEqual([
    `installed ${folder()}; the plugin that was there was moved to ${aside}`,
  ]);
  expect(presence(home, COMMAND)).toBe("ours");
  expect(remove([COMMAND], home)).toEqual([
    `removed ${folder()}; restored the plugin that was there before`,
  ]);
  expect(fs.readFileSync(file(), "utf8")).toBe("the official one");
  expect(fs.existsSync(path.dirname(aside))).toBe(false);
});

test("remove takes away what install put there, and says where there is nothing", () => {
  install([COMMAND], installation(), false);
  expect(remove([COMMAND, DOCKER], home)).toEqual([
    `removed ${folder()}`,
    `${path.join(home, "plugins", "resource-docker-v5.2.0")} is not there`,
  ]);
  expect(fs.readdirSync(path.join(home, "plugins"))).toEqual([]);
});

test("the CLI's folder is PULUMI_HOME, else .pulumi in the user's home", () => {
  expect(pulumiHome({ PULUMI_HOME: "/srv/pulumi" })).toBe("/srv/pulumi");
  expect(pulumiHome({})).toBe(path.join(os.homedir(), ".pulumi"));
});

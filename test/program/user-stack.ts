import { cpSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningLab } from "../../lab";
import { install } from "./package";
import { TestStack } from "./stack";

/** How the lab's hosts are reached, as arguments of a component. */
export function labSsh(lab: RunningLab): Record<string, string> {
  return {
    user: "root",
    privateKeyPath: lab.privateKeyPath,
    knownHostsPath: lab.knownHostsPath,
    config: "none",
    wait: "0",
  };
}

/** Writes a user's program, with the files that Pulumi and npm need beside it. @returns its folder, below the given one */
export function writeProgram(folder: string, text: string): string {
  const program = join(folder, "program");
  mkdirSync(program);
  writeFileSync(join(program, "Pulumi.yaml"), "name: mine\nruntime: nodejs\n");
  writeFileSync(join(program, "package.json"), '{ "name": "mine", "private": true }\n');
  writeFileSync(join(program, "index.ts"), text);
  return program;
}

/** A stack of a user's own program, in a folder outside of this project in which the package is installed. */
export class UserStack extends TestStack {
  /** @param program  the folder that has the program, which is copied */
  constructor(
    lab: RunningLab,
    tarball: string,
    program: string,
    settings: Record<string, unknown> = {},
  ) {
    super(lab, {}, "test", mkdtempSync(join(tmpdir(), "program-")));
    for (const file of readdirSync(program))
      cpSync(join(program, file), join(this.folder, file), { recursive: true });
    install(tarball, this.folder);
    this.configure(settings);
  }
}

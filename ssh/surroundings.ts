import { homedir, hostname, userInfo } from "node:os";
import { join, resolve } from "node:path";
import type { ConfigFiles } from "./config-file";
import { listFolder, readIfThere } from "./local-files";

/** Everything outside the settings that a login depends on. */
export interface Surroundings {
  /** A file's text; undefined if the file does not exist. Throws any other error of reading it. */
  read(path: string): string | undefined;
  readonly home: string;
  /** The project's folder: relative paths start here. */
  readonly project: string;
  readonly localUser: string;
  /** The value of SSH_AUTH_SOCK, if it is set. */
  readonly agentSocket: string | undefined;
  /** The file names in a folder. @default none */
  list?(folder: string): string[];
  /** Environment variables. @default none is set */
  env?(name: string): string | undefined;
  /** This machine's name. */
  readonly localHost?: string;
}

/** The machine that the program runs on. @param project the project's folder */
export function surroundings(project: string): Surroundings {
  return {
    read: readIfThere,
    list: listFolder,
    env: (name) => process.env[name],
    home: homedir(),
    project,
    localUser: userInfo().username,
    localHost: hostname(),
    agentSocket: process.env["SSH_AUTH_SOCK"],
  };
}

/** A path as somebody has written it, made absolute. */
export function expand(
  path: string,
  { home, project }: Pick<Surroundings, "home" | "project">,
): string {
  if (path === "~" || path.startsWith("~/")) return join(home, path.slice(1));
  return resolve(project, path);
}

/** The same as the reader of ssh configurations takes it. */
export function filesOf(around: Surroundings): ConfigFiles {
  return {
    read: (file) => around.read(file),
    list: (folder) => around.list?.(folder) ?? [],
  };
}

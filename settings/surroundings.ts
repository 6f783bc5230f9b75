import { readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import type { Surroundings } from "./access";

/** The machine that the program runs on. @param project the project's folder */
export function surroundings(project: string): Surroundings {
  return {
    read: (path) => {
      try {
        return readFileSync(path, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    home: homedir(),
    project,
    localUser: userInfo().username,
    agentSocket: process.env["SSH_AUTH_SOCK"],
  };
}

import { existsSync, readFileSync } from "node:fs";
import { runWithParts, userlands } from "./shells";

const FILE = "/etc/os-release";

describe.each(userlands)("$name", (userland) => {
  test("says the name of the system that this machine has", () => {
    const text = existsSync(FILE) ? readFileSync(FILE, "latin1") : "";
    const written = /^PRETTY_NAME=(.*)$/m.exec(text)?.[1];
    const { stdout, stderr } = runWithParts(
      userland,
      ["00-start.sh", "90-observe.sh"],
      "observe_os",
    );
    expect({ stdout: stdout.toString("latin1"), stderr }).toEqual({
      stdout: written === undefined ? "" : `os ${written}\n`,
      stderr: "",
    });
  });
  test("a file that is deleted before it is read is told as such, and not as an empty one", () => {
    const { stdout } = runWithParts(
      userland,
      ["00-start.sh", "90-observe.sh"],
      "sent_file content /nonexistent/file; say end",
    );
    expect(stdout.toString()).toBe("content\n=\nbroken /nonexistent/file\nend\n");
  });
});

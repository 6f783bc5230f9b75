import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../cli/backup";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "backup-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  process.exitCode = 0;
});

/** What `npm run backup` writes to stderr. */
async function complaint(...args: string[]): Promise<string> {
  let said = "";
  const stderr = jest
    .spyOn(process.stderr, "write")
    .mockImplementation((text) => ((said += text.toString()), true));
  await main(args);
  stderr.mockRestore();
  expect(process.exitCode).toBe(1);
  return said;
}

// There is no stack in the folder, so that whatever comes later has another error.
test("a FILE that cannot be written is refused before anything else, with --force too", async () => {
  for (const flags of [[], ["--force"]]) {
    expect(await complaint(folder, "--cwd", folder, ...flags)).toBe(
      `error: ${folder} is a folder; name a file to write, such as ${folder}/images.tar\n`,
    );
    expect(await complaint("no/images.tar", "--cwd", folder, ...flags)).toBe(
      `error: ${folder}/no/images.tar cannot be written, because there is no folder ${folder}/no; create it, or choose another name\n`,
    );
  }
  expect(await complaint("images.tar", "--cwd", folder)).not.toContain("images.tar");
});

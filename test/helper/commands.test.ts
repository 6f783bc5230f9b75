import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  applyCreate,
  containerClaim,
  containerClaimed,
  containerRelease,
  dockerInstall,
  guardCreate,
  guardDelete,
  observeCommand,
  reach,
  recordId,
} from "../../helper/commands";

const id = "p.dev.containerd-node01";

test("a record's name has project, stack and resource; only the last part of a stack's full name counts", () => {
  expect(recordId("p", "dev", "x")).toBe("p.dev.x");
  expect(recordId("p", "org/p/dev", "x")).toBe("p.dev.x");
});

test.each(["a b", "$(id)", "a'b", "a\nb", ""])("no command is made of %j", (word) => {
  expect(() => applyCreate({ sudo: false, id: word })).toThrow("expected letters, digits");
  expect(() => guardDelete({ sudo: true, id: word })).toThrow("expected letters, digits");
});

test("apply is constant and has nothing but the record's name", () => {
  expect(applyCreate({ sudo: false, id })).toBe(
    `sh -c 'exec sh /var/lib/cluster-registry/helper apply ${id}'`,
  );
  expect(applyCreate({ sudo: true, id })).toBe(
    `sh -c 'if sudo -n true 2>/dev/null; then exec sudo -n sh /var/lib/cluster-registry/helper apply ${id}; fi; ` +
      `exec sudo -n /var/lib/cluster-registry/helper apply ${id}'`,
  );
});

test("a folder of packages is an absolute path", () => {
  expect(() => dockerInstall({ sudo: false, source: { packages: "debs" } })).toThrow(
    'expected an absolute path; found "debs"',
  );
  expect(dockerInstall({ sudo: false, source: { packages: "/srv/debs" } })).toBe(
    "sh -s docker-install packages /srv/debs",
  );
});

describe("whatever the login shell is, the host's sh gets the same words", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "shells-"));
    for (const name of ["sh", "sudo"]) {
      writeFileSync(
        join(folder, name),
        `#!/bin/bash\nprintf '%s\\0' ${name} "$@" >${join(folder, "words")}\n`,
      );
      chmodSync(join(folder, name), 0o755);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const commands = [
    guardCreate({ sudo: false, id, enrolled: "ab12", daemon: "docker" }),
    guardCreate({ sudo: true, id, enrolled: "ab12", daemon: "docker" }),
    guardDelete({ sudo: false, id }),
    guardDelete({ sudo: true, id }),
    applyCreate({ sudo: true, id }),
    dockerInstall({ sudo: true, source: "apt" }),
    containerClaim({ sudo: true, id, name: "registry", adopt: true }),
    containerClaimed({ sudo: false, id, name: "registry", adopt: true }),
    containerRelease({ sudo: true, id, name: "registry" }),
    reach({ sudo: true, address: "172.30.1.2", port: 5000 }),
    observeCommand(false),
    observeCommand(true),
  ];

  const words = (shell: string, command: string) => {
    rmSync(join(folder, "words"), { force: true });
    const result = spawnSync(shell, ["-c", command], {
      env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder },
    });
    expect(result.stderr.toString()).toBe("");
    return readFileSync(join(folder, "words"), "utf8").split("\0");
  };

  const others = ["bash", "tcsh", "fish"].filter(
    (shell) => spawnSync("which", [shell]).status === 0,
  );

  test.each(commands)("%s", (command) => {
    const expected = words("/bin/dash", command);
    for (const shell of others) expect(words(`/usr/bin/${shell}`, command)).toEqual(expected);
  });
});

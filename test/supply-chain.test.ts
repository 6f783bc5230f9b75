import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Package {
  version: string;
  integrity?: string;
  dependencies?: Record<string, string>;
}

const root = join(__dirname, "..");
const read = (name: string) => JSON.parse(readFileSync(join(root, name), "utf8")) as unknown;

test("@pulumi/command is 1.2.1 exactly, in what is asked for and in what is locked, with its checksum", () => {
  // npm's tag `latest` of this package is another line of versions.
  expect((read("package.json") as Package).dependencies?.["@pulumi/command"]).toBe("1.2.1");
  const { packages } = read("package-lock.json") as { packages: Record<string, Package> };
  expect(packages[""]?.dependencies?.["@pulumi/command"]).toBe("1.2.1");
  const locked = packages["node_modules/@pulumi/command"];
  expect(locked?.version).toBe("1.2.1");
  expect(locked?.integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
});

test("every dependency is pinned to one version, and every locked package has its checksum", () => {
  const asked = read("package.json") as Package & { devDependencies: Record<string, string> };
  const versions = Object.values({ ...asked.dependencies, ...asked.devDependencies });
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  const { packages } = read("package-lock.json") as {
    packages: Record<string, Package & { inBundle?: boolean }>;
  };
  const unchecked = Object.entries(packages).filter(
    ([path, { integrity, inBundle }]) => path !== "" && !inBundle && integrity === undefined,
  );
  expect(unchecked.map(([path]) => path)).toEqual([]);
});

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { TestStack } from "./stack";
import { labSsh } from "./user-stack";

jest.setTimeout(400_000);

const COMPONENTS = join(__dirname, "..", "..", "components");

describeLab("AppImage in a program of a user's own", () => {
  let lab: RunningLab;
  let stack: TestStack;

  /** The program with these arguments of the image. */
  const image = (rest: string): void => {
    const { address } = lab.host("cp");
    const host = JSON.stringify({ address, ...labSsh(lab) });
    writeFileSync(
      join(stack.folder, "index.ts"),
      `import { AppImage } from ${JSON.stringify(COMPONENTS)};
const app = new AppImage("app", { host: ${host}, registry: "${address}:5000", context: "site", ${rest} });
export const { reference, digest, digestReference } = app;
`,
    );
  };
  const page = (text: string): void => writeFileSync(join(stack.folder, "site", "page"), text);
  const tags = () =>
    lab.host("cp").succeed(`curl -s http://${lab.host("cp").address}:5000/v2/app/tags/list`);
  const inImage = (command: string, version: string) =>
    lab
      .host("cp")
      .succeed(`docker run --rm ${lab.host("cp").address}:5000/app:${version} ${command}`);

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "appimage", octet: 134, hosts: ["cp"] }));
    const cp = lab.host("cp");
    await cp.succeed("apt-get install -y -q docker.io");
    await cp.succeed(
      `sed -i 's|"mtu"|"insecure-registries": ["http://${cp.address}:5000"],\\n  "mtu"|' /etc/docker/daemon.json && systemctl restart docker`,
    );
    await cp.succeed("docker run -d -p 5000:5000 --name registry registry");
    stack = TestStack.program(lab, "");
    const site = join(stack.folder, "site");
    mkdirSync(site);
    writeFileSync(join(site, "Dockerfile"), "FROM busybox\nCOPY . /site/\n");
    writeFileSync(join(site, ".dockerignore"), "secret\n");
    writeFileSync(join(site, "secret"), "one");
    page("first");
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  test("it is built and pushed once; an ignored file neither comes with it nor builds it again", async () => {
    image('version: "1.0"');
    await stack.succeed(stack.up());
    expect(JSON.parse(await tags())).toEqual({ name: "app", tags: ["1.0"] });
    expect(await inImage("cat /site/page", "1.0")).toBe("first");
    expect(await inImage("ls /site", "1.0")).not.toContain("secret");
    writeFileSync(join(stack.folder, "site", "secret"), "two");
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("other content with the same version is refused by preview and up; a new version is built", async () => {
    page("second");
    for (const run of [() => stack.preview(), () => stack.up()]) {
      const { code, stdout, stderr } = await run();
      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain(
        `the registry ${lab.host("cp").address}:5000 has app:1.0 with other content: bump the version`,
      );
    }
    expect(await inImage("cat /site/page", "1.0")).toBe("first");
    image('version: "1.1"');
    await stack.succeed(stack.up());
    expect(await inImage("cat /site/page", "1.1")).toBe("second");
    expect(await inImage("cat /site/page", "1.0")).toBe("first");
  });

  test("a registry that does not run is refused by a preview, with what was tried, where, and what to do", async () => {
    const { address } = lab.host("cp");
    await lab.host("cp").succeed("docker stop registry");
    const { code, stdout, stderr } = await stack.preview();
    await lab.host("cp").succeed("docker start registry");
    expect(code).not.toBe(0);
    const said = stdout + stderr;
    expect(said).toContain(
      `app: the registry ${address}:5000 does not say whether it has app:1.1, so nothing was built. ` +
        "Check that it runs ('docker ps' on its host), and that the argument registry has its address and port. " +
        `Tried GET http://${address}:5000/v2/app/manifests/1.1 from `,
    );
    expect(said).toContain(`no connection to ${address}:5000 from there`);
    expect(said.split("does not say whether")).toHaveLength(2);
    await lab.host("cp").waitUntilSucceeds(`curl -sf http://${address}:5000/v2/`);
  });

  test("mutable overwrites a version, and destroy leaves the images in the registry", async () => {
    page("third");
    image('version: "1.1", mutable: true');
    await stack.succeed(stack.up());
    expect(await inImage("cat /site/page", "1.1")).toBe("third");
    await stack.succeed(stack.destroy());
    const left = JSON.parse(await tags()) as { tags: string[] };
    expect(left.tags.sort()).toEqual(["1.0", "1.1"]);
  });
});

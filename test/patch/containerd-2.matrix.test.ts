import { cpSync } from "node:fs";
import { join } from "node:path";

import { defineLab, type RunningLab, startLab } from "../../lab";
import { CONTAINERD_VERSION, ensureContainerd, whyNoContainerd } from "../../lab/go/containerd";
import { cacheFolder } from "../../lab/paths";
import { describeLab } from "../lab-only";
import { readerTests } from "./containerd/reader-states";
import { nodeTests, versionlessTests } from "./containerd/states";
import { restartContainerd, startRegistry } from "./real-daemons";

const MINUTE = 60_000;

// One of the long tests, because a new machine builds containerd 2 from its sources first.
describeLab("patches on containerd 2", () => {
  let lab: RunningLab;
  let image: string;
  const node = () => lab.host("node");

  beforeAll(async () => {
    lab = await startLab(
      defineLab({
        name: "patchtest2x",
        octet: 21,
        hosts: ["registry", { name: "node", flavour: "containerd-2" }],
      }),
    );
    image = `${await startRegistry(lab.host("registry"))}/tiny:1`;
  }, 20 * MINUTE);
  afterAll(() => lab?.down(), MINUTE);

  describe("containerd 2.2", () => {
    nodeTests(node, () => image);
    readerTests(node, () => image);
  });

  const whyNot = whyNoContainerd(cacheFolder());
  const title = `containerd ${CONTAINERD_VERSION}`;
  (whyNot === undefined ? describe : describe.skip)(
    whyNot === undefined ? title : `${title} (skipped: ${whyNot})`,
    () => {
      // On the same node, in place of the other version.
      beforeAll(async () => {
        const programs = await ensureContainerd(cacheFolder(), () => undefined);
        await node().succeed("systemctl stop containerd");
        cpSync(programs, join(node().root, "usr/local/bin"), { recursive: true });
        await restartContainerd(node());
        expect(await node().succeed("containerd --version")).toContain(CONTAINERD_VERSION);
      }, 10 * MINUTE);

      versionlessTests(node, () => image);
      readerTests(node, () => image);
    },
  );
});

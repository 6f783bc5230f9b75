import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { readerTests } from "./containerd/reader-states";
import { nodeTests } from "./containerd/states";
import { startRegistry } from "./real-daemons";

const MINUTE = 60_000;

// Among the long tests, since on a new machine containerd 2 is built from its sources first.
describeLab("patches on containerd 2", () => {
  let lab: RunningLab;
  let image: string;

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
    nodeTests(
      () => lab.host("node"),
      () => image,
    );
    readerTests(
      () => lab.host("node"),
      () => image,
    );
  });
});

import * as pulumi from "@pulumi/pulumi";
import { RegistryUi } from "../../components";
import { planned } from "../../components/planned";
import type { RegistryUiPlan } from "../../components/plans";
import type { Decision } from "../../decision/decide";
import { type Declared, record, settled, valueOf } from "./recorder";

const decision: Decision = {
  inSync: true,
  revision: 1,
  enrolled: "ab12",
  activate: "none",
  payload: "cluster-registry 2\nend\n",
  guardStdin: "helper",
  diff: "",
  notes: [],
};
const plan: RegistryUiPlan = {
  connection: pulumi.secret({ host: "10.0.0.1" }),
  enrolled: "ab12",
  host: "cp",
  recordId: "cluster-registry.test.registry-ui",
  decision,
  dockerHost: "ssh://root@10.0.0.1:22",
  sudo: false,
  sshOpts: [],
  image: "nginx",
  address: "10.0.0.1",
  port: 8080,
};

async function declare(changes: Partial<RegistryUiPlan> = {}) {
  const declared = record({ "r-ui-answers": "answers" });
  const args = { host: { address: "10.0.0.1" }, registry: "10.0.0.1:5000" };
  const ui = new RegistryUi("r", planned(args, { ...plan, ...changes }));
  const url = await valueOf(ui.url);
  await settled(); // The outputs too, before the next test replaces the mocks.
  return { declared, url };
}

const inputsOf = (declared: Declared[], name: string) =>
  declared.find((one) => one.name === name)?.inputs;

const FILES_LABEL = "io.cluster-registry.files";
const filesLabel = (declared: Declared[]) => {
  const labels = inputsOf(declared, "r-ui-container")?.["labels"] as {
    label: string;
    value: string;
  }[];
  return labels.find(({ label }) => label === FILES_LABEL)?.value;
};

describe("RegistryUi", () => {
  test("runs nginx with the folder of its files, read-only, on the host's network", async () => {
    const { declared } = await declare();
    expect(inputsOf(declared, "r-ui-container")).toMatchObject({
      name: "registry-ui",
      restart: "always",
      networkMode: "host",
      volumes: [
        {
          containerPath: "/etc/nginx",
          hostPath: "/var/lib/cluster-registry-ui",
          readOnly: true,
        },
      ],
      labels: [
        { label: "io.cluster-registry.owner", value: "cluster-registry.test.registry-ui" },
        { label: "io.cluster-registry.enrolled", value: "ab12" },
        { label: "io.cluster-registry.state", value: "r-ui-docker-id" },
        { label: FILES_LABEL, value: expect.stringMatching(/^[0-9a-f]{64}$/) },
      ],
    });
    expect(inputsOf(declared, "r-ui-container")).not.toHaveProperty("ports");
    expect(inputsOf(declared, "r-ui-image")).toMatchObject({ name: "nginx", keepLocally: true });
  });

  test("the files are written as those of a daemon are, before the container is there", async () => {
    const { declared } = await declare();
    const names = declared.map(({ name }) => name);
    expect(inputsOf(declared, "r-page-guard")).toMatchObject({
      create: expect.stringContaining("guard cluster-registry.test.registry-ui ab12 page"),
      delete: expect.stringContaining("undo cluster-registry.test.registry-ui"),
      stdin: "helper",
    });
    expect(inputsOf(declared, "r-page-apply")).toMatchObject({ stdin: decision.payload });
    expect(names.indexOf("r-page-apply")).toBeLessThan(names.indexOf("r-ui-container"));
  });

  test("the container is another one whenever the files are written, and the same as long as they are not", async () => {
    const before = filesLabel((await declare()).declared);
    expect(filesLabel((await declare()).declared)).toBe(before);
    const payload = "cluster-registry 2\nrevision 2\nend\n";
    const after = await declare({ decision: { ...decision, payload } });
    expect(filesLabel(after.declared)).not.toBe(before);
  });

  test("its address is known once the page itself answers there; IPv6 in brackets", async () => {
    const { declared, url } = await declare({ address: "fd00::5", port: 8081 });
    expect(url).toBe("http://[fd00::5]:8081");
    expect(inputsOf(declared, "r-ui-answers")).toMatchObject({
      create: "sh -s reach fd00::5 8081 page",
      triggers: ["r-ui-container-id"],
    });
  });

  test("a container of that name is never taken over, so that nothing is released on destroy", async () => {
    const { declared } = await declare();
    const claim = inputsOf(declared, "r-ui-claim");
    expect(claim).toMatchObject({
      create: "sh -s container-claim cluster-registry.test.registry-ui registry-ui",
    });
    expect(claim).not.toHaveProperty("delete");
    expect(inputsOf(declared, "r-ui-docker-runs")).toMatchObject({
      delete: "sh -s docker-start",
    });
  });
});

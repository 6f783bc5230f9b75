import * as pulumi from "@pulumi/pulumi";
import { ContainerdMirror } from "../../components";
import type { HostPatchPlan } from "../../components/host-patch";
import { planned } from "../../components/planned";
import type { Decision } from "../../decision/decide";
import { record, settled, valueOf } from "./recorder";

const decision: Decision = {
  inSync: true,
  revision: 3,
  enrolled: "ab12",
  activate: "none",
  payload: "the record, word for word",
  guardStdin: "the helper",
  diff: "",
  notes: [],
};

const plan: HostPatchPlan = {
  decision,
  connection: pulumi.secret({ host: "10.0.0.2", privateKey: "KEY" }),
  host: "node01",
  recordId: "cluster-registry.test.containerd-node01",
  enrolled: "ab12",
  sudo: false,
};

/** Declares a mirror as ClusterRegistry does. */
function declareMirror(changes: Partial<HostPatchPlan> = {}): ContainerdMirror {
  const args = { host: { address: "10.0.0.2" }, registry: "10.0.0.1:5000" };
  return new ContainerdMirror("node01", planned(args, { ...plan, ...changes }));
}

describe("ContainerdMirror", () => {
  test("declares a guard that can undo and an apply whose stdin is the decision's payload", async () => {
    const declared = record({ "node01-containerd-apply": "written" });
    const mirror = declareMirror();
    expect(await valueOf(mirror.state)).toBe("written");
    expect(declared.map(({ type, name }) => `${type} ${name}`)).toEqual([
      "cluster-registry:index:ContainerdMirror node01",
      "command:remote:Command node01-containerd-guard",
      "command:remote:Command node01-containerd-apply",
    ]);
    const [, guard, apply] = declared.map(({ inputs }) => inputs);
    expect(guard).toMatchObject({
      stdin: "the helper",
      delete: expect.stringContaining(
        "/var/lib/cluster-registry/helper undo cluster-registry.test.containerd-node01",
      ),
      logging: "stdout",
      addPreviousOutputInEnv: false,
    });
    expect(apply).toMatchObject({
      create:
        "sh -c 'exec sh /var/lib/cluster-registry/helper apply cluster-registry.test.containerd-node01'",
      stdin: "the record, word for word",
      logging: "none",
      addPreviousOutputInEnv: false,
    });
    expect(apply).not.toHaveProperty("delete");
    // A replacement would run the old undo over a connection that can lead to another host by now.
    expect(guard).not.toHaveProperty("triggers");
    expect(apply).not.toHaveProperty("triggers");
  });

  test("goes through sudo where it is told to", async () => {
    const declared = record();
    const mirror = declareMirror({ sudo: true });
    await valueOf(mirror.state);
    expect(declared[2]?.inputs["create"]).toBe(
      "sh -c 'if sudo -n true 2>/dev/null; then exec sudo -n sh /var/lib/cluster-registry/helper apply cluster-registry.test.containerd-node01; fi; " +
        "exec sudo -n /var/lib/cluster-registry/helper apply cluster-registry.test.containerd-node01'",
    );
  });

  test("no secret of the connection stands in a command or a payload", async () => {
    const declared = record();
    await valueOf(declareMirror().state);
    for (const { inputs } of declared) {
      const rest = Object.entries(inputs).filter(([key]) => key !== "connection");
      expect(JSON.stringify(rest)).not.toContain("KEY");
    }
  });

  test("leaves the host alone until what it waits for is known", async () => {
    const declared = record();
    let open: (value: unknown) => void = () => undefined;
    const gate = new Promise((resolve) => (open = resolve));
    const mirror = declareMirror({ after: gate });
    await settled();
    expect(declared.map(({ name }) => name)).not.toContain("node01-containerd-apply");
    open(true);
    await valueOf(mirror.state);
    expect(declared.map(({ name }) => name)).toContain("node01-containerd-apply");
  });
});

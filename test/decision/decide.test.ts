import { decide, type DecideInput, enrolledId } from "../../decision/decide";
import { parsePayload } from "../../helper/payload";
import { filePlan } from "../../patch/plan";
import { file, managed, observation, service } from "../helper/observations";

const CONFIG = "/etc/containerd/config.toml";
const ID = "p.dev.containerd-node01";
const live = "a\npassword = secret\nb\n";

/** Adds "ours" after "a", unless the file has it. */
const withOurs: DecideInput["plan"] = (_wants, texts) => {
  const bytes = texts.get(CONFIG);
  const edits = bytes?.includes("ours") === true ? [] : [{ offset: 2, length: 0, text: "ours\n" }];
  return { files: [filePlan(CONFIG, bytes, edits)], notes: [], activate: "restart" };
};

const nothingToDo =
  (path: string): DecideInput["plan"] =>
  (_wants, texts) => ({
    files: [filePlan(path, texts.get(path), [])],
    notes: [],
    activate: "none",
  });

function input(changes: Partial<DecideInput> = {}): DecideInput {
  return {
    observation: observation({
      files: [file(CONFIG, live)],
      containerd: { version: "1.7.28", service: service(), hostsToml: [] },
    }),
    id: ID,
    daemon: "containerd",
    plan: withOurs,
    spec: { registry: "172.30.1.2:5000" },
    claims: ["172.30.1.2:5000"],
    health: {},
    ...changes,
  };
}

/** The host after the apply of a decision: its record exists, and no edit is needed. */
function applied(
  from: DecideInput,
  payload: string,
  changes: Partial<DecideInput["observation"]> = {},
): DecideInput {
  const now = live.replace("a\n", "a\nours\n");
  return {
    ...from,
    observation: {
      ...from.observation,
      files: [file(CONFIG, now, { changedAt: 99 })],
      records: [{ id: ID, enrolled: "ab12", payload, running: "start-1" }],
      managed: [managed(file(CONFIG, now), live, [ID])],
      ...changes,
    },
  };
}

test("a first apply has edits, checksums and settings; the live file's other lines stay on the host", () => {
  const decision = decide(input());
  expect(decision).toMatchObject({
    inSync: false,
    why: "first apply",
    revision: 1,
    enrolled: "ab12",
    activate: "restart",
  });
  expect(parsePayload(decision.payload)).toMatchObject({
    spec: '{"registry":"172.30.1.2:5000"}',
    waitSeconds: 60,
    watchdogSeconds: 180,
  });
  expect(decision.payload).not.toContain("password");
});

test("the diff is unified and shows no credential", () => {
  expect(decide(input()).diff).toBe(
    `--- ${CONFIG}\tlive\n+++ ${CONFIG}\tdesired\n@@ -1,3 +1,4 @@\n a\n+ours\n password = ***\n b\n`,
  );
});

test("in sync, the payload is the record's own, even if the health settings have changed", () => {
  const first = decide(input());
  const second = decide({ ...applied(input(), first.payload), health: { waitSeconds: 5 } });
  expect(second).toMatchObject({
    inSync: true,
    payload: first.payload,
    diff: "",
    activate: "none",
    revision: 1,
  });
  expect(second.why).toBeUndefined();
});

test("drift has the next revision, so that its payload differs from every earlier one", () => {
  const first = decide(input());
  const drifted = applied(input(), first.payload, {
    files: [file(CONFIG, live)],
    managed: [managed(file(CONFIG, live), live, [ID])],
  });
  const second = decide(drifted);
  expect(second).toMatchObject({ inSync: false, why: "drift on the host", revision: 2 });
  expect(second.payload).not.toBe(first.payload);
});

test("changed settings are an apply, even if the files need no edit", () => {
  const first = decide(input());
  const second = decide({ ...applied(input(), first.payload), spec: { registry: "other:5000" } });
  expect(second).toMatchObject({
    why: "settings changed",
    revision: 2,
    activate: "none",
    diff: "",
  });
});

test("a record of another format counts as other settings", () => {
  expect(decide(applied(input(), "cluster-registry 9\n"))).toMatchObject({
    why: "settings changed",
    revision: 1,
  });
});

test("an interrupted change is completed by an apply, even if the files look right", () => {
  const first = decide(input());
  const after = applied(input(), first.payload);
  const records = after.observation.records.map((one) => ({ ...one, unfinished: "healthy" }));
  expect(decide({ ...after, observation: { ...after.observation, records } })).toMatchObject({
    why: "unfinished apply",
    revision: 2,
  });
});

describe("restart pending", () => {
  const first = decide(input());
  const with_ = (changes: Partial<ReturnType<typeof service>>, changedAt: number) =>
    applied(input(), first.payload, {
      files: [file(CONFIG, live, { changedAt })],
      containerd: { version: "1.7.28", service: service(changes), hostsToml: [] },
    });

  test.each([
    [
      "the start that took our lines, whatever changed since",
      { invocation: "start-1" },
      5000,
      true,
    ],
    ["a later start, after the last change", { invocation: "start-2", startedAt: 300 }, 200, true],
    [
      "a later start, before the last change",
      { invocation: "start-2", startedAt: 300 },
      400,
      false,
    ],
    [
      "a later start, a moment before the last change",
      { invocation: "start-2", startedAt: 300 },
      300.02,
      false,
    ],
    [
      "a later start in the moment of the change",
      { invocation: "start-2", startedAt: 300 },
      300,
      true,
    ],
  ])("%s", (_what, changes, changedAt, inSync) => {
    const decision = decide(with_(changes, changedAt));
    expect(decision.inSync).toBe(inSync);
    if (!inSync)
      expect(decision).toMatchObject({ why: "restart pending", activate: "restart", diff: "" });
    expect(decision.warnings).toEqual([]);
  });

  test.each(["inactive", "failed", "activating"])(
    "a daemon that is %s is not running, which is said as a warning",
    (active) => {
      const decision = decide(with_({ active, sub: "dead" }, 50));
      expect(decision).toMatchObject({ why: "not running", activate: "restart", diff: "" });
      expect(decision.warnings).toEqual([
        `containerd.service is not running (${active}, dead): \`up\` starts it`,
      ]);
    },
  );

  test("a daemon that is reloading runs", () => {
    expect(decide(with_({ active: "reloading" }, 50)).warnings).toEqual([]);
  });
});

describe("docker", () => {
  const DAEMON_JSON = "/etc/docker/daemon.json";
  const docker = (insecureRegistries?: string[], active = "active"): DecideInput => ({
    ...input(),
    daemon: "docker",
    health: { insecureRegistries: ["172.30.1.2:5000"] },
    plan: nothingToDo(DAEMON_JSON),
    observation: observation({
      files: [file(DAEMON_JSON, "{}")],
      docker: {
        version: "26.1.5",
        service: service({ active }),
        loginReachesSocket: true,
        ...(insecureRegistries && { insecureRegistries }),
      },
    }),
  });

  test.each([
    [["172.30.1.2:5000"], "none"],
    [["172.30.0.0/16"], "none"],
    [["other:5000"], "reload"],
  ])("the running daemon takes %j as insecure: %s", (names, activate) => {
    expect(decide(docker(names)).activate).toBe(activate);
  });

  test.each([
    [["http://172.30.1.2:5001", "https://mirror.gcr.io"], "none"],
    [[], "reload"],
  ])("the running daemon has the mirrors %j: %s", (registryMirrors, activate) => {
    const asked = docker(["172.30.1.2:5000"]);
    const health = { ...asked.health, registryMirrors: ["http://172.30.1.2:5001"] };
    const { docker: found } = asked.observation;
    const seen = { ...asked.observation, docker: { ...found!, registryMirrors } };
    const decision = decide({ ...asked, health, observation: seen });
    expect(decision.activate).toBe(activate);
    expect(parsePayload(decision.payload).mirrors).toEqual(["http://172.30.1.2:5001"]);
  });

  test("a docker that is not running is started", () => {
    expect(decide(docker(undefined, "inactive")).activate).toBe("restart");
  });
});

describe("a file that we created", () => {
  const HOSTS = "/etc/containerd/certs.d/172.30.1.2:5000/hosts.toml";
  const plan: DecideInput["plan"] = (_wants, texts) => {
    const bytes = texts.get(HOSTS);
    const edits = bytes === undefined ? [{ offset: 0, length: 0, text: "x\n" }] : [];
    return { files: [filePlan(HOSTS, bytes, edits, 0o644)], notes: [], activate: "none" };
  };
  const made = decide(input({ plan }));
  const again = (changes: object) =>
    decide({
      ...applied(input(), made.payload),
      plan,
      observation: observation({
        records: [{ id: ID, enrolled: "ab12", payload: made.payload, running: "start-1" }],
        managed: [managed(file(HOSTS, "x\n", changes), undefined, [ID])],
        containerd: {
          version: "2.2.3",
          service: service(),
          hostsToml: [file(HOSTS, "x\n", changes)],
        },
      }),
    });

  test("is there with mode and owner: in sync", () => {
    expect(again({}).inSync).toBe(true);
  });

  test("with another mode is drift, with a line in the diff", () => {
    const decision = again({ mode: 0o600, gid: 7 });
    expect(decision).toMatchObject({ why: "drift on the host", activate: "none" });
    expect(decision.diff).toBe(
      `--- ${HOSTS}\tlive\n+++ ${HOSTS}\tdesired\n-mode and owner 0600 0:7\n+mode and owner 0644 0:0\n`,
    );
    expect(parsePayload(decision.payload).files[0]).toMatchObject({ mode: 0o644 });
  });
});

test("a host keeps the id of its records; a host without records has its own id", () => {
  expect(enrolledId(observation())).toBe("ab12");
  expect(enrolledId(observation({ records: [{ id: "x.y.z", enrolled: "old1" }] }))).toBe("old1");
});

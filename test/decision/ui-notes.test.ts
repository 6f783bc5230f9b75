import { uiNotes } from "../../decision/ui-notes";
import type { Surveyed } from "../../observation/hosts";
import type { ObservedContainer } from "../../observation/observation";
import { recordIds } from "../../observation/records";
import { parseSettings } from "../../settings/parse";
import { observation, service } from "../helper/observations";

const ids = recordIds("p", "s");
const settings = (ui: object | false) =>
  parseSettings({
    registry: { host: "cp", address: "10.0.0.2" },
    nodes: [{ name: "cp", address: "10.0.0.2", role: "master" }],
    ...(ui && { ui }),
  });
const ID = "ab12".repeat(16);
const page: ObservedContainer = {
  id: ID,
  name: "registry-ui",
  image: "nginx",
  labels: { "io.cluster-registry.owner": ids.page },
  running: true,
  status: "running",
  exitCode: 0,
  restartPolicy: "always",
  ports: [],
  mounts: [],
};
const before = { host: "cp", claimed: true, container: { id: ID, labels: page.labels } };

function notes(
  containers: ObservedContainer[],
  past: object[] = [before],
  ui: object | false = {},
) {
  const docker = { service: service(), loginReachesSocket: true, containers };
  const host = { observation: observation({ docker }) } as unknown as Surveyed;
  const known = { registries: [], guards: [], pages: past as never };
  return uiNotes(settings(ui), new Map([["cp", host]]), ids, known);
}

describe("uiNotes", () => {
  test("says nothing of a container that is as the last run left it, of none before the first, and without a page", () => {
    expect(notes([page])).toEqual([]);
    expect(notes([], [])).toEqual([]);
    expect(notes([], [before], false)).toEqual([]);
  });

  test.each([
    [
      { running: false, status: "exited", exitCode: 1 },
      "cp: the container registry-ui is not running (exited with code 1): up starts it",
    ],
    [
      { running: false, status: "restarting", exitCode: 1 },
      "cp: the container registry-ui keeps restarting (exit code 1): see `docker logs registry-ui` there",
    ],
    [
      { status: "paused" },
      "cp: the container registry-ui is paused, so the page does not answer; up does not resume it: run `docker unpause registry-ui` there",
    ],
    [
      { name: "mine" },
      "cp: the container registry-ui was renamed to mine: up replaces it with one of that name",
    ],
  ])("tells how the container differs: %j", (changes, note) => {
    expect(notes([{ ...page, ...changes }])).toEqual([note]);
  });

  test("tells that the container was removed, or that it is not in the state", () => {
    expect(notes([])).toEqual([
      "cp: the container registry-ui was removed outside of this stack: up recreates it",
    ]);
    expect(notes([page], [])).toEqual([
      "cp: the container registry-ui (ab12ab12ab12, running) belongs to this stack but is not in its state, as after an interrupted run: up replaces it",
    ]);
  });
});

import { examine } from "../../doctor/cause";
import { REGISTRY } from "../../doctor/registry-checks";
import { PREFIX, registry } from "./facts";

const cause = (...args: Parameters<typeof registry>) => examine(REGISTRY, registry(...args)).cause;
const container = (Status: string, more: object = {}) => ({
  container: { Id: "ab", State: { Status, ExitCode: 2, ...more }, Config: {}, HostConfig: {} },
});

test("a registry that is well passes every check", () => {
  expect(examine(REGISTRY, registry())).toEqual({
    passed: [
      "docker 26.1.5 runs",
      "the container registry runs",
      "it listens on 0.0.0.0:5000",
      "its disk has room",
      `http://${PREFIX}/v2/ answers there: HTTP/1.1 200 OK`,
    ],
  });
});

test("docker that is stopped", () => {
  expect(cause({}, { active: "inactive", sub: "dead" })).toEqual({
    cause: "docker is stopped, and with it the registry",
    evidence: ["docker.service: inactive (dead)"],
    fix: "npm run up",
  });
});

test("a container that ended, and one that ends again and again", () => {
  expect(cause(container("exited", { FinishedAt: "2026-11-28T08:00:00Z" }))).toEqual({
    cause: "the registry's container is stopped",
    evidence: ["docker inspect registry: exited with code 2 at 2026-11-28T08:00:00Z"],
    fix: "npm run up",
  });
  expect(cause({ ...container("restarting"), log: ["level=fatal"] })).toEqual({
    cause: "the registry's container ends again and again",
    evidence: ["docker inspect registry: exit code 2", "level=fatal"],
    fix: "ssh root@10.0.0.11 'docker logs --tail 20 registry'",
  });
});

test("a full disk is named before the errors that follow from it", () => {
  const disk = { free: 12, size: 1000000, mount: "/var" };
  const answer = ["HTTP/1.1 503 Service Unavailable"];
  expect(cause({ disk, answer })?.cause).toBe("the registry's disk is full (/var), so pushes fail");
  expect(cause({ answer, log: ["health check failed"] })).toEqual({
    cause:
      "the registry answers with an error of its own, as with a storage that fails its health check",
    evidence: [`http://${PREFIX}/v2/: HTTP/1.1 503 Service Unavailable`, "health check failed"],
    fix: "ssh root@10.0.0.11 'docker restart registry'",
  });
});

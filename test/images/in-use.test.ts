import { InUse, parseReference } from "../../images/in-use";
import { namesOf } from "../../images/names";
import { parseSettings } from "../../settings/parse";

const DIGEST = `sha256:${"a".repeat(64)}`;

test.each([
  ["nginx", { registry: "docker.io", repository: "library/nginx" }],
  ["nginx:1.27", { registry: "docker.io", repository: "library/nginx", tag: "1.27" }],
  ["me/app", { registry: "docker.io", repository: "me/app" }],
  ["10.0.0.5:5000/app:1", { registry: "10.0.0.5:5000", repository: "app", tag: "1" }],
  ["10.0.0.5:5000/app", { registry: "10.0.0.5:5000", repository: "app" }],
  ["localhost/app", { registry: "localhost", repository: "app" }],
  ["[fd00::1]:5000/app:1", { registry: "[fd00::1]:5000", repository: "app", tag: "1" }],
  [`r.io/a/b:1@${DIGEST}`, { registry: "r.io", repository: "a/b", tag: "1", digest: DIGEST }],
  [DIGEST, undefined],
])("%s is read as %j", (image, parts) => {
  expect(parseReference(image)).toEqual(parts);
});

test("a tag is used by its name, and by a digest that it leads to", () => {
  const inUse = new InUse(
    [
      { image: "10.0.0.5:5000/app:1", by: "Pod default/a" },
      { image: "10.0.0.5:5000/app:1", by: "Deployment default/a" },
      { image: `10.0.0.5:5000/app@${DIGEST}`, by: "Pod default/b" },
      { image: "10.0.0.5:5000/plain", by: "Pod default/c" },
      { image: "elsewhere:5000/app:1", by: "Pod default/d" },
      { image: "docker.io/library/nginx:1", by: "Pod default/e" },
    ],
    ["10.0.0.5:5000", "docker.io"],
  );
  expect(inUse.usersOf("app", "1", [])).toEqual(["Deployment default/a", "Pod default/a"]);
  expect(inUse.usersOf("app", "2", [DIGEST])).toEqual(["Pod default/b"]);
  expect(inUse.usersOf("app", "2", [])).toEqual([]);
  expect(inUse.usersOf("plain", "latest", [])).toEqual(["Pod default/c"]);
  expect(inUse.usersOf("library/nginx", "1", [])).toEqual(["Pod default/e"]);
});

test("each Pod and workload has the images of this registry that it needs, each once", () => {
  const inUse = new InUse(
    [
      { image: "10.0.0.5:5000/app:1", by: "Pod default/a" },
      { image: `docker.io/app:1@${DIGEST}`, by: "Pod default/a" },
      { image: "docker.io/library/app", by: "Job default/b" },
      { image: "app:latest", by: "Job default/b" },
      { image: "elsewhere:5000/app:1", by: "Pod default/c" },
    ],
    ["10.0.0.5:5000", "docker.io"],
  );
  expect(inUse.users).toEqual([
    { by: "Pod default/a", images: ["app:1", `library/app@${DIGEST}`] },
    { by: "Job default/b", images: ["library/app:latest"] },
  ]);
});

test("a registry that is the mirror of every other one is used under every name", () => {
  const inUse = new InUse([{ image: "quay.io/app:1", by: "Pod default/a" }], ["_default"]);
  expect(inUse.usersOf("app", "1", [])).toEqual(["Pod default/a"]);
});

test.each([
  ["10.0.0.5", 5000, "http://10.0.0.5:5000", "10.0.0.5:5000"],
  ["10.0.0.5", 80, "http://10.0.0.5", "10.0.0.5:80"],
  ["fd00::5", 5000, "http://[fd00::5]:5000", "[fd00::5]:5000"],
])("the registry %s at port %i is the mirror %s", (address, port, url, prefix) => {
  const settings = parseSettings({
    registry: { host: "n1", address, port },
    nodes: [{ name: "n1", address, role: "master" }],
    ssh: { user: "root" },
    mirrors: { "quay.io": [url, "http://10.0.0.9:5000"], "docker.io": ["http://10.0.0.9:5000"] },
  });
  expect(namesOf(settings)).toEqual([prefix, "quay.io"]);
});

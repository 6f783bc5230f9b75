import { uniteDockerMirrors, uniteInsecure, uniteMirrors } from "../../decision/wants";

const A = "10.0.0.1:5000";
const B = "10.0.0.2:5000";
const want = (id: string, registry: string, mirrors: object = {}, migrate = false) => ({
  id,
  spec: { registry, endpoints: [`http://${registry}`], mirrors, migrate },
});

test("each registry appears once, in the order of the claimants, with the endpoints of all", () => {
  const one = want("one", A, { "docker.io": ["https://m1"] });
  const two = want("two", B, { "docker.io": ["https://m2", "https://m1/v2"] }, true);
  expect(uniteMirrors([one, two])).toEqual({
    registry: [
      { address: A, own: true, endpoints: [`http://${A}`] },
      { address: B, own: true, endpoints: [`http://${B}`] },
    ],
    mirrors: { "docker.io": ["https://m1", "https://m2"] },
    migrate: true,
  });
});

test("a registry that is a mirror in another stack appears once", () => {
  const two = want("two", B, { [A]: [`http://${A}`, "https://m1"] });
  expect(uniteMirrors([want("one", A), two]).registry).toEqual([
    { address: A, own: true, endpoints: [`http://${A}`, "https://m1"] },
    { address: B, own: true, endpoints: [`http://${B}`] },
  ]);
});

test("different settings for one endpoint are refused with the names of both stacks", () => {
  const one = want("one", A, { "docker.io": [{ url: "https://m1", ca: "/a.crt" }] });
  const two = want("two", B, { "docker.io": ["https://m1"] });
  expect(() => uniteMirrors([one, two])).toThrow(
    'expected one set of settings for https://m1, a mirror of docker.io; found {"url":"https://m1","ca":"/a.crt"} of one, ' +
      'and "https://m1" of two: make the two stacks\' settings equal',
  );
});

test("a record with unknown contents is refused by its name", () => {
  expect(() => uniteMirrors([{ id: "new", spec: { odd: 1 } }])).toThrow(
    'expected a record of new that this version can read; found {"odd":1}',
  );
  expect(() => uniteInsecure([{ id: "new", spec: null }])).toThrow("expected a record of new");
});

test("each insecure registry appears once", () => {
  const both = { id: "two", spec: { insecureRegistries: [B, A] } };
  expect(uniteInsecure([{ id: "one", spec: { insecureRegistries: [A] } }, both])).toEqual([A, B]);
});

test("each mirror of Docker Hub appears once, and a record without mirrors has none", () => {
  const spec = { insecureRegistries: [A] };
  const one = { id: "one", spec: { ...spec, registryMirrors: ["http://a:1"] } };
  const two = { id: "two", spec: { ...spec, registryMirrors: ["http://b:1", "http://a:1"] } };
  expect(uniteDockerMirrors([{ id: "old", spec }, one, two])).toEqual(["http://a:1", "http://b:1"]);
});

import { imageNameProblems } from "../../settings/image-name";

const REGISTRY = "10.0.0.11:5000";
const reasons = (name: string, version = "1.0") =>
  imageNameProblems(REGISTRY, name, version).map(({ path, reason }) => `${path}: ${reason}`);

test.each(["app", "team/app", "f/a.b_c__d--e"])("%s is a repository", (name) => {
  expect(reasons(name)).toEqual([]);
});

test.each([
  ["docker.io/x", 'docker.io is another registry; write "x"'],
  ["10.0.0.9:5000/x", '10.0.0.9:5000 is another registry; write "x"'],
  ["10.0.0.11:5000/x:1", 'the registry\'s own prefix is added to it; write "x"'],
  ["x:2", 'found "x:2": write "x" and version "2"'],
  ["MyApp", 'found "MyApp": write "myapp"'],
  ["a..b", 'found "a..b"'],
])("%s is refused with the right name", (name, said) => {
  expect(reasons(name)).toEqual([expect.stringContaining(said)]);
});

test.each(["", ".1", "1 0", "a".repeat(129)])("%j is no version", (version) => {
  expect(reasons("app", version)).toEqual([
    expect.stringContaining("version: expected a tag of at most 128"),
  ]);
});

import { parseListing } from "../../images/listing";

const DIGEST = `sha256:${"a".repeat(64)}`;
const inspected = { Id: "x", Path: "registry", Args: [], Config: { Env: null }, State: {} };
const listing = (...lines: string[]) =>
  parseListing(
    [
      "cluster-registry-listing 1",
      "now 20",
      `inspect ${JSON.stringify(inspected)}`,
      ...lines,
      "end",
      "",
    ].join("\n"),
  );

test("repositories that lie in each other are told apart", () => {
  const found = listing(
    "repository app/_layers",
    "repository app/web.x/_layers",
    `tag 12.5 app/_manifests/tags/1/current/link ${DIGEST}`,
    `tag 13 app/web.x/_manifests/tags/1/current/link ${DIGEST}`,
    `revision 14 app/web.x/_manifests/revisions/sha256/${"a".repeat(64)}/link`,
    "upload 15 app/web.x/_uploads/7/data",
  );
  expect(found.now).toBe(20);
  expect(found.repositories).toEqual(["app", "app/web.x"]);
  expect(found.tags).toEqual([
    { repository: "app", name: "1", digest: DIGEST, pushed: 12.5 },
    { repository: "app/web.x", name: "1", digest: DIGEST, pushed: 13 },
  ]);
  expect(found.revisions).toEqual([{ repository: "app/web.x", digest: DIGEST, pushed: 14 }]);
  expect(found.uploads).toEqual([{ repository: "app/web.x", changed: 15 }]);
});

test("two pushes within a second are told apart: the host's find prints fractions", () => {
  const { tags } = listing(
    `tag 1764403200.1200000000 app/_manifests/tags/1.10/current/link ${DIGEST}`,
    `tag 1764403200.1160000000 app/_manifests/tags/1.9/current/link ${DIGEST}`,
  );
  const [later, earlier] = tags.map(({ pushed }) => pushed);
  expect(later! - earlier!).toBeCloseTo(0.004);
});

test("a tag with the name of one of the registry's folders is a tag, and no repository or upload", () => {
  const found = listing(
    "repository app/_layers",
    "repository app/_manifests/tags/_layers",
    "upload 1 app/_manifests/tags/_uploads/current/link",
    ...["_layers", "_uploads", "_manifests"].map(
      (name) => `tag 1 app/_manifests/tags/${name}/current/link ${DIGEST}`,
    ),
  );
  expect(found.repositories).toEqual(["app"]);
  expect(found.uploads).toEqual([]);
  expect(found.tags.map(({ repository, name }) => `${repository}:${name}`)).toEqual([
    "app:_layers",
    "app:_uploads",
    "app:_manifests",
  ]);
});

test("a listing without its end is refused", () => {
  expect(() => parseListing("cluster-registry-listing 1\n")).toThrow(
    "the listing of the registry's files is incomplete; run the command again",
  );
});

import type { StoredTag } from "../../images/listing";
import {
  expiredTags,
  idleRules,
  patternOf,
  type RetentionRule,
  subjectOf,
} from "../../images/retention";

const DAY = 86400;
const NOW = 1000 * DAY;
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const tag = (repository: string, name: string, daysAgo: number, letter = "a"): StoredTag => ({
  repository,
  name,
  digest: digest(letter),
  pushed: NOW - daysAgo * DAY,
});
const removed = (tags: StoredTag[], rules: RetentionRule[], used: string[] = []) =>
  expiredTags(tags, rules, NOW, ({ name }) => used.includes(name)).map(
    ({ tag: { repository, name } }) => `${repository}:${name}`,
  );

const app = [tag("app/web", "1", 40), tag("app/web", "2", 20), tag("app/web", "3", 5)];

test("keepLast keeps the tags that were pushed last, in each repository", () => {
  const other = [tag("app/api", "1", 50)];
  expect(removed([...app, ...other], [{ repositories: "app/*", keepLast: 1 }])).toEqual([
    "app/web:1",
    "app/web:2",
  ]);
});

test("of tags that were pushed at the same time, the newest versions are the last", () => {
  const tags = ["1.9", "1.11", "latest", "1.10"].map((name) => tag("app", name, 1));
  expect(removed(tags, [{ repositories: "app", keepLast: 1 }])).toEqual([
    "app:latest",
    "app:1.9",
    "app:1.10",
  ]);
  expect(removed([...tags].reverse(), [{ repositories: "app", keepLast: 2 }])).toEqual([
    "app:latest",
    "app:1.9",
  ]);
});

test("a tag that one condition keeps is kept", () => {
  const rule = { repositories: "**", keepLast: 1, keepDays: 30, keepTags: "^1$" };
  expect(removed(app, [rule])).toEqual([]);
  expect(removed(app, [{ ...rule, keepTags: "^v" }])).toEqual(["app/web:1"]);
  expect(removed(app, [{ ...rule, keepTags: "^v" }], ["1"])).toEqual([]);
});

test("the first rule that selects a repository decides, and one that no rule selects keeps everything", () => {
  const rules = [
    { repositories: "app/web", keepTags: "." },
    { repositories: "app/*", keepLast: 1 },
  ];
  expect(removed([...app, tag("other", "1", 999)], rules)).toEqual([]);
});

test("without rules nothing expires", () => {
  expect(removed(app, [])).toEqual([]);
});

test("a signature goes with its image, and is not one of the last tags", () => {
  const name = `sha256-${"b".repeat(64)}.sig`;
  const image = [tag("app", "1", 9, "b"), tag("app", "2", 8, "c"), tag("app", name, 1, "d")];
  expect(removed(image, [{ repositories: "app", keepLast: 1 }])).toEqual(["app:1", `app:${name}`]);
  expect(
    removed([...image, tag("app", "3", 7, "b")], [{ repositories: "app", keepLast: 1 }]),
  ).toEqual(["app:1", "app:2"]);
  expect(subjectOf(name)).toBe(digest("b"));
  expect(subjectOf("sha256-short.sig")).toBeUndefined();
});

test("the list of what refers to a digest by sha512 is not one of the last tags, and stays", () => {
  const list = tag("app", `sha512-${"b".repeat(64)}`, 1, "d");
  const tags = [tag("app", "1", 9, "b"), list];
  expect(removed(tags, [{ repositories: "app", keepLast: 1 }])).toEqual([]);
  expect(removed(tags, [{ repositories: "app", keepTags: "^never$" }])).toEqual(["app:1"]);
});

test("a rule that decides for no repository is named, unless the registry is empty", () => {
  const rules = ["app/*", "ap/*", "app/web", "**", "tools/*"].map((repositories) => ({
    repositories,
    keepLast: 1,
  }));
  expect(idleRules(["app/web", "tools/x"], rules)).toEqual([
    "retention[1] (ap/*) fits no repository of the registry",
    "retention[2] (app/web) decides for no repository: a rule before it fits all that it fits",
    "retention[4] (tools/*) decides for no repository: a rule before it fits all that it fits",
  ]);
  expect(idleRules([], rules)).toEqual([]);
});

test.each([
  ["app/*", "app/web", true],
  ["app/*", "app/web/x", false],
  ["app/**", "app/web/x", true],
  ["*", "app/web", false],
  ["**", "app/web", true],
  ["a.p", "app", false],
  ["app", "app/web", false],
])("the pattern %s and the repository %s: %s", (pattern, repository, fits) => {
  expect(patternOf(pattern).test(repository)).toBe(fits);
});

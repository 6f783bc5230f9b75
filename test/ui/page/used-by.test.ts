import { groupsOf, userName, usesOf } from "../../../ui/page/used-by";

const DIGEST = `sha256:${"a".repeat(64)}`;
const PART = `sha256:${"b".repeat(64)}`;
const uses = (...images: string[]) =>
  usesOf({ repository: "shop/web", tag: "1.0", digest: DIGEST, platformDigests: [PART] }, [
    { by: "Pod shop/web", images },
  ]).map(({ byOtherTag }) => byOtherTag);

test("a tag is used by its name, and by its digest or a platform's", () => {
  expect(uses("shop/web:1.0")).toEqual([false]);
  expect(uses("shop/web:1.0", `shop/web@${DIGEST}`)).toEqual([false]);
  for (const digest of [DIGEST, PART]) expect(uses(`shop/web@${digest}`)).toEqual([false]);
});

test("another repository, tag or digest is not used", () => {
  for (const image of [
    "shop/web2:1.0",
    "shop/web/more:1.0",
    "shop/web:1.0.1",
    `shop/web@sha256:${"c".repeat(64)}`,
    `shop/api@${DIGEST}`,
  ])
    expect(uses(image)).toEqual([]);
});

test("a Pod that runs the digest under another tag uses it by that tag", () => {
  for (const digest of [DIGEST, PART])
    expect(uses("shop/web:stable", `shop/web@${digest}`)).toEqual([true]);
});

test("a workload is told with its kind, and a Pod without", () => {
  expect(userName("Pod shop/web-1")).toBe("shop/web-1");
  expect(userName("CronJob shop/report")).toBe("CronJob shop/report");
});

test("Pods are counted, and workloads apart from them", () => {
  expect(groupsOf(["Deployment shop/web", "Pod shop/web-1"])).toEqual([
    { sum: "1 Pod", verb: "uses", names: ["shop/web-1"] },
    { sum: "1 workload", verb: "names", names: ["Deployment shop/web"] },
  ]);
  expect(groupsOf(["Pod shop/web-1", "Pod shop/web-2"])).toEqual([
    { sum: "2 Pods", verb: "use", names: ["shop/web-1", "shop/web-2"] },
  ]);
  expect(groupsOf(["CronJob shop/a", "Job shop/b"])).toEqual([
    { sum: "2 workloads", verb: "name", names: ["CronJob shop/a", "Job shop/b"] },
  ]);
  expect(groupsOf([])).toEqual([]);
});

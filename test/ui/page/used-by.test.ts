import { usesOf } from "../../../ui/page/used-by";

const DIGEST = `sha256:${"a".repeat(64)}`;
const PART = `sha256:${"b".repeat(64)}`;
const uses = (image: string, imageId?: string, tag = "1.0") =>
  usesOf(
    "10.0.0.11:5000",
    { repository: "shop/web", tag, digest: DIGEST, platformDigests: [PART] },
    [{ namespace: "shop", name: "web", images: [{ image, ...(imageId && { imageId }) }] }],
  ).map(({ byName }) => byName);

test("a Pod uses the tag that it names, with or without a digest behind it", () => {
  expect(uses("10.0.0.11:5000/shop/web:1.0")).toEqual([true]);
  expect(uses(`10.0.0.11:5000/shop/web@${DIGEST}`)).toEqual([true]);
  expect(uses(`10.0.0.11:5000/shop/web:0.9@${DIGEST}`)).toEqual([true]);
});

test("a reference without a tag means latest", () => {
  expect(uses("10.0.0.11:5000/shop/web", undefined, "latest")).toEqual([true]);
  expect(uses("10.0.0.11:5000/shop/web")).toEqual([]);
});

test("another registry, repository, tag or digest is not used", () => {
  for (const image of [
    "10.0.0.12:5000/shop/web:1.0",
    "10.0.0.11:5000/shop/web2:1.0",
    "10.0.0.11:5000/shop/web/more:1.0",
    "10.0.0.11:5000/shop/web:1.0.1",
    `10.0.0.11:5000/shop/web:1.0@${PART}`,
  ])
    expect(uses(image)).toEqual([]);
});

test("a Pod that runs the digest under another tag uses it too, also if the runtime reports a platform's digest", () => {
  const image = "10.0.0.11:5000/shop/web:stable";
  for (const digest of [DIGEST, PART]) {
    expect(uses(image, `10.0.0.11:5000/shop/web@${digest}`)).toEqual([false]);
    expect(uses(image, `docker-pullable://10.0.0.11:5000/shop/web@${digest}`)).toEqual([false]);
  }
  expect(uses(image, `10.0.0.11:5000/shop/api@${DIGEST}`)).toEqual([]);
});

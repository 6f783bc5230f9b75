import { agoText, count, listText, shortDigest, stepText, timeOf } from "../../../ui/page/text";

test("the dates of reproducible builds are none", () => {
  expect(timeOf("1970-01-01T00:00:00Z")).toBeUndefined();
  expect(timeOf("0001-01-01T00:00:00Z")).toBeUndefined();
  expect(timeOf("yesterday")).toBeUndefined();
  expect(timeOf(undefined)).toBeUndefined();
  expect(timeOf("2026-01-01T00:00:00Z")).toBe(Date.UTC(2026, 0, 1));
});

test.each([
  [30, "just now"],
  [90, "1 minute ago"],
  [26 * 3600, "1 day ago"],
  [400 * 24 * 3600, "1 year ago"],
  [-7200, "in 2 hours"],
])("%i seconds before now is %s", (seconds, text) => expect(agoText(0, seconds * 1000)).toBe(text));

test("lists end with what is left out", () => {
  expect(listText(["a"])).toBe("a");
  expect(listText(["a", "b", "c", "d"])).toBe("a, b, c and d");
  expect(listText(["a", "b", "c", "d", "e"])).toBe("a, b, c and 2 more");
});

test("nouns follow their number", () => {
  expect([count(1, "repository"), count(2, "repository"), count(10_000, "tag")]).toEqual([
    "1 repository",
    "2 repositories",
    "10,000 tags",
  ]);
});

test("a digest is shown as docker shows it", () => {
  expect(shortDigest("sha256:0123456789abcdef0123")).toBe("0123456789ab");
});

test("a step of the history is shown as its Dockerfile has it", () => {
  expect(stepText('/bin/sh -c #(nop)  CMD ["sh"]')).toBe('CMD ["sh"]');
  expect(stepText("/bin/sh -c apt-get update")).toBe("RUN apt-get update");
  expect(stepText("|1 VERSION=2 /bin/sh -c make")).toBe("RUN make");
  expect(stepText("RUN /bin/sh -c make # buildkit")).toBe("RUN make");
  expect(stepText("COPY a /b # buildkit")).toBe("COPY a /b");
});

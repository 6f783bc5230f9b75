import { type Asked, askedImage } from "../../doctor/reference";

const PREFIX = "10.0.0.11:5000";
const DIGEST = `sha256:${"a".repeat(64)}`;

test.each<[string, Partial<Asked> & { reference: string }, string?]>([
  ["web:1.0", { reference: `${PREFIX}/web:1.0`, repository: "web", tag: "1.0" }],
  ["team/web", { reference: `${PREFIX}/team/web:latest`, repository: "team/web", tag: "latest" }],
  [`${PREFIX}/web:1.0`, { reference: `${PREFIX}/web:1.0`, repository: "web", tag: "1.0" }],
  [
    `web@${DIGEST}`,
    { reference: `${PREFIX}/web@${DIGEST}`, repository: "web", tag: "latest", digest: DIGEST },
  ],
  [
    "docker.io/library/web:1.0",
    { reference: `${PREFIX}/web:1.0`, repository: "web", tag: "1.0", elsewhere: "docker.io" },
    "docker.io/library/web:1.0",
  ],
  [
    `docker.io/web:1.0@${DIGEST}`,
    {
      reference: `${PREFIX}/web@${DIGEST}`,
      repository: "web",
      tag: "1.0",
      digest: DIGEST,
      elsewhere: "docker.io",
    },
    `docker.io/library/web@${DIGEST}`,
  ],
  [
    "10.0.0.11/web:1.0",
    { reference: `${PREFIX}/web:1.0`, repository: "web", tag: "1.0", elsewhere: "10.0.0.11" },
    "10.0.0.11/web:1.0",
  ],
])("%s", (text, expected, onNode = expected.reference) => {
  expect(askedImage(text, PREFIX)).toEqual({ written: text, onNode, ...expected });
});

test.each(["", "Web:1.0", "web:", "web:1.0:2", "web@sha256:1"])("%j is refused", (text) => {
  expect(() => askedImage(text, PREFIX)).toThrow(
    `expected an image such as NAME:TAG or ${PREFIX}/NAME:TAG; found ${JSON.stringify(text)}`,
  );
});

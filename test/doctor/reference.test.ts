import { askedImage } from "../../doctor/reference";

const PREFIX = "10.0.0.11:5000";
const DIGEST = `sha256:${"a".repeat(64)}`;

test.each([
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
  ],
  [
    "10.0.0.11/web:1.0",
    { reference: `${PREFIX}/web:1.0`, repository: "web", tag: "1.0", elsewhere: "10.0.0.11" },
  ],
])("%s", (text, expected) => {
  expect(askedImage(text, PREFIX)).toEqual({ written: text, ...expected });
});

test.each(["", "Web:1.0", "web:", "web:1.0:2", "web@sha256:1"])("%j is refused", (text) => {
  expect(() => askedImage(text, PREFIX)).toThrow(
    `expected an image such as NAME:TAG or ${PREFIX}/NAME:TAG; found ${JSON.stringify(text)}`,
  );
});

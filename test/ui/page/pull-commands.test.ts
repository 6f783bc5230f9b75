import type { Kind } from "../../../registry/manifest";
import { pullCommands } from "../../../ui/page/pull-commands";

const texts = (kind: Kind, tag = "1.0") =>
  pullCommands("10.0.0.11:5000", "shop/web", tag, "sha256:ab", kind).map(({ text }) => text);

test("an image is pulled by tag or digest, with the registry's name as the nodes use it", () => {
  for (const kind of ["image", "index"] as const)
    expect(texts(kind)).toEqual([
      "docker pull 10.0.0.11:5000/shop/web:1.0",
      "docker pull 10.0.0.11:5000/shop/web@sha256:ab",
      "image: 10.0.0.11:5000/shop/web:1.0",
    ]);
});

test("a chart is pulled by helm, which writes + of a version as _ in the tag", () => {
  expect(texts("chart", "1.0.0_build.5")[0]).toBe(
    "helm pull oci://10.0.0.11:5000/shop/web --version 1.0.0+build.5 --plain-http",
  );
});

test("what docker cannot pull has only its references", () => {
  expect(texts("signature")).toEqual([
    "10.0.0.11:5000/shop/web:1.0",
    "10.0.0.11:5000/shop/web@sha256:ab",
  ]);
});

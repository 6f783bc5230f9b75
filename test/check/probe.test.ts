import { probeImage } from "../../check/probe";

test("the probe fills packets of full size, and is the same each time", () => {
  const sizes = probeImage().parts!.map(({ blobs }) =>
    Math.max(...blobs.map(({ bytes }) => bytes.length)),
  );
  expect(Math.min(...sizes)).toBeGreaterThan(64 * 1024);
  expect(Math.max(...sizes)).toBeLessThan(70 * 1024);
  expect(probeImage().manifest.digest).toBe(probeImage().manifest.digest);
});

import { usageOf, usageText } from "../../images/report";
import { listing } from "./listings";

const found = listing({
  blobs: new Map([["sha256:a", 2000]]),
  disk: { size: 1e9, free: 1e6 },
  errors: { count: 1, last: ["no space left on device"] },
});

test("the usage of a registry that does not run has what its host knows, and nothing of its images", () => {
  const usage = usageOf("10.0.0.1:5000", undefined, found);
  expect(usage).not.toHaveProperty("repositories");
  expect(usage).not.toHaveProperty("tagged");
  expect(usageText(usage)).toBe(
    [
      "10.0.0.1:5000 (distribution 3.1.2)",
      "The volume has 2.00 kB in blobs.",
      "Free: 1.00 MB of 1.00 GB.",
      "The registry logged 1 error in the last 24 hours. The last ones:",
      "  no space left on device",
      ...usage.warnings.map((warning) => `warning: ${warning}`),
      "",
    ].join("\n"),
  );
  expect(usage.warnings).toHaveLength(1);
});

test("a registry that is empty has no repositories, which is known", () => {
  expect(usageOf("10.0.0.1:5000", [], listing())).toMatchObject({ repositories: [], tagged: 0 });
});

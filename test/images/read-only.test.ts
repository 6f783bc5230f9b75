import { readOnlyConfig } from "../../images/read-only";
import { REGISTRY_CONFIG } from "../../lab/hub/contents";

test("a configuration gets one more section, and the rest stays as it is", () => {
  expect(readOnlyConfig(REGISTRY_CONFIG)).toBe(
    REGISTRY_CONFIG.replace(
      "    rootdirectory: /var/lib/registry\n",
      "    rootdirectory: /var/lib/registry\n  maintenance:\n    readonly:\n      enabled: true\n",
    ).replace("[nosniff]", "[ nosniff ]"),
  );
});

test("other settings of maintenance stay", () => {
  const text = `storage:
  filesystem:
    rootdirectory: /var/lib/registry
  maintenance:
    uploadpurging:
      enabled: false
    readonly:
      enabled: false
`;
  expect(readOnlyConfig(text)).toBe(
    text.replace("readonly:\n      enabled: false", "readonly:\n      enabled: true"),
  );
});

test("a registry with its images elsewhere is refused", () => {
  expect(() => readOnlyConfig("storage:\n  s3:\n    bucket: images\n")).toThrow(
    "the registry's configuration: expected storage.filesystem.rootdirectory to be /var/lib/registry, found none; " +
      "a clean-up knows the files of a registry with its images in the volume only",
  );
});

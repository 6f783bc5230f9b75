import { configValues } from "../../settings/config";

test("reads the project's own keys: objects and lists from JSON, other text unchanged", () => {
  const all = {
    "cluster-registry:registry": '{"host":"cp"}',
    "cluster-registry:docker": "apt",
    "cluster-registry:migrate": "true",
    "docker:host": "ssh://elsewhere",
  };
  expect(configValues(all, "cluster-registry")).toEqual({
    registry: { host: "cp" },
    docker: "apt",
    migrate: true,
  });
});

import type { ApiObject } from "../../kube/api-server";
import { podsOf } from "../../kube/pods";

const pod = (name: string, phase: string, more: ApiObject = {}): ApiObject => ({
  metadata: { namespace: "shop", name },
  spec: { containers: [{ name: "main", image: "registry:5000/web:1.0" }], ...more },
  status: {
    phase,
    containerStatuses: [{ name: "main", imageID: "registry:5000/web@sha256:ab" }],
  },
});

test("a Pod has the images of all its containers, as they are named and as they run", () => {
  const init = { initContainers: [{ name: "first", image: "registry:5000/setup:2" }] };
  expect(podsOf([pod("web-1", "Running", init)])).toEqual([
    {
      namespace: "shop",
      name: "web-1",
      images: [
        { image: "registry:5000/setup:2" },
        { image: "registry:5000/web:1.0", imageId: "registry:5000/web@sha256:ab" },
      ],
    },
  ]);
});

test("a Pod that waits for its image counts, and one that has ended does not", () => {
  const phases = ["Pending", "Running", "Succeeded", "Failed", "Unknown"];
  const names = podsOf(phases.map((phase) => pod(phase, phase))).map(({ name }) => name);
  expect(names).toEqual(["Pending", "Running", "Unknown"]);
});

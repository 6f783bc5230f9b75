import type { ApiObject, ApiRequest } from "../../kube/api-server";
import { listPods, podsOf } from "../../kube/pods";

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

test("a long list is read page by page", async () => {
  const asked: ApiRequest["query"][] = [];
  const pages: ApiObject[] = [
    { metadata: { continue: "two" }, items: [pod("a", "Running")] },
    { metadata: {}, items: [pod("b", "Running")] },
  ];
  const api = {
    request: ({ query }: ApiRequest) => {
      asked.push(query);
      return Promise.resolve(pages.shift() ?? {});
    },
  };
  const found = await listPods(api, new AbortController().signal);
  expect(podsOf(found).map(({ name }) => name)).toEqual(["a", "b"]);
  expect(asked).toEqual([{ limit: "500" }, { limit: "500", continue: "two" }]);
});

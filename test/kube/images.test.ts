import { usesOf } from "../../kube/images";

const spec = (image: string) => ({ containers: [{ name: "a", image }] });
const metadata = { namespace: "shop", name: "web" };

test.each([
  ["Pod", spec("r:5000/a:1")],
  ["Deployment", { template: { spec: spec("r:5000/a:1") } }],
  ["Job", { template: { spec: spec("r:5000/a:1") } }],
  ["CronJob", { jobTemplate: { spec: { template: { spec: spec("r:5000/a:1") } } } }],
])("a %s uses the image that it names", (kind, own) => {
  expect(usesOf(kind, { metadata, spec: own })).toEqual([
    { image: "r:5000/a:1", by: `${kind} shop/web` },
  ]);
});

test("a Pod uses the images of all its kinds of containers, and the digests that its node pulled, each once", () => {
  const digest = `r:5000/a@sha256:${"a".repeat(64)}`;
  const pod = {
    metadata,
    spec: {
      containers: [{ image: "r:5000/a:1" }, { image: "r:5000/a:1" }],
      initContainers: [{ image: "r:5000/init:1" }],
      ephemeralContainers: [{ image: "r:5000/debug:1" }],
    },
    status: {
      containerStatuses: [{ imageID: `docker-pullable://${digest}` }, { imageID: "" }],
      initContainerStatuses: [{ imageID: "sha256:bbb" }],
    },
  };
  expect(usesOf("Pod", pod).map(({ image }) => image)).toEqual([
    "r:5000/a:1",
    "r:5000/init:1",
    "r:5000/debug:1",
    digest,
  ]);
});

test("an object without Pods uses nothing", () => {
  expect(usesOf("Deployment", { metadata })).toEqual([]);
});

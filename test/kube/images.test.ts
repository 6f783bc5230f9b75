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
      containers: [
        { name: "a", image: "r:5000/a:1" },
        { name: "b", image: "r:5000/a:1" },
      ],
      initContainers: [{ name: "init", image: "r:5000/init:1" }],
      ephemeralContainers: [{ name: "debug", image: "r:5000/debug:1" }],
    },
    status: {
      containerStatuses: [
        { name: "a", imageID: `docker-pullable://${digest}` },
        { name: "b", imageID: "" },
      ],
      initContainerStatuses: [{ name: "init", imageID: "sha256:bbb" }],
    },
  };
  expect(usesOf("Pod", pod).map(({ image }) => image)).toEqual([
    "r:5000/init:1",
    "r:5000/a:1",
    "r:5000/debug:1",
    digest,
  ]);
});

test("a Pod needs its digest under the name in its specification too, whatever name the runtime reports", () => {
  const pod = {
    metadata,
    spec: { containers: [{ name: "a", image: "r:5000/a:1" }] },
    status: { containerStatuses: [{ name: "a", imageID: "docker.io/library/a@sha256:aa" }] },
  };
  expect(usesOf("Pod", pod).map(({ image }) => image)).toEqual([
    "r:5000/a:1",
    "docker.io/library/a@sha256:aa",
    "r:5000/a@sha256:aa",
  ]);
});

test("a Pod uses the images that it mounts as volumes", () => {
  const volumes = [{ name: "v", image: { reference: "r:5000/model:1" } }];
  expect(usesOf("Deployment", { metadata, spec: { template: { spec: { volumes } } } })).toEqual([
    { image: "r:5000/model:1", by: "Deployment shop/web" },
  ]);
});

test("an object without Pods uses nothing", () => {
  expect(usesOf("Deployment", { metadata })).toEqual([]);
});

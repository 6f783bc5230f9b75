import { readInUse } from "../../images/registry-session";
import type { ApiObject } from "../../kube/api-server";
import { type ImageUse, usesOf } from "../../kube/images";
import { parseSettings } from "../../settings/parse";
import { podsAnswer } from "../../ui/pods-answer";

const CLUSTER = { file: "/kubeconfig" };
const DIGEST = `sha256:${"a".repeat(64)}`;
const settings = parseSettings({
  registry: { host: "cp", address: "10.0.0.11" },
  nodes: [{ name: "cp", address: "10.0.0.11", role: "master" }],
  mirrors: { "docker.io": ["http://10.0.0.11:5000"] },
});

const answerOf = (list: () => Promise<ImageUse[]>) =>
  podsAnswer(() => readInUse(settings, CLUSTER, list));

const metadata = { namespace: "shop", name: "web" };
const containers = (image: string) => ({ containers: [{ name: "main", image }] });
const template = (spec: ApiObject) => ({ template: { spec } });

test("a Pod and a workload that need an image are known by every name of the registry, an image volume too", async () => {
  const volumes = [{ name: "model", image: { reference: "10.0.0.11:5000/model:1" } }];
  const report = { jobTemplate: { spec: template(containers("docker.io/team/report")) } };
  const found = [
    ...usesOf("Pod", {
      metadata,
      spec: containers("10.0.0.11:5000/shop/web:1.0"),
      status: {
        containerStatuses: [{ name: "main", imageID: `10.0.0.11:5000/shop/web@${DIGEST}` }],
      },
    }),
    ...usesOf("Deployment", { metadata, spec: { replicas: 0, ...template({ volumes }) } }),
    ...usesOf("CronJob", { metadata, spec: report }),
    ...usesOf("DaemonSet", { metadata, spec: template(containers("quay.io/shop/web:1.0")) }),
  ];
  expect(await answerOf(() => Promise.resolve(found))).toEqual({
    state: "known",
    users: [
      { by: "Pod shop/web", images: ["shop/web:1.0", `shop/web@${DIGEST}`] },
      { by: "Deployment shop/web", images: ["model:1"] },
      { by: "CronJob shop/web", images: ["team/report:latest"] },
    ],
  });
});

test("without a cluster nothing is asked, and an error of the cluster is told", async () => {
  const refuse = () => Promise.reject(new Error("the API server at https://10.0.0.1 is silent"));
  expect(await podsAnswer(() => readInUse(settings, undefined, refuse))).toEqual({
    state: "no cluster",
  });
  expect(await answerOf(refuse)).toEqual({
    state: "error",
    message: "the API server at https://10.0.0.1 is silent",
  });
});

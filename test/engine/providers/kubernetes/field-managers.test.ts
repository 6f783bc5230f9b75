import { managersAfterTakeover } from "../../../../engine/providers/kubernetes/field-managers";

const entry = (manager: string, operation: string, ...fields: string[]) => ({
  manager,
  operation,
  apiVersion: "v1",
  fieldsType: "FieldsV1",
  fieldsV1: { "f:data": Object.fromEntries([".", ...fields].map((name) => [name, {}])) },
});
const US = "pulumi-kubernetes-0a1b2c3d";

test("the fields of the object's maker become ours by apply", () => {
  const other = entry("helm", "Update", "f:x");
  expect(managersAfterTakeover([entry("pulumi-kubernetes", "Update", "f:a"), other], US)).toEqual([
    other,
    entry(US, "Apply", "f:a"),
  ]);
});

test("what was changed with kubectl, edited or applied, is added to ours", () => {
  const managers = [
    entry(US, "Apply", "f:a"),
    entry("kubectl-edit", "Update", "f:a"),
    entry("kubectl-client-side-apply", "Update", "f:b"),
    entry("kubectl", "Apply", "f:c"),
  ];
  expect(managersAfterTakeover(managers, US)).toEqual([entry(US, "Apply", "f:a", "f:b", "f:c")]);
});

test("other programs' fields, and those of a status, stay theirs", () => {
  const managers = [
    entry(US, "Apply", "f:a"),
    entry("argocd", "Apply", "f:b"),
    { ...entry("kubectl", "Update", "f:c"), subresource: "status" },
  ];
  expect(managersAfterTakeover(managers, US)).toBeUndefined();
});

test("the replicas that kubectl scale has set are taken over too, but not those of an autoscaler", () => {
  const own = entry("kubectl", "Update", "f:replicas");
  const scaled = { ...own, subresource: "scale" };
  expect(managersAfterTakeover([scaled], US)).toEqual([
    { ...own, manager: US, operation: "Apply" },
  ]);
  expect(
    managersAfterTakeover([{ ...scaled, manager: "kube-controller-manager" }], US),
  ).toBeUndefined();
});

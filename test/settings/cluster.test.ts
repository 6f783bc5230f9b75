import { clusterOf } from "../../settings/cluster";
import { SettingsError } from "../../settings/problem";

const KUBECONFIG = `current-context: lab
contexts: [{name: lab}, {name: prod}]
users: [{name: me, user: {token: SECRET}}]
`;

const look = (
  kubernetes: { kubeconfig: string; context?: string },
  files: Record<string, string>,
) =>
  clusterOf(
    { kubernetes },
    {
      read: (path) => files[path],
      home: "/home/me",
      project: "/project",
      localUser: "me",
      agentSocket: undefined,
    },
  );

function problem(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof SettingsError)
      return error.problems.map(({ path, reason }) => `${path}: ${reason}`).join("\n");
    throw error;
  }
  return "none";
}

describe("clusterOf", () => {
  const home = { "/home/me/.kube/config": KUBECONFIG };

  test("finds the file in the home folder, and the given context", () => {
    expect(look({ kubeconfig: "~/.kube/config" }, home)).toEqual({
      kubeconfig: "/home/me/.kube/config",
    });
    expect(look({ kubeconfig: "~/.kube/config", context: "prod" }, home)).toEqual({
      kubeconfig: "/home/me/.kube/config",
      context: "prod",
    });
  });

  test("a relative path starts at the project and stays relative in the result", () => {
    expect(look({ kubeconfig: "admin.conf" }, { "/project/admin.conf": KUBECONFIG })).toEqual({
      kubeconfig: "admin.conf",
    });
  });

  test("a missing file, an invalid kubeconfig and an unknown context are errors with the path and without the file's text", () => {
    const kubeconfig = "/k";
    expect(problem(() => look({ kubeconfig }, {}))).toBe(
      "kubernetes.kubeconfig: expected a kubeconfig at /k, found no file",
    );
    for (const text of ["token: [SECRET", "SECRET", "contexts: SECRET"])
      expect(problem(() => look({ kubeconfig }, { "/k": text }))).toBe(
        "kubernetes.kubeconfig: expected /k to be a kubeconfig",
      );
    expect(problem(() => look({ kubeconfig, context: "dev" }, { "/k": KUBECONFIG }))).toBe(
      'kubernetes.context: expected one of the contexts of /k (lab, prod), found "dev"',
    );
    const none = KUBECONFIG.replace("current-context: lab", "");
    expect(problem(() => look({ kubeconfig }, { "/k": none }))).toBe(
      "kubernetes.kubeconfig: /k has no current context; set kubernetes.context to one of: lab, prod",
    );
  });
});

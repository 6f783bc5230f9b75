import type { Pair } from "./certificates";

/** A self-contained kubeconfig of one user. */
export function kubeconfig(server: string, authority: string, user: string, pair: Pair): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "lab", cluster: { server, "certificate-authority-data": base64(authority) } },
    ],
    users: [
      {
        name: user,
        user: {
          "client-certificate-data": base64(pair.certificate),
          "client-key-data": base64(pair.key),
        },
      },
    ],
    contexts: [{ name: "lab", context: { cluster: "lab", user } }],
    "current-context": "lab",
  };
  // JSON is YAML, and every reader of a kubeconfig accepts it.
  return JSON.stringify(config, undefined, 2) + "\n";
}

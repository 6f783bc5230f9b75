import { type DaemonJsonInput, planDaemonJson, Refusal } from "../../../patch";

const PATH = "/etc/docker/daemon.json";

/** Plans daemon.json for one registry. @param usual what every plan asks for beside it */
export function planner(usual: Partial<DaemonJsonInput> = {}) {
  const plan = (text: string | undefined, asked: Partial<DaemonJsonInput> = {}) =>
    planDaemonJson({
      path: PATH,
      bytes: text === undefined ? undefined : Buffer.from(text),
      registry: "172.30.1.2:5000",
      ...usual,
      ...asked,
    });
  const after = (...args: Parameters<typeof plan>): string | undefined =>
    plan(...args).files[0]?.desired?.toString();
  /** The message of the refusal. */
  const refusal = (...args: Parameters<typeof plan>): string => {
    try {
      plan(...args);
    } catch (error) {
      if (error instanceof Refusal) return error.message;
      throw error;
    }
    throw new Error("it was not refused");
  };
  return { plan, after, refusal };
}

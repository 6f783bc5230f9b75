import type { RunningHost } from "../../lab";

/** The steps of a change, as the helper writes them, in order. */
export const MARKS = [
  "begin",
  "checked",
  "staged",
  "validated",
  "replacing",
  "replaced",
  "activating",
  "checking",
  "healthy",
  "recording",
] as const;
export type Mark = (typeof MARKS)[number];

/**
 * Something that happens on a host at the moment when a change reaches a step. It comes from outside: on this host, `mv`,
 * with which the helper writes its steps, is one that looks at what was written. The helper itself knows nothing of it.
 *
 * @param command shell; `$HELPER_PID` is the process that makes the change
 */
export async function atMark(host: RunningHost, mark: Mark, command: string): Promise<void> {
  const wrapper = `#!/bin/sh
/bin/mv "$@"
code=$?
case "$*" in
  *"/next/step.new "*)
    for to do :; done
    if [ "$(cat "$to")" = ${mark} ]; then
      rm -f /usr/local/bin/mv
      HELPER_PID=$PPID
      ${command}
    fi
    ;;
esac
exit $code
`;
  await host.exec("cat >/usr/local/bin/mv && chmod 755 /usr/local/bin/mv", { stdin: wrapper });
}

/** Takes the wrapper away again, also where its moment never came. */
export async function noFault(host: RunningHost): Promise<void> {
  await host.exec("rm -f /usr/local/bin/mv /run/frozen");
}

/** Shell for `atMark`: says that the moment is there, and waits until `/run/thawed` is. */
export const FREEZE =
  "rm -f /run/thawed; touch /run/frozen; while [ ! -e /run/thawed ]; do sleep 0.05; done; rm -f /run/thawed";

export async function frozen(host: RunningHost): Promise<void> {
  await host.waitUntilSucceeds("test -e /run/frozen", { timeoutSeconds: 30 });
}

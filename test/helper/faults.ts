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
 * The steps for faults that end like another one, which is tried at every step. FAULTS=some, as in `.ci/run`, leaves one
 * step of each kind: before the file is replaced, with the new file, while the daemon starts, and once it is well.
 */
export const SOME_MARKS: readonly Mark[] =
  process.env["FAULTS"] === "some" ? ["staged", "replaced", "checking", "recording"] : MARKS;

/**
 * Runs a command on a host at the moment when a change reaches a step. The fault is outside of the helper: the helper
 * writes its steps with `mv`, and on this host `mv` is a wrapper that reads what is written.
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

/**
 * Runs a command around the nth exchange of two names. The first exchange is for the new file, the second for the old
 * file in a rollback. If mv(1) cannot exchange names, the helper uses perl, which is a wrapper on this host.
 */
export async function aroundExchange(
  host: RunningHost,
  nth: number,
  { before = ":", after = ":" }: { before?: string; after?: string },
): Promise<void> {
  const wrapper = `#!/bin/sh
n=$(($(cat /run/exchanges 2>/dev/null || echo 0) + 1))
echo $n >/run/exchanges
if [ $n = ${nth} ]; then ${before}; fi
/usr/bin/perl "$@"
code=$?
if [ $n = ${nth} ]; then ${after}; fi
exit $code
`;
  await host.exec(
    "rm -f /run/exchanges; cat >/usr/local/bin/perl && chmod 755 /usr/local/bin/perl",
    {
      stdin: wrapper,
    },
  );
}

/**
 * Does the same by polling what is written, for a helper that does not use `mv` from outside because a static busybox
 * has its own. Only for steps that take some time. Resolves when the command has run; rejects if the moment does not
 * come.
 *
 * @param command shell; `$UNIT` is the change's unit
 */
export async function whenSeen(host: RunningHost, mark: Mark, command: string): Promise<void> {
  const look = `
    my ($mark, $command) = @ARGV;
    for (1 .. 20000) {
      for my $step (glob "/var/lib/cluster-registry/records/*/next/step") {
        open(my $text, "<", $step) or next;
        exec "/bin/sh", "-c", $command if (<$text> // "") eq $mark . chr(10);
      }
      select undef, undef, undef, 0.002;
    }
    exit 1;`;
  const unit =
    'UNIT=$(systemctl list-units --plain --no-legend "cluster-registry-apply-*" | cut -d " " -f 1)';
  await host.exec("cat >/run/look.pl", { stdin: look });
  await host.succeed(`perl /run/look.pl ${mark} '${unit}; ${command}'`);
}

/** Removes the wrapper, even if its moment never came. */
export async function noFault(host: RunningHost): Promise<void> {
  await host.exec(
    "rm -f /usr/local/bin/mv /usr/local/bin/perl /run/exchanges /run/frozen /run/look.pl",
  );
}

/** Shell for `atMark`: reports the moment, and waits until `/run/thawed` exists. */
export const FREEZE =
  "rm -f /run/thawed; touch /run/frozen; while [ ! -e /run/thawed ]; do sleep 0.05; done; rm -f /run/thawed";

export async function frozen(host: RunningHost): Promise<void> {
  await host.waitUntilSucceeds("test -e /run/frozen", { timeoutSeconds: 30 });
}

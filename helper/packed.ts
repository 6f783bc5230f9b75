import { TOOL_PACKAGES } from "./commands";

/**
 * A shell program that unpacks itself and runs with the same words: a third of the bytes, which the state has twice for
 * each Command, and which go to the host with each step. In the file in which the guard puts it, it becomes the program that
 * it carries, so the program that is installed on a host can be read.
 *
 * @param program a text for the POSIX shell that ends with a newline.
 * @param gzip what makes it smaller.
 * @param then lines that run after the program, with its functions and words. They are not packed.
 */
export function packed(
  program: string,
  gzip: (text: string) => Uint8Array,
  then: readonly string[] = [],
): string {
  return [
    "#!/bin/sh",
    "{ # The helper of cluster-registry, in gzip and base64. As in the helper, an incomplete text runs nothing.",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "unset GZIP",
    "packed_missing=",
    'for tool in base64 gzip; do command -v $tool >/dev/null || packed_missing="$packed_missing $tool"; done',
    'if [ -n "$packed_missing" ]; then',
    '  case ${1-} in observe) printf "\\ncluster-registry-observation 2\\nmissing%s\\nend\\n" "$packed_missing"; exit 0 ;; esac',
    `  echo "this host lacks tools that a change needs:$packed_missing (they are in ${TOOL_PACKAGES}): install them; nothing was changed on this host" >&2`,
    "  exit 1",
    "fi",
    `packed_program=$(printf %s '${Buffer.from(gzip(program)).toString("base64")}' | base64 -d | gzip -dc) || exit 1`,
    "case $0 in */.helper.*)",
    '  printf "%s\\n" "$packed_program" >"$0" || { echo "cannot write to ${0%/*}: is the disk full?" >&2; exit 1; }',
    '  exec sh "$0" "$@" ;;',
    "esac",
    'eval "$packed_program"',
    ...then,
    "exit",
    "}",
    "",
  ].join("\n");
}

/**
 * Configuration files hold credentials, and their lines end up in error messages, diffs and logs. What
 * is masked here is never needed to understand a problem.
 */
const secretAssignment =
  /^(\s*(?:[^#=:]*[."'\s])?["']?[\w-]*(?:password|passwd|secret|token|auth|credential)[\w-]*["']?\s*[=:]\s*)(.+)$/i;
const urlCredentials = /(\/\/)[^/@\s"']+@/g;

/** The line with credential values (assignments to password-like keys, userinfo in URLs) as `***`. */
export function maskSecrets(line: string): string {
  const carriageReturn = line.endsWith("\r") ? "\r" : "";
  const text = line.slice(0, line.length - carriageReturn.length);
  const assigned = secretAssignment.exec(text);
  const masked = assigned === null ? text : `${assigned[1] ?? ""}***`;
  return masked.replace(urlCredentials, "$1***@") + carriageReturn;
}

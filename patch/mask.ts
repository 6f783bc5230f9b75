/**
 * Configuration files hold credentials, and their lines end up in error messages, diffs and logs. What
 * is masked here is never needed to understand a problem.
 */
// A key stands anywhere in a line: in an inline table, or in a file that is one line. What follows it is hidden to the end.
// A colon is an assignment only behind a quote or before a blank: `http://auth:5000` is an address.
const secretAssignment =
  /^(.*?(?:password|passwd|secret|token|auth|credential|(?:api|access)[_-]?key)[\w-]*(?:["']?\s*=\s*|["']\s*:\s*|:\s+))(\S.*)$/i;
const urlCredentials = /(\/\/)[^/@\s"']+@/g;

/** The line with credential values (assignments to password-like keys, userinfo in URLs) as `***`. */
export function maskSecrets(line: string): string {
  const carriageReturn = line.endsWith("\r") ? "\r" : "";
  const text = line.slice(0, line.length - carriageReturn.length);
  const assigned = secretAssignment.exec(text);
  const masked = assigned === null ? text : `${assigned[1] ?? ""}***`;
  return masked.replace(urlCredentials, "$1***@") + carriageReturn;
}

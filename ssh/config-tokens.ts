/** Values that an OpenSSH client configuration may refer to. */
export interface TokenValues {
  /** For `~` and `%d`. */
  home: string;
  /** For `${NAME}`. Undefined if it is not set, which is an error as in OpenSSH. */
  env: (name: string) => string | undefined;
  /** By token: `%h`. */
  tokens: Record<string, string>;
}

/**
 * Expands `~`, the percent tokens and `${NAME}` in a value. Each is expanded once, and the results are not expanded
 * again.
 * @param what the setting, for the error: `IdentityFile`
 * @throws Error if something cannot be expanded, as in OpenSSH
 */
export function expandValue(value: string, what: string, values: TokenValues): string {
  const refuse = (why: string): never => {
    throw new Error(`${what} ${value}: ${why}`);
  };
  const path = expandHome(value, what, values.home);
  return path.replace(/%(.?)|\$\{([^}]*)(\}?)/gs, (found, token?: string, name?: string) => {
    if (token === "%") return "%";
    if (token !== undefined) return values.tokens[found] ?? refuse(`${found} is not supported`);
    if (!found.endsWith("}")) return refuse("${ is not closed");
    return values.env(name ?? "") ?? refuse(`the environment variable ${name} is not set`);
  });
}

/** Expands only `~`, for settings that support nothing else. */
export function expandHome(value: string, what: string, home: string): string {
  if (/^~[^/]/.test(value))
    throw new Error(`${what} ${value}: expected ~ or ~/, found the home folder of another user`);
  return value.startsWith("~") ? home + value.slice(1) : value;
}

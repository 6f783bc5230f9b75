import type { EnvironmentVariable } from "./observation";

export interface UnitFile {
  path: string;
  text: string;
}

/** Splits the output of `systemctl cat` into the unit and its drop-ins. Each follows a comment with its path. */
export function splitUnits(text: string): UnitFile[] {
  const files: UnitFile[] = [];
  for (const line of text.split("\n")) {
    const path = /^# (\/\S+\.(?:service|conf))$/.exec(line)?.[1];
    const file = files[files.length - 1];
    if (path !== undefined) files.push({ path, text: "" });
    else if (file !== undefined) file.text += `${line}\n`;
  }
  return files;
}

/**
 * The Environment= settings of a unit's files, or the DefaultEnvironment= settings of systemd itself, in systemd's
 * order. An empty setting discards all earlier ones.
 */
export function unitEnvironment(
  files: readonly UnitFile[],
  key: "Environment" | "DefaultEnvironment" = "Environment",
): EnvironmentVariable[] {
  let variables: EnvironmentVariable[] = [];
  const settings = new RegExp(`^\\s*${key}\\s*=(.*)$`);
  for (const file of files) {
    for (const { text, line } of settingLines(file.text)) {
      const setting = settings.exec(text)?.[1];
      if (setting === undefined) continue;
      if (setting.trim() === "") variables = [];
      for (const word of quotedWords(setting)) {
        variables.push(...assignment(word, `${file.path}:${line}`));
      }
    }
  }
  return variables;
}

/**
 * A unit's settings, each with the number of its first line. A backslash at the end continues a line and counts as a
 * blank. Comment lines in between are skipped.
 */
function settingLines(text: string): { text: string; line: number }[] {
  const settings: { text: string; line: number }[] = [];
  let open: { text: string; line: number } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*[#;]/.test(line)) continue;
    const goesOn = /^(.*)\\\r?$/s.exec(line)?.[1];
    const current = open ?? { text: "", line: index + 1 };
    current.text += goesOn === undefined ? line : `${goesOn} `;
    open = goesOn === undefined ? undefined : current;
    if (open === undefined) settings.push(current);
  }
  return open === undefined ? settings : [...settings, open];
}

/** `NAME=value` lines of a running program, all with the same source. */
export function plainVariables(text: string, source: string): EnvironmentVariable[] {
  return text.split("\n").flatMap((line) => assignment(line, source));
}

/** The variables of an EnvironmentFile. */
export function environmentFile(file: UnitFile): EnvironmentVariable[] {
  return settingLines(file.text).flatMap(({ text, line }) =>
    assignment(unquoted(text.trim()), `${file.path}:${line}`),
  );
}

function assignment(word: string, source: string): EnvironmentVariable[] {
  const equals = word.indexOf("=");
  return equals < 1
    ? []
    : [{ name: word.slice(0, equals), value: unquoted(word.slice(equals + 1)), source }];
}

/** Splits words at blanks. Quotes hold a word together. */
function quotedWords(text: string): string[] {
  const words = text.match(/"(?:\\.|[^"\\])*"|'[^']*'|(?:\\.|[^\s\\])+/g) ?? [];
  return words.map(unquoted);
}

function unquoted(word: string): string {
  const quote = word[0];
  if (word.length < 2 || (quote !== '"' && quote !== "'") || !word.endsWith(quote)) return word;
  const inside = word.slice(1, -1);
  return quote === '"' ? inside.replace(/\\(.)/g, "$1") : inside;
}

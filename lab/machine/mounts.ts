/** One line of /proc/<pid>/mounts. */
export interface Mount {
  source: string;
  target: string;
  type: string;
}

/** Parses the kernel's table of mounts, in its order, and decodes its octal escapes (\040 is a space). */
export function parseMounts(text: string): Mount[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [source = "", target = "", type = ""] = line.split(" ").map(unescape);
      return { source, target, type };
    });
}

const unescape = (field: string) =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));

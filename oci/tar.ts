/** One entry of a tar archive; owned by root. A file has contents, a symbolic link has a target, a folder has neither. */
export interface TarEntry {
  /** Path without a leading slash, at most 99 bytes. */
  path: string;
  contents?: Buffer;
  /** Where a symbolic link leads, at most 99 bytes. */
  target?: string;
  /** @default 0o755 */
  mode?: number;
}

const BLOCK = 512;
const [FILE, LINK, FOLDER] = ["0", "2", "5"];

/** A tar archive (ustar) of these entries, in their order, with all times zero: the same entries give the same bytes. */
export function tar(entries: TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const contents = entry.contents ?? Buffer.alloc(0);
    const padding = Buffer.alloc((BLOCK - (contents.length % BLOCK)) % BLOCK);
    return [header(entry, contents.length), contents, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header({ path, contents, target, mode = 0o755 }: TarEntry, size: number): Buffer {
  const kind = contents ? FILE : target ? LINK : FOLDER;
  const name = kind === FOLDER ? `${path}/` : path;
  for (const text of [name, target ?? ""]) {
    if (Buffer.byteLength(text) > 99) {
      throw new RangeError(
        `tar: expected a path of at most 99 bytes, found ${JSON.stringify(text)}`,
      );
    }
  }
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  block.write(name, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108); // user
  block.write(octal(0, 7), 116); // group
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136); // time
  block.write(" ".repeat(8), 148); // the checksum counts its own field as spaces
  block.write(kind, 156);
  block.write(target ?? "", 157);
  block.write("ustar\u000000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}

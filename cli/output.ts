/** Prints a line for people on stderr. stdout is for results, which another program may read. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Prints a result on stdout, with a line feed at its end. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`);

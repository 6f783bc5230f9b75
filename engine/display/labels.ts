/** The labels, symbols and colours of Pulumi's displays. */
import type { Op } from "../steps/events";

interface Label {
  sign: string;
  colour: Colour;
  plan: string;
  running: string;
  done: string;
}

type Colour = "green" | "yellow" | "red" | "magenta" | "cyan" | "plain";

const label = (
  sign: string,
  colour: Colour,
  plan: string,
  running: string,
  done: string,
): Label => ({
  sign,
  colour,
  plan,
  running,
  done,
});

export const LABELS: Record<Op, Label> = {
  same: label("  ", "plain", "", "", ""),
  create: label("+ ", "green", "create", "creating", "created"),
  update: label("~ ", "yellow", "update", "updating", "updated"),
  delete: label("- ", "red", "delete", "deleting", "deleted"),
  replace: label("+-", "magenta", "replace", "replacing", "replaced"),
  "create-replacement": label(
    "++",
    "green",
    "create replacement",
    "creating replacement",
    "created replacement",
  ),
  "delete-replaced": label("--", "red", "delete original", "deleting original", "deleted original"),
  read: label("> ", "cyan", "read", "reading", "read"),
  "read-replacement": label(
    ">>",
    "cyan",
    "read for replacement",
    "reading for replacement",
    "read for replacement",
  ),
  refresh: label("~ ", "yellow", "refresh", "refreshing", "refreshed"),
  discard: label("< ", "red", "discard", "discarding", "discarded"),
  "discard-replaced": label(
    "<<",
    "red",
    "discard original",
    "discarding original",
    "discarded original",
  ),
  "remove-pending-replace": label("~ ", "plain", "remove pending replace", "removing", "removed"),
  import: label("= ", "green", "import", "importing", "imported"),
  "import-replacement": label(
    "=>",
    "magenta",
    "import replacement",
    "importing replacement",
    "imported replacement",
  ),
};

const CODES: Record<Colour, string> = {
  green: "32",
  yellow: "33",
  red: "31",
  magenta: "35",
  cyan: "36",
  plain: "0",
};

/** Colours text on terminals that support it. */
export class Paint {
  constructor(private readonly enabled: boolean) {}

  /** `raw` adds no colour: this engine does not have Pulumi's colour tags. */
  static for(
    stream: { isTTY?: boolean },
    color = "auto",
    env: NodeJS.ProcessEnv = process.env,
  ): Paint {
    if (color !== "auto") return new Paint(color === "always");
    return new Paint(stream.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb");
  }

  op(op: Op, text: string): string {
    return this.colour(LABELS[op].colour, text);
  }

  colour(colour: Colour, text: string): string {
    return this.enabled && colour !== "plain" ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text;
  }

  bold(text: string): string {
    return this.enabled ? `\x1b[1m${text}\x1b[0m` : text;
  }
}

import { randomBytes } from "node:crypto";
import { diffMaps } from "../../values/diff";
import { deepEquals } from "../../values/property";
import { UNKNOWN } from "../provider";
import type { CreateContext, Diff, Outputs, Props, StepContext } from "../provider";
import { checkSchema, notTaken } from "../schema";
import type { Fields, SchemaResult } from "../schema";

/** One resource type of this provider. It has a provider's methods, without the type argument. */
export interface CommandResource {
  check(news: Props): SchemaResult;
  create(inputs: Props, ctx: CreateContext): Promise<{ id: string } & Outputs>;
  update(oldOutputs: Props, news: Props, ctx: CreateContext): Promise<Outputs>;
  delete(outputs: Props, ctx: StepContext): Promise<void>;
}

/** Runs one command of a resource. Local and remote commands differ only here. */
export type Run = (
  command: string,
  inputs: Props,
  previous: CommandOutputs,
  ctx: StepContext,
) => Promise<CommandOutputs>;

export interface CommandOutputs {
  stdout: string;
  stderr: string;
}

/** Inputs of the real provider that this one refuses by name. */
const OTHERS = ["environment", "dir", "interpreter", "assetPaths", "archivePaths"];

/** Decides which command of a command resource runs in each operation, and what the operation returns. */
export function commandResource(fields: Fields, run: Run): CommandResource {
  return {
    check(news) {
      const { failures, ...checked } = checkSchema(fields, news);
      const reason = notTaken(Object.keys(fields));
      const explained = failures.map((failure) =>
        OTHERS.includes(failure.property) ? { ...failure, reason } : failure,
      );
      return { ...checked, failures: explained };
    },
    async create(inputs, ctx) {
      if (ctx.preview) {
        return { id: "", outputs: { ...inputs, ...unknown() } };
      }
      const command = text(inputs["create"]);
      const outputs =
        command === undefined
          ? { stdout: "", stderr: "" }
          : await run(command, inputs, { stdout: "", stderr: "" }, ctx);
      return { id: uniqueId(ctx.urn), outputs: { ...inputs, ...outputs } };
    },
    async update(oldOutputs, news, ctx) {
      const previous = previousOutputs(oldOutputs);
      if (ctx.preview) {
        return { outputs: { ...news, ...(staysKnown(oldOutputs, news) ? previous : unknown()) } };
      }
      const command = text(news["update"]) ?? text(news["create"]);
      const outputs = command === undefined ? previous : await run(command, news, previous, ctx);
      return { outputs: { ...news, ...outputs } };
    },
    async delete(outputs, ctx) {
      const command = text(outputs["delete"]);
      if (command === undefined) return;
      await run(command, outputs, previousOutputs(outputs), ctx);
    },
  };
}

/**
 * Every change is an update, except if `triggers` as a whole is added or removed. (The SDK's replaceOnChanges makes a
 * changed trigger a replacement.)
 */
export function diffInputs(oldInputs: Props, news: Props): Diff {
  const detailed = diffMaps(withoutEngines(oldInputs), withoutEngines(news));
  const whole = detailed["triggers"];
  if (whole === "add" || whole === "delete") detailed["triggers"] = `${whole}-replace`;
  return {
    changes: Object.keys(detailed).length === 0 ? "none" : "some",
    replaces: detailed["triggers"] === undefined ? [] : ["triggers"],
    detailed,
  };
}

/** The logical name at the end of the URN and eight random hex digits, as the real provider makes ids. */
function uniqueId(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2) + randomBytes(4).toString("hex");
}

function unknown(): Props {
  return { stdout: UNKNOWN, stderr: UNKNOWN };
}

/** False if an input that the old state has is different now: a preview cannot know the output then. */
function staysKnown(oldOutputs: Props, news: Props): boolean {
  return Object.keys(oldOutputs)
    .filter((key) => key !== "stdout" && key !== "stderr")
    .every((key) => deepEquals(oldOutputs[key], news[key]));
}

function previousOutputs(outputs: Props): CommandOutputs & Props {
  return { stdout: text(outputs["stdout"]) ?? "", stderr: text(outputs["stderr"]) ?? "" };
}

function withoutEngines(props: Props): Props {
  return Object.fromEntries(
    Object.entries(props).filter(([key]) => key !== "version" && !key.startsWith("__")),
  );
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Formats property values for people: hides secrets, and shows long strings as diffs. */
import { diffLines } from "diff";
import { UNKNOWN } from "../providers/provider";
import type { Step } from "../steps/events";
import { parsePath, type Path } from "../values/path";
import {
  hasSecret,
  isMap,
  isSecret,
  sortedKeys,
  type PropertyMap,
  type PropertyValue,
} from "../values/property";
import { LABELS, type Paint } from "./labels";

/** `name: value` lines; objects and lists take several lines. */
export function renderMap(map: PropertyMap, indent: string): string[] {
  return sortedKeys(map).flatMap((key) => renderValue(key, map[key] ?? null, indent));
}

/** Like renderMap, but an object or list that is in `known` takes one line, with only its keys. */
export function renderShort(
  map: PropertyMap,
  known: (key: string) => boolean,
  indent: string,
): string[] {
  return sortedKeys(map).flatMap((key) => {
    const value = map[key] ?? null;
    const short = known(key) ? shortOf(value) : undefined;
    return short === undefined
      ? renderValue(key, value, indent)
      : [`${indent}${key}: ${short} (unchanged)`];
  });
}

function shortOf(value: PropertyValue): string | undefined {
  if (Array.isArray(value)) return `[${value.length}]`;
  if (!isMap(value)) return undefined;
  const keys = sortedKeys(value);
  const some = keys.length > 6 ? [...keys.slice(0, 5), `${keys.length - 5} more`] : keys;
  return `{ ${some.join(", ")} }`;
}

function renderValue(key: string, value: PropertyValue, indent: string): string[] {
  const inner = `${indent}    `;
  if (Array.isArray(value) && value.length > 0) {
    const items = value.flatMap((item, i) => renderValue(`[${i}]`, item, inner));
    return [`${indent}${key}: [`, ...items, `${indent}]`];
  }
  if (isMap(value) && Object.keys(value).length > 0) {
    return [`${indent}${key}: {`, ...renderMap(value, inner), `${indent}}`];
  }
  return [`${indent}${key}: ${renderLeaf(value)}`];
}

function renderLeaf(value: PropertyValue | undefined): string {
  if (value === undefined) return "[absent]";
  if (value === UNKNOWN) return "[unknown]";
  if (isSecret(value)) return "[secret]";
  if (typeof value === "object" && value !== null && hasSecret(value)) return "[secret]";
  return JSON.stringify(value);
}

/** The changed properties of a step, one or more lines each. */
export function renderChanges(step: Step, paint: Paint, indent: string): string[] {
  const { old, new: now } = step;
  if (!old || !now) return renderMap(now?.inputs ?? {}, indent);
  return Object.entries(step.detailed ?? {}).flatMap(([text, kind]) => {
    const path = parsePath(text);
    const before = valueAt(old.inputs, path) ?? valueAt(old.outputs, path);
    const after = valueAt(now.inputs, path);
    const op = kind.startsWith("add") ? "create" : kind.startsWith("delete") ? "delete" : "update";
    const head = `${indent}${LABELS[op].sign}${text}`;
    if (typeof before === "string" && typeof after === "string" && /\n/.test(before + after)) {
      return [paint.op(op, `${head}:`), ...renderTextDiff(before, after, paint, `${indent}    `)];
    }
    if (op === "create") return [paint.op(op, `${head}: ${renderLeaf(after)}`)];
    if (op === "delete") return [paint.op(op, `${head}: ${renderLeaf(before)}`)];
    return [paint.op(op, `${head}: ${renderLeaf(before)} => ${renderLeaf(after)}`)];
  });
}

function renderTextDiff(before: string, after: string, paint: Paint, indent: string): string[] {
  return diffLines(before, after).flatMap(({ value, added, removed }) => {
    const lines = value.replace(/\n$/, "").split("\n");
    if (!added && !removed)
      return lines.length > 6 ? [`${indent}  ...`] : lines.map((l) => `${indent}  ${l}`);
    return lines.map((line) =>
      paint.op(added ? "create" : "delete", `${indent}${added ? "+" : "-"} ${line}`),
    );
  });
}

/** Undefined if the path does not exist. Any path inside a secret leads to that secret. */
function valueAt(value: PropertyValue | undefined, path: Path): PropertyValue | undefined {
  const [key, ...rest] = path;
  if (key === undefined || isSecret(value)) return value;
  if (Array.isArray(value)) return valueAt(value[Number(key)], rest);
  return isMap(value) ? valueAt(value[String(key)], rest) : undefined;
}

/** The changes in brief: `[diff: +new,-gone,~other]`. */
export function renderBrief(step: Step): string {
  if (!step.detailed || !step.diffs || step.diffs.length === 0) return "";
  const names = step.diffs.map((key) => {
    const kind = step.detailed?.[key];
    return `${kind?.startsWith("add") ? "+" : kind?.startsWith("delete") ? "-" : "~"}${key}`;
  });
  return `[diff: ${names.join(",")}]`;
}

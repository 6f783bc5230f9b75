/**
 * Assigns each resource to a line of the display. A component and its members share one line, `node01: containerd
 * mirror`: the component's name, and the display name of its type. A resource outside components has its own line.
 */
import type { Op, Step } from "../steps/events";
import { isStack, urnName, urnType } from "../steps/urn";

/**
 * Display names for component types, e.g. `docker daemon.json`. A type without an entry gets a name derived from the
 * type.
 */
export type StepWords = Readonly<Record<string, string>>;

/** Converts `a:index:ContainerdMirror` to `containerd mirror`. */
export function wordsOf(type: string, words: StepWords = {}): string {
  const [last = type] = type.split(":").slice(-1);
  return words[type] ?? last.replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ").toLowerCase();
}

export class Family {
  private readonly members = new Map<string, { custom: boolean; parent: string }>();

  constructor(private readonly words: StepWords = {}) {}

  learn({ urn, old, new: now }: Step): void {
    const state = now ?? old;
    if (state) this.members.set(urn, { custom: state.custom, parent: state.parent ?? "" });
  }

  isComponent(urn: string): boolean {
    return this.members.get(urn)?.custom === false && !isStack(urn);
  }

  /** The URN of the row's component, or the resource's own URN. */
  rowOf(urn: string): string {
    if (this.isComponent(urn)) return urn;
    for (let at = this.parentOf(urn); at !== ""; at = this.parentOf(at)) {
      // A destroy deletes children first: a parent that is not known yet counts as a component.
      if (this.members.get(at)?.custom !== true) return at;
    }
    return urn;
  }

  /** A component's name is often its parent's name, a dash, and its own part. */
  nameOf(urn: string): string {
    const name = urnName(urn);
    const parent = this.parentOf(urn);
    const prefix = parent === "" ? "" : `${urnName(parent)}-`;
    return prefix !== "" && name.startsWith(prefix) && name !== prefix
      ? name.slice(prefix.length)
      : name;
  }

  /** `node01: containerd mirror`. A resource outside components has its type and name, as in Pulumi. */
  labelOf(row: string): string {
    return this.members.get(row)?.custom !== true && this.hasChildren(row)
      ? `${this.nameOf(row)}: ${wordsOf(urnType(row), this.words)}`
      : `${urnType(row)} ${urnName(row)}`;
  }

  private hasChildren(row: string): boolean {
    if (this.isComponent(row)) return true;
    return [...this.members.values()].some(({ parent }) => parent === row);
  }

  /** The stack does not count as a parent. */
  private parentOf(urn: string): string {
    const parent = this.members.get(urn)?.parent ?? "";
    return parent === "" || isStack(parent) ? "" : parent;
  }
}

/** The operation of a component, from its own operation and those of its members. */
export function opOf(own: Op | undefined, members: readonly Op[]): Op {
  const [first] = members;
  if (first === undefined || own === "create" || own === "delete") return own ?? "same";
  if (members.some((op) => REPLACING.has(op))) return "replace";
  const one = members.every((op) => op === first);
  // If a component stays, members that are created or deleted count as a change.
  return one && (own === undefined || (first !== "create" && first !== "delete"))
    ? first
    : "update";
}

const REPLACING: ReadonlySet<Op> = new Set(["replace", "create-replacement", "delete-replaced"]);

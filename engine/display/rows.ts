/**
 * Which line of the display a resource belongs to. What a component is made of is one line, `node01: containerd mirror`:
 * the component's name, and its type in words. A resource without a component has a line of its own.
 */
import type { Op, Step } from "../steps/events";
import { isStack, urnName, urnType } from "../steps/urn";

/** Words for types of components, e.g. `docker daemon.json`. What is not in it is named by its type. */
export type StepWords = Readonly<Record<string, string>>;

/** `a:index:ContainerdMirror` as `containerd mirror`. */
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

  /** The URN of the component whose line it is, or its own. */
  rowOf(urn: string): string {
    if (this.isComponent(urn)) return urn;
    for (let at = this.parentOf(urn); at !== ""; at = this.parentOf(at)) {
      // A destroy has the children first: a parent that is not known yet is taken for a component.
      if (this.members.get(at)?.custom !== true) return at;
    }
    return urn;
  }

  /** A component's name is often that of the one around it, a dash, and what is its own. */
  nameOf(urn: string): string {
    const name = urnName(urn);
    const parent = this.parentOf(urn);
    const prefix = parent === "" ? "" : `${urnName(parent)}-`;
    return prefix !== "" && name.startsWith(prefix) && name !== prefix
      ? name.slice(prefix.length)
      : name;
  }

  /** `node01: containerd mirror`; of a resource without a component its type and name, as Pulumi shows it. */
  labelOf(row: string): string {
    return this.members.get(row)?.custom !== true && this.hasChildren(row)
      ? `${this.nameOf(row)}: ${wordsOf(urnType(row), this.words)}`
      : `${urnType(row)} ${urnName(row)}`;
  }

  private hasChildren(row: string): boolean {
    if (this.isComponent(row)) return true;
    return [...this.members.values()].some(({ parent }) => parent === row);
  }

  /** The stack is nobody's family. */
  private parentOf(urn: string): string {
    const parent = this.members.get(urn)?.parent ?? "";
    return parent === "" || isStack(parent) ? "" : parent;
  }
}

/** What happens to a component, by what happens to it and to what it is made of. */
export function opOf(own: Op | undefined, members: readonly Op[]): Op {
  const [first] = members;
  if (first === undefined || own === "create" || own === "delete") return own ?? "same";
  if (members.some((op) => REPLACING.has(op))) return "replace";
  const one = members.every((op) => op === first);
  // Of a component that stays, what comes and goes is a change.
  return one && (own === undefined || (first !== "create" && first !== "delete"))
    ? first
    : "update";
}

const REPLACING: ReadonlySet<Op> = new Set(["replace", "create-replacement", "delete-replaced"]);

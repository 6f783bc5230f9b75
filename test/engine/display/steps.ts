import type { ResourceState } from "../../../engine/state/resource";
import type { EngineEvent, Op, Step } from "../../../engine/steps/events";

const PREFIX = "urn:pulumi:dev::p::";
const COMMAND = "command:local:Command";

interface Known {
  urn: string;
  type: string;
  custom: boolean;
  parent: string;
}

function resource(type: string, name: string, custom: boolean, parent?: Known): Known {
  const types = parent ? `${parent.urn.split("::")[2]}$${type}` : type;
  return { urn: `${PREFIX}${types}::${name}`, type, custom, parent: parent?.urn ?? "" };
}

export const component = (type: string, name: string, parent?: Known): Known =>
  resource(type, name, false, parent);
export const commandOf = (name: string, parent?: Known): Known =>
  resource(COMMAND, name, true, parent);

/** A step as the engine tells it, with as much of a state as a display looks at. */
export function step(op: Op, known: Known): Step {
  const state = { ...known, id: "", inputs: {}, outputs: {} } as unknown as ResourceState;
  const states =
    op === "create"
      ? { new: state }
      : op === "delete"
        ? { old: state }
        : { old: state, new: state };
  return { op, urn: known.urn, type: known.type, ...states, internal: false, logical: true };
}

export const begin = (op: Op, known: Known): EngineEvent => ({
  kind: "begin",
  step: step(op, known),
});
export const done = (op: Op, known: Known): EngineEvent => ({
  kind: "done",
  step: step(op, known),
  seconds: 1,
});
export const failed = (op: Op, known: Known): EngineEvent => ({
  kind: "failed",
  step: step(op, known),
  seconds: 1,
});
export const outputs = (op: Op, known: Known): EngineEvent => ({
  kind: "outputs",
  step: step(op, known),
});
/** From begin to end. */
export const whole = (op: Op, known: Known): EngineEvent[] => [begin(op, known), done(op, known)];

export const says = (text: string, known?: Known, more: object = {}): EngineEvent => ({
  kind: "message",
  severity: "info",
  text,
  ephemeral: false,
  ...(known && { urn: known.urn }),
  ...more,
});

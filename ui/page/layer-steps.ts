import type { Image } from "../../registry/image";
import type { Descriptor } from "../../registry/manifest";
import { stepText } from "./text";

/** A step of an image's history, with the layer that it made. */
export interface LayerStep {
  /** Undefined for a layer without history. */
  readonly step?: string;
  /** Undefined for a step that changed no file. */
  readonly layer?: Descriptor;
}

/**
 * The layers with the steps that made them, the first one first. If the numbers do not agree, which step made which
 * layer is not known: then the layers come first, and the steps behind them.
 */
export function layerSteps({ manifest, config }: Image): LayerStep[] {
  const history = config?.history ?? [];
  const steps = history.map(({ created_by, comment, empty_layer }) => ({
    step: stepText(created_by ?? comment ?? ""),
    empty: empty_layer === true,
  }));
  const layers = [...manifest.layers];
  if (steps.filter(({ empty }) => !empty).length !== layers.length)
    return [...layers.map((layer) => ({ layer })), ...steps.map(({ step }) => ({ step }))];
  return steps.map(({ step, empty }) => {
    const layer = empty ? undefined : layers.shift();
    return { step, ...(layer !== undefined && { layer }) };
  });
}

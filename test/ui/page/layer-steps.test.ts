import type { Image } from "../../../registry/image";
import { layerSteps } from "../../../ui/page/layer-steps";

const layer = (digest: string) => ({ mediaType: "", digest, size: 1 });
const image = (layers: string[], history: object[]) =>
  ({ manifest: { layers: layers.map(layer) }, config: { history } }) as unknown as Image;

test("each step that changed files has its layer", () => {
  const steps = layerSteps(
    image(
      ["a", "b"],
      [
        { created_by: "COPY a" },
        { created_by: "ENV X=1", empty_layer: true },
        { comment: "imported" },
      ],
    ),
  );
  expect(steps).toEqual([
    { step: "COPY a", layer: layer("a") },
    { step: "ENV X=1" },
    { step: "imported", layer: layer("b") },
  ]);
});

test("where the numbers do not agree, no step is given to a layer", () => {
  expect(layerSteps(image(["a", "b"], [{ created_by: "COPY a" }]))).toEqual([
    { layer: layer("a") },
    { layer: layer("b") },
    { step: "COPY a" },
  ]);
  expect(layerSteps(image(["a"], []))).toEqual([{ layer: layer("a") }]);
});

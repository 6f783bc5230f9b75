import * as fc from "fast-check";

import * as patch from "../../patch";
import { checkConfig } from "./generate/config-properties";
import { FEATURES, generateConfig } from "./generate/containerd-config";
import { Occurrences } from "./generate/random";

const FILES = 1000;
/** Several seeds, because a few thousand files from one seed do not reach every combination. */
const SEEDS = [4, 41, 4096];

describe("a config.toml in any spelling", () => {
  it.each(SEEDS)(
    "is edited exactly as asked, reversibly, once, and nothing else in it changes (seed %i)",
    (seed) => {
      const occurrences = new Occurrences(FEATURES);
      const results = { edited: 0, "in sync": 0, refused: 0 };
      const seeds = fc.noShrink(fc.integer({ min: 0, max: 0x7fffffff }));
      fc.assert(
        fc.property(seeds, (file) => {
          const generated = generateConfig(file);
          occurrences.add(generated.features);
          results[checkConfig(patch, generated)]++;
        }),
        { numRuns: FILES, seed },
      );
      process.stdout.write(
        `config.toml: ${occurrences.table()}\n  plans: ${JSON.stringify(results)}\n`,
      );
      expect(occurrences.rarerThan(0.01)).toEqual([]);
      expect(results.edited).toBeGreaterThan(FILES / 2);
    },
  );
});

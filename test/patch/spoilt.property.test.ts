import * as fc from "fast-check";

import * as patch from "../../patch";
import { generateConfig } from "./generate/containerd-config";
import { Occurrences } from "./generate/random";
import { SPOILT, spoilt } from "./generate/spoilt";

const FILES = 1000;

describe("a file with one line that some versions do not read", () => {
  it.each([7, 77])(
    "is refused with its line by those, and passed over by the others (seed %i)",
    (seed) => {
      const occurrences = new Occurrences(SPOILT);
      const seeds = fc.noShrink(fc.integer({ min: 0, max: 0x7fffffff }));
      fc.assert(
        fc.property(seeds, (file) => {
          const found = spoilt(generateConfig(file));
          if (found === undefined) return;
          occurrences.add(new Set([found.name]));
          found.check(patch);
        }),
        { numRuns: FILES, seed },
      );
      expect(occurrences.rarerThan(0.001)).toEqual([]);
    },
  );
});

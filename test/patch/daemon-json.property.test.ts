import * as fc from "fast-check";

import * as patch from "../../patch";
import { DAEMON_FEATURES, generateDaemonJson } from "./generate/daemon-json";
import { checkDaemonJson } from "./generate/daemon-properties";
import { Occurrences } from "./generate/random";

const FILES = 1000;
const SEEDS = [4, 41, 4096];

describe("a daemon.json in any layout", () => {
  it.each(SEEDS)(
    "gains the registries, reversibly, once, and nothing else in it changes (seed %i)",
    (seed) => {
      const occurrences = new Occurrences(DAEMON_FEATURES);
      const seeds = fc.noShrink(fc.integer({ min: 0, max: 0x7fffffff }));
      fc.assert(
        fc.property(seeds, (file) => {
          const generated = generateDaemonJson(file);
          occurrences.add(generated.features);
          checkDaemonJson(patch, generated);
        }),
        { numRuns: FILES, seed },
      );
      process.stdout.write(`daemon.json: ${occurrences.table()}\n`);
      expect(occurrences.rarerThan(0.01)).toEqual([]);
    },
  );
});

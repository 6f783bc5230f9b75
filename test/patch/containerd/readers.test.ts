import { Refusal } from "../../../patch";
import { CONTAINERD } from "../../../patch/containerd/readers";
import { parseDaemonVersion } from "../../../patch/containerd/version";
import { planFor } from "./plan";

/** Every version that the matrix suite has, and the newest one. */
export const VERSIONS = ["1.6.20", "1.7.24", "2.2.3", "2.3.5"];

const rows = Object.entries(CONTAINERD).flatMap(([reader, facts]) =>
  facts.map((fact) => [`${reader}: containerd ${fact.does}`, fact] as const),
);

describe.each(rows)("%s", (_, fact) => {
  it.each(VERSIONS)(
    "%s: is refused with its line where that is so, and planned as its fix has it",
    (version) => {
      const daemon = parseDaemonVersion(version);
      const ofThis = daemon !== undefined && fact.of(daemon);
      const refusal = (text: string): Refusal | undefined => {
        try {
          planFor(text, { daemonVersion: version });
        } catch (error) {
          if (error instanceof Refusal) return error;
          throw error;
        }
        return undefined;
      };
      const isV3 = fact.example.includes("version = 3");
      if (isV3 && !ofThis) return;
      const refused = refusal(fact.example);
      if (ofThis)
        expect(refused?.problems.map(({ line, fix }) => [typeof line, fix !== ""])).toEqual([
          ["number", true],
        ]);
      else expect(refused).toBeUndefined();
      if (ofThis) expect(refusal(fact.instead)).toBeUndefined();
    },
  );
});

import { type Plan, planContainerd, Refusal } from "../../../patch";
import { type Given, REGISTRY, suggestions } from "./suggestions";

function planGiven({ config, hosts = {}, asked = {} }: Given, daemonVersion: string): Plan {
  return planContainerd({
    configPath: "/etc/containerd/config.toml",
    bytes: Buffer.from(config),
    daemonVersion,
    certsD: new Map(Object.entries(hosts).map(([path, text]) => [path, Buffer.from(text)])),
    registry: { address: REGISTRY, endpoints: [`http://${REGISTRY}`] },
    mirrors: {},
    migrate: false,
    ...asked,
  });
}

const cases = suggestions.flatMap((one) =>
  one.versions.map((version) => [one.name, version, one] as const),
);

describe("the suggestion of a refusal leads to an accepted plan:", () => {
  it.each(cases)("%s, on %s", (_, version, { before, fix, after }) => {
    let refusal: unknown;
    try {
      planGiven(before, version);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(Refusal);
    const { problems } = refusal as Refusal;
    expect(
      fix.split("|").some((part) => problems.some((problem) => problem.fix.includes(part))),
    ).toBe(true);
    expect(() => planGiven(after, version)).not.toThrow();
  });
});

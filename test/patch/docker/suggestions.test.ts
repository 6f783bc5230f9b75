import { fixesOf, planAsked, SUGGESTIONS } from "./suggestions";

describe("the suggestion of a refusal of daemon.json leads to a plan:", () => {
  it.each(SUGGESTIONS.map((one) => [one.name, one] as const))("%s", (_, one) => {
    expect(fixesOf(one.asked)).toEqual(one.fixes);
    const plan = planAsked(one.followed);
    const flags = JSON.stringify(one.followed.flags ?? []);
    if (flags.includes("10.0.0.11:5000")) expect(plan.activate).toBe("none");
    else expect(plan.files[0]?.desired?.toString()).toContain('"10.0.0.11:5000"');
  });
});

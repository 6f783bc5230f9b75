const plans = new WeakMap<object, unknown>();

/**
 * Arguments of a component that ClusterRegistry declares, with its plan: ClusterRegistry has looked at all the hosts, so the
 * component does not look at its own once more.
 */
export function planned<Args extends object>(args: Args, plan: unknown): Args {
  plans.set(args, plan);
  return args;
}

/** The plan that comes with these arguments; undefined where the component is used alone. */
export function planOf<Plan>(args: object): Plan | undefined {
  return plans.get(args) as Plan | undefined;
}

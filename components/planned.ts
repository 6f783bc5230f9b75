const plans = new WeakMap<object, unknown>();

/**
 * Adds a plan to the arguments of a component. ClusterRegistry has observed all hosts, so the components that it
 * declares do not observe theirs again.
 */
export function planned<Args extends object>(args: Args, plan: unknown): Args {
  plans.set(args, plan);
  return args;
}

/** The plan that comes with these arguments; undefined if the component is used alone. */
export function planOf<Plan>(args: object): Plan | undefined {
  return plans.get(args) as Plan | undefined;
}

import { Refusal } from "../problem";

/** A refusal that `migrate: true` is the way out of: mirrors stay in the way of hosts.toml files. */
export class MixedWays extends Refusal {}

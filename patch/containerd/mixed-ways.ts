import { Refusal } from "../problem";

/** A refusal that `migrate: true` solves: mirrors block hosts.toml files. */
export class MixedWays extends Refusal {}

/** Modules that take long to load (gRPC and all that stands on it): loaded when the program's process is on its way. */
import { createRequire } from "node:module";
import type * as operation from "../operation";

const load = createRequire(__filename);

export const operationModule = (): typeof operation => load("../operation") as typeof operation;

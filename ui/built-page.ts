import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BuiltPage, buildPage } from "./build-page";

/** The built page in the published package, which has neither the page's source nor esbuild. */
const PACKED = join(__dirname, "page.json");

let built: Promise<BuiltPage> | undefined;

/** The page: that of the published package, or else built from its source. */
export function builtPage(): Promise<BuiltPage> {
  built ??= existsSync(PACKED)
    ? Promise.resolve(JSON.parse(readFileSync(PACKED, "utf8")) as BuiltPage)
    : buildPage();
  return built;
}

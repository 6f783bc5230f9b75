/** Converts the SDK's registration message to a goal. Refuses by name every option that the engine does not support. */
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import type { SourcePosition, StackTrace } from "@pulumi/pulumi/proto/source_pb";
import type { CustomTimeouts } from "../state/resource";
import { parseDuration, type AliasSpec, type Goal } from "../steps/goal";
import { parseUrn } from "../steps/urn";
import { fromWire } from "../values/wire";

/** `root`: the project's folder. */
export function goalFromRequest(request: RegisterResourceRequest, root: string): Goal {
  refuseUnsupported(request);
  const type = request.getType();
  const isProvider = type.startsWith("pulumi:providers:");
  const inputs = fromWire(request.getObject());
  if (isProvider && request.getVersion() !== "") {
    Object.assign(inputs, { version: request.getVersion(), __internal: {} });
  }
  const goal: Goal = {
    type,
    name: request.getName(),
    custom: request.getCustom(),
    inputs,
    parent: request.getParent(),
    provider: request.getProvider(),
    dependencies: [...request.getDependenciesList()],
    propertyDependencies: propertyDependencies(request),
    protect: request.getProtect() ?? false,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: aliases(request),
    importId: request.getImportid(),
    customTimeouts: timeouts(request),
    retainOnDelete: request.getRetainondelete() ?? false,
    deletedWith: request.getDeletedwith(),
    ...positions(request, root),
  };
  if (request.getDeletebeforereplacedefined())
    goal.deleteBeforeReplace = request.getDeletebeforereplace();
  return goal;
}

function refuseUnsupported(request: RegisterResourceRequest): void {
  const asked: Record<string, boolean> = {
    "remote components": request.getRemote(),
    "the option transforms": request.getTransformsList().length > 0,
    "the option hooks": request.hasHooks(),
    "the option replaceWith": request.getReplaceWithList().length > 0,
    "the option replacementTrigger": request.hasReplacementTrigger(),
    "the option hideDiffs": request.getHidediffsList().length > 0,
    "the option envVarMappings": request.getEnvvarmappingsMap().getLength() > 0,
    "the option pluginDownloadURL": request.getPlugindownloadurl() !== "",
    "parameterized packages": request.getPackageref() !== "",
  };
  for (const [feature, used] of Object.entries(asked)) {
    if (used) throw unsupported(feature);
  }
}

export const unsupported = (feature: string): Error =>
  new Error(
    `${feature}: not supported by the embedded engine; use --engine pulumi for this program`,
  );

function propertyDependencies(request: RegisterResourceRequest): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((urns, key) => (result[key] = urns.getUrnsList()));
  return result;
}

function timeouts(request: RegisterResourceRequest): CustomTimeouts {
  const given = request.getCustomtimeouts();
  const texts = {
    create: given?.getCreate(),
    update: given?.getUpdate(),
    delete: given?.getDelete(),
  };
  return Object.fromEntries(
    Object.entries(texts).flatMap(([operation, text]) =>
      text ? [[operation, parseDuration(text)]] : [],
    ),
  );
}

function aliases(request: RegisterResourceRequest): AliasSpec[] {
  const specs = request.getAliasesList().map((alias): AliasSpec => {
    const spec = alias.getSpec();
    if (!spec) return { urn: aliasUrn(alias.getUrn()) };
    const { parenturn: parent, noparent: noParent, ...rest } = spec.toObject();
    return { ...rest, parent, noParent };
  });
  return [...specs, ...request.getAliasurnsList().map((urn) => ({ urn: aliasUrn(urn) }))];
}

function aliasUrn(text: string): string {
  try {
    parseUrn(text);
    return text;
  } catch (cause) {
    const shape = "urn:pulumi:STACK::PROJECT::TYPE::NAME";
    throw new Error(
      `invalid alias URN: ${(cause as Error).message}; expected ${shape}, or { name: ... } for a former name`,
      { cause },
    );
  }
}

/** Where the source declares a resource: stored in the state as Pulumi does. */
export function positions(
  request: {
    getSourceposition(): SourcePosition | undefined;
    getStacktrace(): StackTrace | undefined;
  },
  root: string,
): Pick<Goal, "sourcePosition" | "stackTrace"> {
  const sourcePosition = position(request.getSourceposition(), root);
  const frames = request.getStacktrace()?.getFramesList() ?? [];
  const stackTrace = frames.map((frame) => {
    const at = position(frame.getPc(), root);
    return at ? { sourcePosition: at } : {};
  });
  return { ...(sourcePosition ? { sourcePosition } : {}), stackTrace };
}

function position(raw: SourcePosition | undefined, root: string): string | undefined {
  const uri = raw?.getUri();
  if (!raw || !uri?.startsWith("file:///")) return undefined;
  const column = raw.getColumn() === 0 ? "" : `,${raw.getColumn()}`;
  return `project:///${encodeURI(path.relative(root, fileURLToPath(uri)))}#${raw.getLine()}${column}`;
}

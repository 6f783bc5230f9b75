import * as pulumi from "@pulumi/pulumi";

/** Known once all dependencies of a component exist: only then can its host be observed. */
export function dependencies({ dependsOn }: pulumi.ResourceOptions = {}): pulumi.Output<unknown> {
  if (dependsOn === undefined) return pulumi.output(undefined);
  return pulumi
    .output(dependsOn)
    .apply((given) => pulumi.all((Array.isArray(given) ? given : [given]).flatMap(results)));
}

/** Outputs that are known once a resource exists: for a component, its own outputs and those of its children. */
function results(resource: pulumi.Resource): pulumi.Output<unknown>[] {
  if (pulumi.CustomResource.isInstance(resource)) return [resource.id];
  const { __childResources: children = [] } = resource as { __childResources?: Iterable<unknown> };
  return [
    ...Object.values(resource).filter((value): value is pulumi.Output<unknown> =>
      pulumi.Output.isInstance(value),
    ),
    ...[...children].flatMap((child) => results(child as pulumi.Resource)),
  ];
}

/**
 * The message of a preview for a host whose plan it cannot show. @param path of the argument; undefined: a dependency
 */
export function waitingNote(host: string, path: string | undefined): string {
  const what =
    path === undefined
      ? "a resource that it depends on is not there yet"
      : /^(nodes\[\d+\]|host)\.address$/.test(path)
        ? "its address is not known yet"
        : `${path} is not known yet`;
  return `${host}: ${what}, so its plan is shown by the next preview or up`;
}

import type { Props, ProviderInstance, ProviderPlugin } from "../../engine/providers/provider";
import { UNKNOWN } from "../../engine/providers/provider";

/** The plugin, with every call of it and what it was given written into `calls`. */
export function recorded(plugin: ProviderPlugin, calls: string[]): ProviderPlugin {
  const note = (call: string, urn: string, ...given: unknown[]): void => {
    const name = urn.split("::").at(-1) ?? "";
    calls.push([call, name, ...given.map(text)].join(" "));
  };
  const watch = (inner: ProviderInstance): ProviderInstance => ({
    ...inner,
    check: (type, urn, olds, news) => {
      note("check", urn, olds ?? "(new)", news);
      return inner.check(type, urn, olds, news);
    },
    diff: (type, urn, id, oldInputs, oldOutputs, news) => {
      note("diff", urn, id, oldInputs, oldOutputs, news);
      return inner.diff(type, urn, id, oldInputs, oldOutputs, news);
    },
    create: (type, inputs, ctx) => {
      note(ctx.preview ? "preview-create" : "create", ctx.urn, inputs);
      return inner.create(type, inputs, ctx);
    },
    update: (type, id, oldInputs, oldOutputs, news, ctx) => {
      note(
        ctx.preview ? "preview-update" : "update",
        ctx.urn,
        ...[id, oldInputs, oldOutputs, news],
      );
      return inner.update(type, id, oldInputs, oldOutputs, news, ctx);
    },
    read: (type, id, inputs, outputs, ctx) => {
      note("read", ctx.urn, id, inputs ?? {}, outputs ?? {});
      return inner.read(type, id, inputs, outputs, ctx);
    },
    delete: (type, id, inputs, outputs, ctx) => {
      note("delete", ctx.urn, id, inputs, outputs);
      return inner.delete(type, id, inputs, outputs, ctx);
    },
  });
  return {
    ...plugin,
    configure: async (inputs: Props, folder: string) => {
      calls.push(`configure ${text(inputs)}`);
      return watch(await plugin.configure(inputs, folder));
    },
  };
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === UNKNOWN) return "(unknown)";
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    // The order of keys says nothing.
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

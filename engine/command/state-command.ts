/** `npm run state`: repairs the state by hand, as `pulumi state` does. */
import { integrityError } from "../state/integrity";
import { dependenciesOf, type ResourceState } from "../state/resource";
import type { Stack } from "../stack";
import { EXIT, ExitError } from "./exit";
import { confirmed, UsageError, type Flags } from "./flags";
import { ask, isInteractive } from "./prompt";
import { dispatch, print, type Subcommand } from "./subcommands";

const YES = { kind: "switch", short: "y", help: "Skip the confirmation prompt" } as const;

const SUBCOMMANDS: Record<string, Subcommand> = {
  delete: {
    usage: "URN",
    about: "Deletes a resource from the state. The resource itself is not changed",
    examples: [
      "npm run state -- delete 'urn:pulumi:prod::...::node07-guard' --target-dependents --yes",
    ],
    flags: {
      yes: YES,
      "target-dependents": { kind: "switch", help: "Also delete the resources that depend on it" },
      force: { kind: "switch", help: "Delete the resource even if it is protected" },
    },
    args: { min: 1, max: 1 },
    run: (workspace, [urn = ""], flags) =>
      edit(
        workspace.load(),
        flags,
        (resources) => withoutResource(resources, urn, flags),
        "Resource deleted",
      ),
  },
  unprotect: {
    usage: "URN",
    about: "Allows a protected resource to be deleted",
    examples: ["npm run state -- unprotect 'urn:pulumi:prod::...::registry-data' --yes"],
    flags: { yes: YES },
    args: { min: 1, max: 1 },
    run: (workspace, [urn = ""], flags) =>
      edit(
        workspace.load(),
        flags,
        (resources) => {
          find(resources, urn);
          return resources.map((r) => (r.urn === urn ? { ...r, protect: false } : r));
        },
        "Resource unprotected",
      ),
  },
};

export const stateCommand = (args: string[]): Promise<void> => dispatch("state", SUBCOMMANDS, args);

async function edit(
  loading: Promise<Stack>,
  flags: Flags,
  change: (resources: ResourceState[]) => ResourceState[],
  done: string,
): Promise<void> {
  const stack = await loading;
  if (!confirmed(flags)) {
    if (!isInteractive(flags)) throw new UsageError("non-interactive mode requires --yes flag");
    const answer = await ask(
      "This command will edit your stack's state directly. Confirm? [yes/no] ",
    );
    if (!/^y(es)?$/i.test(answer)) throw new ExitError(EXIT.cancelled, "confirmation declined");
  }
  await stack.changeState((snapshot) => {
    const resources = change(snapshot.resources);
    const broken = integrityError(resources);
    if (broken) throw new Error(`the state would not be well-formed: ${broken}`);
    return { ...snapshot, resources };
  });
  print(done);
}

/** Throws if other resources depend on it and the flags do not delete those too. */
function withoutResource(resources: ResourceState[], urn: string, flags: Flags): ResourceState[] {
  const target = find(resources, urn);
  if (target.protect && !flags["force"])
    throw new Error(`${urn} is protected; use --force to delete it`);
  const gone = new Set([urn]);
  for (const resource of resources) {
    if ([...dependenciesOf(resource)].some((dependency) => gone.has(dependency)))
      gone.add(resource.urn);
  }
  gone.delete(urn);
  if (gone.size > 0 && !flags["target-dependents"]) {
    const names = [...gone].map((dependent) => `\n * ${dependent}`).join("");
    throw new Error(
      `${urn} can't be safely deleted because the following resources depend on it:${names}\nDelete those resources first, or pass --target-dependents.`,
    );
  }
  return resources.filter((r) => r.urn !== urn && !gone.has(r.urn));
}

function find(resources: ResourceState[], urn: string): ResourceState {
  const found = resources.find((r) => r.urn === urn);
  if (!found)
    throw new Error(`No such resource ${JSON.stringify(urn)} exists in the current state`);
  return found;
}

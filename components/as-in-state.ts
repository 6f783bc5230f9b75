import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

/** A Command that is declared with the inputs that the state has of it, so that nothing is run. */
export function commandAsInState(
  name: string,
  { connection, ...inputs }: Readonly<Record<string, unknown>>,
  opts: pulumi.CustomResourceOptions,
): command.remote.Command {
  const args = { ...inputs, connection: pulumi.secret(connection) };
  return new command.remote.Command(name, args, opts);
}

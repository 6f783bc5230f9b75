import type { Connection } from "../../../ssh/connection";
import { connectionSettings } from "../../../ssh/connection-input";
import { describeLogin } from "../../../ssh/login";
import type { ConnectionPool } from "../../../ssh/pool";
import type { Props, StepContext } from "../provider";
import { remoteCommandInputs } from "./inputs";
import { commandResource } from "./lifecycle";
import type { CommandOutputs, CommandResource } from "./lifecycle";
import { concluded, OutputFollower } from "./output";
import { previousOutputVariables } from "./previous-output";

/** command:remote:Command, over shared connections. */
export function remoteCommand(pool: ConnectionPool): CommandResource {
  return commandResource(remoteCommandInputs, (command, inputs, previous, ctx) =>
    run(pool, command, inputs, previous, ctx),
  );
}

/** Gets the pooled connection for a resource. Logs waits, and hosts whose key is not checked. */
async function connect(pool: ConnectionPool, inputs: Props, ctx: StepContext): Promise<Connection> {
  const settings = connectionSettings(inputs["connection"] as Props);
  for (const login of [settings.login, settings.login.proxy]) {
    if (login?.hostKeyPolicy !== "accept-any") continue;
    const text = `${describeLogin(login)}: hostKey is not set, so the host is not checked`;
    if (pool.isNews(text)) ctx.log("warning", text);
  }
  return pool.get(settings, ctx.signal, (text) => ctx.log("info", text, true));
}

async function run(
  pool: ConnectionPool,
  command: string,
  inputs: Props,
  previous: CommandOutputs,
  ctx: StepContext,
): Promise<CommandOutputs> {
  const connection = await connect(pool, inputs, ctx);
  const follower = new OutputFollower(inputs, ctx);
  const stdin = inputs["stdin"];
  const result = await connection.exec(command, {
    env: await environment(connection, inputs, previous, ctx),
    stdin: typeof stdin === "string" ? stdin : undefined,
    onStdout: follower.onStdout,
    onStderr: follower.onStderr,
    signal: ctx.signal,
  });
  return concluded(describeLogin(connection.login), result, follower);
}

/**
 * Passes the previous output if the server accepts it, and otherwise leaves it out silently: few servers accept it, and
 * few commands use it.
 */
async function environment(
  connection: Connection,
  inputs: Props,
  previous: CommandOutputs,
  ctx: StepContext,
): Promise<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(previousOutputVariables(inputs, previous, ctx))) {
    if (await connection.acceptsEnvironment(name)) variables[name] = value;
  }
  return variables;
}

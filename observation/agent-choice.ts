import { type AgentKey, agentKeys } from "../ssh/agent";
import { chosenKeys } from "../ssh/authentication";
import type { Login } from "../ssh/login";

/** sshd's MaxAuthTries, unless an administrator has set another. */
const MOST_TRIES = 6;

/**
 * @pulumi/command cannot choose among an agent's keys: it offers all of them in the agent's order, and sshd hangs up
 * after six. So a chosen key must be among the first six.
 * @throws Error that says how many keys are before it
 */
export async function checkAgentChoice(login: Login): Promise<void> {
  if (login.proxy !== undefined) await checkAgentChoice(login.proxy);
  const { agentSocket, agentKeys: choice } = login;
  if (agentSocket === undefined || choice?.only !== true) return;
  const held = await agentKeys(agentSocket).catch((): AgentKey[] => []); // the login itself reports an agent's error
  const [first] = chosenKeys(login, held);
  const before = first === undefined ? 0 : held.indexOf(first);
  if (before < MOST_TRIES) return;
  throw new Error(
    `expected the chosen key among the first ${MOST_TRIES} of the agent at ${agentSocket}, found ${before} before it: ` +
      "@pulumi/command offers all of them in this order, and sshd hangs up. Add the chosen one first (ssh-add -D, then ssh-add " +
      "it before the others), or give it an agent of its own (IdentityAgent)",
  );
}

/** An opened stack: its project, configuration, secrets and state. */
import { applyConfigTypes, loadProject, type ConfigValue, type Project } from "./config/project";
import { StackFile } from "./config/stack-file";
import { selectedStack, stackName } from "./config/workspace";
import { newCrypter, openCrypter, type AskPassphrase } from "./secrets/from-environment";
import type { Crypter } from "./secrets/passphrase";
import { Backend } from "./state/backend";
import type { Snapshot } from "./state/resource";
import { Writer, openable, type RawCheckpoint } from "./state/checkpoint";
import { Secret, type PropertyMap } from "./values/property";

/** Exit code 6 of the CLI. */
export class NoSuchStack extends Error {}

interface StackLocation {
  /** The folder from which Pulumi.yaml is searched upwards. */
  folder: string;
  /** Undefined: PULUMI_STACK, else the selected stack. */
  stack?: string | undefined;
  env?: NodeJS.ProcessEnv;
  /** @default no prompt */
  askPassphrase?: AskPassphrase;
}

/** The project, backend and stack name, before the stack itself is read. */
export class Workspace {
  private constructor(
    readonly project: Project,
    readonly backend: Backend,
    private readonly env: NodeJS.ProcessEnv,
    /** The value of `--stack`. */
    readonly named: string | undefined,
    private readonly askPassphrase: AskPassphrase,
  ) {}

  static open({ folder, stack, env = process.env, askPassphrase }: StackLocation): Workspace {
    const project = loadProject(folder);
    const backend = Backend.at(env["PULUMI_BACKEND_URL"] ?? project.backendUrl, project.folder);
    const named = stack === undefined ? undefined : stackName(project, stack);
    return new Workspace(project, backend, env, named, askPassphrase);
  }

  /** The selected stack, regardless of `--stack`. */
  selected(): string | undefined {
    return selectedStack(this.project, this.backend.url, this.env);
  }

  /** Throws if no stack is named or selected. As in the CLI, that error is not NoSuchStack. */
  stackName(): Promise<string> {
    const name = this.named ?? this.selected();
    if (name) return Promise.resolve(name);
    const fix =
      "`npm run stack -- select` or `npm run stack -- init` to choose one, or pass --stack";
    return Promise.reject(new Error(`no stack selected; please use ${fix}`));
  }

  /** The stack's Pulumi.STACK.yaml. Needs no passphrase. Throws NoSuchStack. */
  async stackFile(): Promise<StackFile> {
    const name = await this.stackName();
    const file = StackFile.load(this.project.configFolder, name);
    if (file.salt === undefined && !(await this.backend.read(this.project.name, name)))
      throw this.noSuchStack(name);
    return file;
  }

  /**
   * The stack's configuration, as Stack.config() gives it. Without secrets in it, it needs neither a passphrase nor the time
   * to derive the key.
   */
  async config(): Promise<Map<string, ConfigValue>> {
    const file = await this.stackFile();
    if (file.hasSecrets()) return (await this.load(true)).config();
    const values = file.values(undefined);
    applyConfigTypes(this.project, await this.stackName(), values);
    return values;
  }

  noSuchStack(name: string): NoSuchStack {
    return new NoSuchStack(
      `no stack named '${name}' found in ${this.backend.url}; create it with \`npm run stack -- init ${name}\``,
    );
  }

  /** Creates an empty stack, and stores its salt in Pulumi.STACK.yaml. `allowEmptyPassphrase`: see newCrypter. */
  async create(stack: string, allowEmptyPassphrase = false): Promise<void> {
    const { project, backend } = this;
    if (!/^[\w.-]{1,100}$/.test(stack)) {
      throw new Error(
        `stack name ${JSON.stringify(stack)} may only contain letters, digits, hyphens, underscores and periods`,
      );
    }
    if (await backend.read(project.name, stack))
      throw new Error(`stack 'organization/${project.name}/${stack}' already exists`);
    const file = StackFile.load(project.configFolder, stack);
    const { salt } = file;
    const crypter = salt
      ? await openCrypter(salt, this.env, this.askPassphrase)
      : await newCrypter(this.env, allowEmptyPassphrase, this.askPassphrase);
    if (!salt) {
      file.salt = crypter.salt;
      await file.save();
    }
    const writer = new Writer(`organization/${project.name}/${stack}`, crypter);
    await backend.write(
      project.name,
      stack,
      writer.checkpoint({ resources: [], pending: [], extra: {} }),
    );
  }

  /** The content of the state file. Needs no passphrase. Throws NoSuchStack. */
  async read(): Promise<RawCheckpoint> {
    const name = await this.stackName();
    const raw = await this.backend.read(this.project.name, name);
    if (!raw) throw this.noSuchStack(name);
    return raw;
  }

  /**
   * Throws NoSuchStack, or if the passphrase does not fit. `orEmpty`: a stack without a state, but with a salt in its
   * Pulumi.STACK.yaml, counts as an empty stack. A fresh clone is in that condition.
   */
  async load(orEmpty = false): Promise<Stack> {
    const name = await this.stackName();
    const { project, backend, env, askPassphrase } = this;
    const file = StackFile.load(project.configFolder, name);
    // Deriving the key takes a third of a second, so it starts before the state is read.
    const opening =
      file.salt === undefined ? undefined : openCrypter(file.salt, env, askPassphrase);
    opening?.catch(() => undefined);
    const fresh =
      orEmpty && file.salt !== undefined
        ? openable(`organization/${project.name}/${name}`, {}, "")
        : undefined;
    const raw = (await backend.read(project.name, name)) ?? fresh;
    if (!raw) throw this.noSuchStack(name);
    let crypter = await opening;
    const stateCrypter =
      raw.salt === undefined || raw.salt === crypter?.salt
        ? crypter
        : await openCrypter(raw.salt, env, askPassphrase);
    crypter ??= stateCrypter ?? (await newCrypter(env, false, askPassphrase));
    if (file.salt === undefined) {
      file.salt = crypter.salt;
      await file.save();
    }
    return new Stack(project, backend, name, file, crypter, raw, stateCrypter, env);
  }
}

export class Stack {
  constructor(
    readonly project: Project,
    readonly backend: Backend,
    readonly name: string,
    readonly file: StackFile,
    readonly crypter: Crypter,
    private raw: RawCheckpoint,
    private readonly stateCrypter: Crypter | undefined,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  get stateFile(): string {
    return this.backend.stackFile(this.project.name, this.name);
  }

  get fullName(): string {
    return `organization/${this.project.name}/${this.name}`;
  }

  /** A fresh copy of the state: an operation changes its objects. */
  state(): { snapshot: Snapshot } {
    const checkpoint = this.raw.open(this.stateCrypter);
    if (this.stateCrypter?.salt === this.crypter.salt) return checkpoint;
    // The state was encrypted with another key than the one for writing.
    for (const resource of checkpoint.snapshot.resources)
      [resource.inputs, resource.outputs].forEach(unseal);
    return checkpoint;
  }

  /** Reads the state file again, after the lock is taken. */
  async reload(): Promise<void> {
    const raw = await this.backend.read(this.project.name, this.name);
    if (raw) this.raw = raw;
  }

  /** Each full key with its value, with the project's types and defaults applied. Throws as the CLI does. */
  config(check = true): Map<string, ConfigValue> {
    const values = this.file.values(this.crypter);
    if (check) applyConfigTypes(this.project, this.name, values);
    return values;
  }

  /** The settings of a package, for its default provider. */
  packageConfig(values: ReadonlyMap<string, ConfigValue>, name: string): PropertyMap {
    const own = [...values].filter(
      ([key]) => key.startsWith(`${name}:`) && name !== this.project.name,
    );
    return Object.fromEntries(
      own.map(([key, { text, secret }]) => [
        key.slice(name.length + 1),
        secret ? new Secret(text) : text,
      ]),
    );
  }

  /** For a state that was encrypted with this salt. */
  async crypterFor(salt: string | undefined): Promise<Crypter> {
    return salt === undefined || salt === this.crypter.salt
      ? this.crypter
      : openCrypter(salt, this.env);
  }

  /** Replaces the state with `snapshot`, under the stack's lock. */
  async replaceState(snapshot: Snapshot): Promise<void> {
    const release = await this.lock();
    try {
      await this.write(snapshot);
    } finally {
      await release();
    }
  }

  /**
   * Replaces the state with the result of `change`, under the stack's lock. `change` gets the state as it is once the
   * lock is taken.
   */
  async changeState(change: (now: Snapshot) => Snapshot): Promise<void> {
    const release = await this.lock();
    try {
      await this.reload();
      await this.write(change(this.state().snapshot));
    } finally {
      await release();
    }
  }

  /** Encrypts secrets again if they were encrypted with another key. */
  private write(snapshot: Snapshot): Promise<void> {
    for (const { inputs, outputs } of snapshot.resources) [inputs, outputs].forEach(unseal);
    const writer = new Writer(this.fullName, this.crypter);
    const pieces = writer.checkpoint({ ...snapshot, extra: {} });
    return this.backend.write(this.project.name, this.name, pieces);
  }

  lock(): Promise<() => Promise<void>> {
    return this.backend.lock(
      this.project.name,
      this.name,
      `npm run cancel -- --stack ${this.name}`,
    );
  }
}

function unseal(value: unknown): void {
  if (value instanceof Secret) {
    delete value.ciphertext;
    unseal(value.value);
  } else if (typeof value === "object" && value !== null) Object.values(value).forEach(unseal);
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CriClient, type CriImage, type CriStatus } from "../cri/client";
import type { HostDefinition, LabDefinition } from "./definition";
import { enter } from "./host/enter";
import { leaderOf } from "./host/leader";
import { bootHost, cutPower, installHost, readRecord, untilReady } from "./host/lifecycle";
import { setPlugged } from "./machine/network";
import { writeKnownHosts } from "./known-hosts";
import { labPaths } from "./paths";
import { failure, type Result, type RunOptions } from "./process";

/** A host of a running lab. No method uses SSH, so that an inspection cannot disturb a test. */
export class RunningHost {
  constructor(
    private readonly lab: LabDefinition,
    private readonly definition: HostDefinition,
  ) {}

  get name(): string {
    return this.definition.name;
  }

  /** IPv4 address, where sshd listens on port 22. */
  get address(): string {
    return this.definition.address;
  }

  /** The host's SSH key: `ssh-ed25519 AAAA...`. */
  get hostKey(): string {
    return this.record.hostKey;
  }

  /**
   * The process on this machine that is the host's PID 1; undefined if the host is off. Each boot has another process.
   */
  get leader(): number | undefined {
    return leaderOf(this.lab.name, this.name);
  }

  /** The path of the running host's root on this machine. */
  get root(): string {
    return `/proc/${this.mustRun()}/root`;
  }

  /** Runs a shell command as root on the host and returns its output, with any exit code. */
  async exec(command: string, options: Pick<RunOptions, "stdin" | "onLine"> = {}): Promise<Result> {
    return await enter(this.mustRun(), command, options);
  }

  /** Runs a command that must succeed, and returns its standard output. Rejects with its exit code and its output. */
  async succeed(command: string): Promise<string> {
    const result = await this.exec(command);
    if (result.code !== 0) throw new Error(`${this.name}: ${failure(command, result)}`);
    return result.stdout;
  }

  /** Runs a command that must fail; returns both its streams. */
  async fail(command: string): Promise<string> {
    const { code, stdout, stderr } = await this.exec(command);
    if (code === 0) throw new Error(`${this.name}: expected to fail: ${command}\n${stdout}`);
    return stdout + stderr;
  }

  /**
   * Repeats a command until it succeeds, and then returns its standard output.
   * @param options.timeoutSeconds how long to try. @default 90
   */
  async waitUntilSucceeds(
    command: string,
    options: { timeoutSeconds?: number } = {},
  ): Promise<string> {
    const { timeoutSeconds = 90 } = options;
    const deadline = Date.now() + timeoutSeconds * 1000;
    for (;;) {
      const result = await this.exec(command);
      if (result.code === 0) return result.stdout;
      if (Date.now() > deadline) {
        throw new Error(
          `${this.name}: did not succeed within ${timeoutSeconds} s: ${failure(command, result)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Reboots the host from inside, and waits until it is ready again. */
  async reboot(): Promise<void> {
    const before = this.mustRun();
    // The reboot ends the command itself, so its exit code has no meaning.
    await this.exec("systemctl reboot");
    const deadline = Date.now() + 180_000;
    while (this.leader === before) {
      if (Date.now() > deadline)
        throw new Error(`${this.name}: still the same boot 180 s after a reboot`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await untilReady(this.lab.name, this.definition);
  }

  /** Ends the host like a power cut. Its disks stay, and {@link start} boots it again. */
  cutPower(): Promise<void> {
    return cutPower(this.lab.name, this.name);
  }

  /** Boots the host after {@link cutPower}, or after it was shut down. */
  async start(): Promise<void> {
    if (this.leader) return;
    await this.cutPower();
    bootHost(this.lab, this.definition);
    await untilReady(this.lab.name, this.definition);
  }

  /**
   * Unplugs the host's network cable: its connections hang, and no peer is notified. {@link plug} plugs it in again.
   */
  unplug(): Promise<void> {
    return setPlugged(this.lab.name, this.address, false);
  }

  plug(): Promise<void> {
    return setPlugged(this.lab.name, this.address, true);
  }

  /**
   * Replaces the host by a new installation with the same name and address: empty disks, another SSH key and
   * machine-id.
   */
  async reinstall(): Promise<void> {
    const { image } = this.record;
    await this.cutPower();
    await installHost(this.lab, this.definition, image);
    writeKnownHosts(this.lab);
    await this.start();
  }

  /**
   * Pulls an image through the container runtime interface, as kubelet does, and returns its id. Rejects with the
   * runtime's own message.
   */
  pullImage(image: string): Promise<string> {
    return this.withRuntime((runtime) => runtime.pullImage(image));
  }

  /** Whether the container runtime has an image of this name. */
  async imagePresent(image: string): Promise<boolean> {
    return (await this.withRuntime((runtime) => runtime.imageStatus(image))) !== undefined;
  }

  /** Removes an image from the container runtime. It is not an error if the image does not exist. */
  removeImage(image: string): Promise<void> {
    return this.withRuntime((runtime) => runtime.removeImage(image));
  }

  listImages(): Promise<CriImage[]> {
    return this.withRuntime((runtime) => runtime.listImages());
  }

  /** The container runtime's version and status. Rejects if its CRI plugin is not loaded. */
  runtimeStatus(): Promise<CriStatus> {
    return this.withRuntime((runtime) => runtime.status());
  }

  /** The output on the host's console, from all of its boots. */
  consoleLog(): string {
    return readFileSync(join(labPaths(this.lab.name).host(this.name), "console.log"), "utf8");
  }

  private async withRuntime<T>(work: (runtime: CriClient) => Promise<T>): Promise<T> {
    const client = await CriClient.open(`${this.root}/run/containerd/containerd.sock`);
    try {
      return await work(client);
    } catch (error) {
      throw new Error(`${this.name}: ${(error as Error).message}`, { cause: error });
    } finally {
      client.close();
    }
  }

  private mustRun(): number {
    const leader = this.leader;
    if (!leader) throw new Error(`host ${this.name} of lab ${this.lab.name} is off`);
    return leader;
  }

  private get record() {
    const record = readRecord(this.lab.name, this.name);
    if (!record)
      throw new Error(`host ${this.name} of lab ${this.lab.name} does not exist any more`);
    return record;
  }
}

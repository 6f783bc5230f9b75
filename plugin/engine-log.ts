/** Sends log messages to the engine that started this plugin, which shows them with a resource. */
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { message } from "../engine/rpc/service";
import type { Severity } from "../engine/providers/provider";

const SEVERITIES: Record<Severity, LogSeverity> = {
  debug: LogSeverity.DEBUG,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
};

export class EngineLog {
  private client: EngineClient | undefined;
  private address = "";
  private readonly underWay = new Set<Promise<void>>();

  /** Another address means another engine. */
  connect(address: string): void {
    if (address === "" || address === this.address) return;
    this.client?.close();
    this.address = address;
    this.client = new EngineClient(address, grpc.credentials.createInsecure());
  }

  write(urn: string, severity: Severity, text: string, ephemeral: boolean): void {
    const { client } = this;
    if (!client) return;
    const fields = { urn, severity: SEVERITIES[severity], message: text, ephemeral };
    const request = message(LogRequest, fields);
    // An engine that is gone shows nothing, and the operation fails for its own reasons.
    const sent: Promise<void> = new Promise<void>((resolve) =>
      client.log(request, () => resolve()),
    ).finally(() => this.underWay.delete(sent));
    this.underWay.add(sent);
  }

  /** Resolves when the engine has received all messages: a line must not come after the end of its step. */
  async flush(): Promise<void> {
    await Promise.all(this.underWay);
  }

  close(): void {
    this.client?.close();
  }
}

import { join } from "node:path";
import type { ChannelCredentials, Client, ServiceError } from "@grpc/grpc-js";

/** An image that a runtime has. */
export interface CriImage {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  /** Size on the node's disk in bytes, with compressed layers. */
  size: number;
}

/** The status of a container runtime. */
export interface CriStatus {
  runtime: string;
  version: string;
  /**
   * `RuntimeReady` and `NetworkReady`. The latter is false on a node without a pod network, which does not affect
   * images.
   */
  conditions: { type: string; status: boolean; reason: string; message: string }[];
}

/** A client for the container runtime of one node, with kubelet's protocol. */
export class CriClient {
  private constructor(
    private readonly runtime: Client,
    private readonly images: Client,
  ) {}

  /** @param socket path of the runtime's Unix socket, at most 107 bytes. */
  static async open(socket: string): Promise<CriClient> {
    const { RuntimeService, ImageService, insecure } = await (services ??= load());
    const address = `unix://${socket}`;
    return new CriClient(
      new RuntimeService(address, insecure),
      new ImageService(address, insecure),
    );
  }

  async status(): Promise<CriStatus> {
    const version = await this.call<{ runtimeName: string; runtimeVersion: string }>(
      this.runtime,
      "Version",
      {},
    );
    const { status } = await this.call<{ status: { conditions: CriStatus["conditions"] } }>(
      this.runtime,
      "Status",
      {},
    );
    return {
      runtime: version.runtimeName,
      version: version.runtimeVersion,
      conditions: status.conditions,
    };
  }

  /** Pulls an image as kubelet does, and returns its id. Rejects with the runtime's own message. */
  async pullImage(image: string): Promise<string> {
    const request = { image: { image } };
    const { imageRef } = await this.call<{ imageRef: string }>(
      this.images,
      "PullImage",
      request,
      120,
    );
    return imageRef;
  }

  /** The image with this name; undefined if the runtime does not have it. */
  async imageStatus(image: string): Promise<CriImage | undefined> {
    const request = { image: { image } };
    const response = await this.call<{ image: CriImage | null }>(
      this.images,
      "ImageStatus",
      request,
    );
    return response.image ?? undefined;
  }

  async listImages(): Promise<CriImage[]> {
    return (await this.call<{ images: CriImage[] }>(this.images, "ListImages", {})).images;
  }

  /** Removes an image. It is not an error if the image does not exist. */
  async removeImage(image: string): Promise<void> {
    await this.call(this.images, "RemoveImage", { image: { image } });
  }

  close(): void {
    this.runtime.close();
    this.images.close();
  }

  private call<T>(client: Client, method: string, request: object, seconds = 20): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = new Date(Date.now() + seconds * 1000);
      const invoke = (client as unknown as Record<string, UnaryMethod<T>>)[method];
      invoke?.call(client, request, { deadline }, (error, response) => {
        if (error) reject(new Error(error.details || error.message, { cause: error }));
        else resolve(response);
      });
    });
  }
}

type UnaryMethod<T> = (
  request: object,
  options: { deadline: Date },
  callback: (error: ServiceError | null, response: T) => void,
) => void;
type ServiceConstructor = new (address: string, credentials: ChannelCredentials) => Client;
interface Services {
  RuntimeService: ServiceConstructor;
  ImageService: ServiceConstructor;
  insecure: ChannelCredentials;
}

let services: Promise<Services> | undefined;

/** Loads gRPC at the first use, because this takes as long as everything else in the lab's commands. */
async function load(): Promise<Services> {
  const { credentials, loadPackageDefinition } = await import("@grpc/grpc-js");
  const { loadSync } = await import("@grpc/proto-loader");
  const proto = loadSync(join(__dirname, "runtime.proto"), { defaults: true, longs: Number });
  const root = loadPackageDefinition(proto) as unknown as {
    runtime: { v1: Omit<Services, "insecure"> };
  };
  return { ...root.runtime.v1, insecure: credentials.createInsecure() };
}

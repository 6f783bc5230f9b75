import { dockerArchive } from "./docker-archive";
import { type Architecture, buildImage, type ContainerImage } from "./image";
import { waitingProgram } from "./waiting-program";

/** The platforms of nodes that can be checked. */
export const PLATFORMS: readonly Architecture[] = ["amd64", "arm64"];

/** One layer with one file: the program that waits. No user, shell or library is in it. */
export function pullCheckImage(architecture: Architecture): ContainerImage {
  const contents = waitingProgram(architecture);
  return buildImage([[{ path: "wait", contents }]], { Entrypoint: ["/wait"] }, architecture);
}

/** All platforms, for `docker load`. @param reference  of the index: each platform's ends in `-ARCHITECTURE` */
export function pullCheckArchive(reference: string): Buffer {
  return dockerArchive(
    PLATFORMS.map((platform) => ({
      reference: `${reference}-${platform}`,
      image: pullCheckImage(platform),
    })),
  );
}

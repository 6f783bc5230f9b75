import type { Image } from "../../registry/image";
import { platformText } from "../../registry/manifest";
import { kindText, listText } from "./text";

/** Chips in a row of the table. */
const MOST = 3;

/** Nothing for images, which are most tags; a name for everything else. @param companionOf the tags that it belongs to */
export function KindBadge({
  image,
  companionOf = [],
}: {
  image: Image;
  companionOf?: readonly string[];
}) {
  if (image.kind === "image" || image.kind === "index") return null;
  return (
    <span class={`badge kind-${image.kind.replace(" ", "-")}`}>
      {kindText(image.kind)}
      {companionOf.length > 0 && ` of ${listText(companionOf, 2)}`}
    </span>
  );
}

/** The platforms of an image. Attestations are no platforms, so they are not among them. */
export function Platforms({ image }: { image: Image }) {
  const names = platformNames(image);
  const shown = names.length > MOST ? names.slice(0, MOST - 1) : names;
  return (
    <>
      {shown.map((name) => (
        <span key={name} class="chip">
          {name}
        </span>
      ))}
      {names.length > shown.length && (
        <span class="chip" title={names.join(", ")}>
          +{names.length - shown.length}
        </span>
      )}
      {image.missing.length > 0 && (
        <span class="badge bad" title="The registry does not have all manifests of this index">
          {image.missing.length} missing
        </span>
      )}
    </>
  );
}

export function platformNames({ platform, platforms }: Image): string[] {
  const found = platforms.length > 0 ? platforms.map((each) => each.platform) : [platform];
  return found.flatMap((each) => (each === undefined ? [] : [platformText(each)]));
}

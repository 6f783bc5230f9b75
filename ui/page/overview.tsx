import { useEffect } from "preact/hooks";
import { bytesOf } from "../../registry/image";
import { sizeText } from "../../registry/size-text";
import { useStore } from "./context";
import { Copyable, Heading } from "./parts";
import { repositoryHref } from "./route";
import type { Store } from "./store";
import { count } from "./text";

/** With more tags, the size is read only if somebody asks for it. */
const MOST_BY_ITSELF = 2000;

/** The whole registry: its totals, and which repositories are the largest. */
export function Overview() {
  const store = useStore();
  const { repositories, info, outage } = store;
  if (repositories === undefined)
    return (
      <>
        <Heading of={`Registry ${info.registry}`}>Overview</Heading>
        {outage === undefined && <p class="note pending">Reading the registry…</p>}
      </>
    );
  const used = [...repositories.values()].filter(({ tags }) => tags.length > 0);
  const tags = used.reduce((sum, each) => sum + each.tags.length, 0);
  return (
    <>
      <Heading of={`Registry ${info.registry}`}>Overview</Heading>
      <dl class="totals">
        <div>
          <dt>Repositories</dt>
          <dd>{used.length.toLocaleString("en")}</dd>
        </div>
        <div>
          <dt>Tags</dt>
          <dd>{tags.toLocaleString("en")}</dd>
        </div>
        <Size store={store} tags={tags} />
      </dl>
      {used.length === 0 ? (
        <section class="card">
          <h2>Push the first image</h2>
          <Copyable text={`docker tag IMAGE:TAG ${info.registry}/IMAGE:TAG`} what="the command" />
          <Copyable text={`docker push ${info.registry}/IMAGE:TAG`} what="the command" />
        </section>
      ) : (
        <Largest store={store} />
      )}
      <section class="card">
        <h2>Free space</h2>
        <p>
          A deletion takes a tag away. Its content stays on the disk until this command runs, on the
          machine that has the stack:
        </p>
        <Copyable text={info.collectGarbage} what="the command" />
      </section>
    </>
  );
}

function Size({ store, tags }: { store: Store; tags: number }) {
  const { known, bytes } = measured(store);
  const byItself = tags <= MOST_BY_ITSELF;
  useEffect(() => {
    if (byItself) wantAll(store);
  }, [store.repositories, byItself]);
  return (
    <div>
      <dt>Size, each blob once</dt>
      <dd>
        {known === tags ? (
          sizeText(bytes)
        ) : byItself || known > MOST_BY_ITSELF / 2 ? (
          <span class="faint">
            {known.toLocaleString("en")} of {count(tags, "tag")} read…
          </span>
        ) : (
          <button type="button" onClick={() => wantAll(store)}>
            Read all {count(tags, "tag")}
          </button>
        )}
      </dd>
    </div>
  );
}

function wantAll(store: Store): void {
  for (const name of store.repositories?.keys() ?? []) store.want(name, "image");
}

/** The tags that are read, and the size of their content, each blob once. */
function measured(store: Store): { known: number; bytes: number } {
  const content = new Map<string, number>();
  let known = 0;
  for (const repository of store.repositories?.values() ?? []) {
    known += repository.known("image");
    repository.blobs.forEach((size, blob) => content.set(blob, size));
  }
  return { known, bytes: bytesOf(content) };
}

/** The rows of the list. */
const MOST_LARGEST = 8;

function Largest({ store }: { store: Store }) {
  const sizes = [...(store.repositories?.values() ?? [])]
    .map(({ name, bytes }) => ({ name, bytes }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, MOST_LARGEST);
  if (sizes.length === 0) return null;
  const most = sizes[0]?.bytes ?? 1;
  return (
    <section class="card">
      <h2>Largest repositories</h2>
      <ul class="bars">
        {sizes.map(({ name, bytes }) => (
          <li key={name}>
            <a href={repositoryHref(name)}>{name}</a>
            <span class="size">{sizeText(bytes)}</span>
            <span class="track" aria-hidden="true">
              <span style={{ width: `${Math.max((bytes / most) * 100, 0.5)}%` }} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

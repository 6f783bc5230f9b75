import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { DeletesAreOff, deleteTag, takesDeletes } from "../../registry/delete-tag";
import { sizeText } from "../../registry/size-text";
import { announce, useStore } from "./context";
import { type DeletionPlan, planDeletion } from "./deletion";
import { Alert, Copyable, Icon } from "./parts";
import type { Store } from "./store";
import { count, listText, shortDigest } from "./text";
import { groupsOf, usesOf } from "./used-by";

interface Props {
  repository: string;
  tags: readonly string[];
  /** @param deleted whether tags are gone */
  onClose: (deleted: boolean) => void;
}

type State =
  | { readonly is: "asking" }
  | { readonly is: "off"; readonly message: string }
  | { readonly is: "deleting"; readonly done: number }
  | {
      readonly is: "done";
      readonly deleted: readonly string[];
      readonly errors: readonly string[];
    };

/** Asks before tags are deleted, and says what goes and who uses it. */
export function DeleteDialog({ repository, tags, onClose }: Props) {
  const store = useStore();
  const dialog = useRef<HTMLDialogElement>(null);
  const [state, setState] = useState<State>({ is: "asking" });
  const [withCompanions, setWithCompanions] = useState(false);
  const found = store.repositories?.get(repository);
  const all = found?.tags ?? [];
  const read = found?.known("digest") ?? 0;
  const isRead = read === all.length;
  const imagesRead = tags.filter((tag) => found?.isKnown(tag, "image")).length;
  const plan = useMemo(
    () =>
      planDeletion(isRead ? all.map((tag) => found?.tag(tag) ?? { name: tag }) : [], new Set(tags)),
    [found, isRead, imagesRead, tags.join(" ")],
  );
  const going = [...tags, ...(withCompanions ? plan.companions : [])];

  useEffect(() => {
    dialog.current?.showModal();
    store.want(repository, "image", tags);
    store.want(repository, "digest");
    takesDeletes(store.client, repository).then(
      (takes) => !takes && setState({ is: "off", message: OFF }),
      () => undefined, // The deletion itself will say what is wrong.
    );
  }, []);

  const start = async () => {
    const deleted: string[] = [];
    const errors: string[] = [];
    for (const tag of going) {
      setState({ is: "deleting", done: deleted.length + errors.length });
      try {
        await deleteTag(store.client, repository, tag);
        deleted.push(tag);
      } catch (error) {
        if (error instanceof DeletesAreOff) {
          setState({ is: "off", message: OFF });
          return;
        }
        errors.push(`${tag}: ${(error as Error).message}`);
        // The next tags would meet the same error.
        break;
      }
    }
    setState({ is: "done", deleted, errors });
    announce(`${count(deleted.length, "tag")} deleted`);
  };
  const close = () => {
    if (state.is !== "deleting") onClose(state.is === "done" && state.deleted.length > 0);
  };

  const one = tags.length === 1;
  const title = one
    ? `Delete ${repository}:${tags[0]}?`
    : `Delete ${count(tags.length, "tag")} of ${repository}?`;
  return (
    <dialog
      ref={dialog}
      aria-labelledby="delete-title"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      {state.is === "off" && (
        <>
          <h2 id="delete-title">This registry takes no deletes</h2>
          <p>{state.message}</p>
          <p>To switch deletes on, set this in the stack's configuration:</p>
          <Copyable text="registry.deleteEnabled: true" what="the setting" />
          <p>Then run this, which starts the registry anew with its images:</p>
          <Copyable text={store.info.applySettings} what="the command" />
          <div class="buttons">
            <button type="button" onClick={close}>
              Close
            </button>
          </div>
        </>
      )}
      {state.is === "asking" && (
        <>
          <h2 id="delete-title">{title}</h2>
          {!one && <TagList tags={tags} />}
          {isRead ? (
            <Consequences store={store} repository={repository} plan={plan} />
          ) : (
            <p class="note progress" role="status">
              Reading all tags, to see which ones have the same digest: {read.toLocaleString("en")}{" "}
              of {all.length.toLocaleString("en")}
              <progress value={read} max={all.length} aria-label="Tags read" />
            </p>
          )}
          {plan.companions.length > 0 && (
            <label class="check">
              <input
                type="checkbox"
                checked={withCompanions}
                onChange={({ currentTarget }) => setWithCompanions(currentTarget.checked)}
              />
              Also delete {count(plan.companions.length, "tag")} with signatures and attestations
            </label>
          )}
          <div class="buttons">
            <button type="button" onClick={close}>
              Cancel
            </button>
            <button type="button" class="danger" disabled={!isRead} onClick={() => void start()}>
              <Icon name="delete" />
              Delete {count(going.length, "tag")}
            </button>
          </div>
        </>
      )}
      {state.is === "deleting" && (
        <>
          <h2 id="delete-title">Deleting</h2>
          <p role="status">
            {state.done} of {count(going.length, "tag")} deleted
          </p>
          <progress value={state.done} max={going.length} aria-label="Tags deleted" />
        </>
      )}
      {state.is === "done" && (
        <>
          <h2 id="delete-title">
            {state.errors.length > 0
              ? `${state.deleted.length} of ${count(going.length, "tag")} deleted`
              : `${count(state.deleted.length, "tag")} deleted`}
          </h2>
          {state.errors.map((error) => (
            <Alert key={error}>{error}</Alert>
          ))}
          <p>The disk space becomes free when you run:</p>
          <Copyable text={store.info.collectGarbage} what="the command" />
          <div class="buttons">
            <button type="button" onClick={close}>
              Close
            </button>
          </div>
        </>
      )}
    </dialog>
  );
}

const OFF = "It runs with deletes switched off, as a cache of another registry, or read-only.";

/** The names that are listed before "and more". */
const MOST_NAMES = 12;

const TagList = ({ tags }: { tags: readonly string[] }) => (
  <p class="links">
    {tags.slice(0, MOST_NAMES).map((tag) => (
      <span key={tag} class="chip">
        {tag}
      </span>
    ))}
    {tags.length > MOST_NAMES && <span>and {tags.length - MOST_NAMES} more</span>}
  </p>
);

interface Of {
  store: Store;
  repository: string;
  plan: DeletionPlan;
}

function Consequences({ store, repository, plan }: Of) {
  const staying = plan.digests.filter((fate) => fate.staying.length > 0);
  const gone = plan.digests.filter((fate) => fate.staying.length === 0);
  return (
    <>
      <ul class="fates">
        {staying.slice(0, MOST_NAMES).map(({ digest, going, staying: others }) => (
          <li key={digest}>
            <strong>{listText(going)}</strong> {going.length === 1 ? "goes" : "go"}; the image{" "}
            <code>{shortDigest(digest)}</code> stays as <strong>{listText(others)}</strong>.
          </li>
        ))}
        {gone.slice(0, MOST_NAMES).map(({ digest, going }) => (
          <li key={digest}>
            <strong>{listText(going)}</strong>{" "}
            {going.length === 1 ? "is the only tag" : "are all tags"} of the image{" "}
            <code>{shortDigest(digest)}</code>, so it cannot be pulled any more.
          </li>
        ))}
        {staying.length + gone.length > 2 * MOST_NAMES && <li>and more</li>}
      </ul>
      <Pods store={store} repository={repository} plan={plan} />
      {gone.length > 0 && plan.bytes !== undefined && (
        <p>
          At most {sizeText(plan.bytes)} become free, when you run{" "}
          <code>{store.info.collectGarbage}</code>. Other repositories may share layers.
        </p>
      )}
    </>
  );
}

function Pods({ store, repository, plan }: Of) {
  const { pods } = store;
  if (pods.state === "no cluster")
    return (
      <p class="note">
        Whether Pods use it is not known: the stack's settings name no cluster (
        <code>kubernetes</code>
        ).
      </p>
    );
  if (pods.state === "not here")
    return (
      <p class="note">
        Whether Pods use it is not known here. <code>npm run ui</code> asks the cluster.
      </p>
    );
  if (pods.state === "error")
    return <Alert>Whether Pods use it is not known: {pods.message}</Alert>;
  const users = new Set<string>();
  for (const { digest, going } of plan.digests)
    for (const tag of going) {
      const image = store.repositories?.get(repository)?.tag(tag).image;
      const platformDigests = image?.platforms.map(({ manifest }) => manifest.digest) ?? [];
      const used = { repository, tag, digest, platformDigests };
      for (const { by } of usesOf(used, pods.users)) users.add(by);
    }
  if (users.size === 0)
    return (
      <p>No Pod or workload of the cluster uses {plan.digests.length > 1 ? "them" : "it"} now.</p>
    );
  return (
    <Alert>
      {groupsOf([...users]).map(({ sum, verb, names }) => (
        <p key={verb}>
          <strong>{`${sum} ${verb} it: `}</strong>
          {listText(names, 8)}
        </p>
      ))}
      <p>
        A running Pod goes on. A Pod that starts on a node without the image fails with{" "}
        <code>ErrImagePull</code>, if its tag or digest is gone.
      </p>
    </Alert>
  );
}

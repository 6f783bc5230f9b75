import type { RefObject } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { sizeOf } from "../../registry/image";
import { sizeText } from "../../registry/size-text";
import { useStore } from "./context";
import { DeleteDialog } from "./delete-dialog";
import { Alert, CopyButton, Heading, Icon } from "./parts";
import { type Sort, sortTags } from "./sort-tags";
import type { TagRow } from "./repository-state";
import { TagTable } from "./tag-table";
import { count } from "./text";
import { matches } from "./tree";

/** In a larger repository, only what is on the screen is read, until an order or a deletion needs more. */
const MOST_DIGESTS = 1000;

const SORTS: { label: string; sort: Sort }[] = [
  { label: "Version, newest first", sort: { by: "version", descending: true } },
  { label: "Version, oldest first", sort: { by: "version", descending: false } },
  { label: "Date, newest first", sort: { by: "date", descending: true } },
  { label: "Date, oldest first", sort: { by: "date", descending: false } },
  { label: "Name, A to Z", sort: { by: "name", descending: false } },
  { label: "Name, Z to A", sort: { by: "name", descending: true } },
  { label: "Size, largest first", sort: { by: "size", descending: true } },
  { label: "Size, smallest first", sort: { by: "size", descending: false } },
];

/** The order that was chosen last, for every repository. */
let chosen: Sort = SORTS[0]!.sort;

/** One list, so that effects see no change. */
const NONE: readonly string[] = [];

const rowSize = ({ image }: TagRow) => (image === undefined ? undefined : sizeOf(image));

interface Props {
  name: string;
  /** The element that scrolls the view. */
  scroller: RefObject<HTMLElement | null>;
}

/** One repository: its tags, to sort, filter, select and delete. */
export function RepositoryView({ name, scroller }: Props) {
  const store = useStore();
  const [filter, setFilter] = useState("");
  const [sort, setSort] = useState(chosen);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [deleting, setDeleting] = useState(false);
  const repository = store.repositories?.get(name);
  const names = repository?.tags ?? NONE;
  const needsAll = sort.by === "date" || sort.by === "size";
  const known = repository?.known("image") ?? 0;
  const complete = !needsAll || known === names.length;
  useEffect(() => {
    if (needsAll) store.want(name, "image");
    else if (names.length <= MOST_DIGESTS) store.want(name, "digest");
  }, [names, needsAll]);
  const order = useMemo(
    () =>
      // Rows that move while somebody reads them are of no use: so the order changes once, when all is read.
      sortTags(
        names,
        complete ? sort : SORTS[0]!.sort,
        (tag) => repository?.tag(tag) ?? { name: tag },
        rowSize,
      ),
    [names, sort, complete],
  );
  const shown = useMemo(
    () => (filter === "" ? order : order.filter((tag) => matches(tag, filter))),
    [order, filter],
  );
  const going = order.filter((tag) => selected.has(tag));
  const choose = (next: Sort) => {
    chosen = next;
    setSort(next);
  };

  if (repository === undefined)
    return (
      <>
        <Back />
        <Heading of={name}>{name}</Heading>
        {store.repositories !== undefined ? (
          <p class="note">The registry has no repository of this name.</p>
        ) : (
          store.outage === undefined && <p class="note pending">Reading the registry…</p>
        )}
      </>
    );
  return (
    <>
      <Back />
      <div class="title">
        <Heading of={name}>{name}</Heading>
        <CopyButton text={`${store.info.registry}/${name}`} what="the repository's address" />
      </div>
      <p class="summary">
        {count(names.length, "tag")}
        {known > 0 && known === names.length && ` · ${sizeText(repository.bytes)}, each blob once`}
      </p>
      {repository.trouble !== undefined && <Alert>{repository.trouble}</Alert>}
      {names.length === 0 && repository.trouble === undefined && (
        <p class="note">
          This repository has no tags. distribution, the registry server, never removes an empty
          repository from its list.
        </p>
      )}
      {names.length > 0 && (
        <>
          <div class="tools">
            <div class="search">
              <Icon name="search" />
              <input
                type="search"
                placeholder="Filter tags"
                aria-label="Filter tags"
                value={filter}
                onInput={({ currentTarget }) => setFilter(currentTarget.value)}
              />
            </div>
            <label class="sort">
              <span>Sort by</span>
              <select
                value={SORTS.findIndex(
                  (each) => each.sort.by === sort.by && each.sort.descending === sort.descending,
                )}
                onChange={({ currentTarget }) => choose(SORTS[Number(currentTarget.value)]!.sort)}
              >
                {SORTS.map(({ label }, index) => (
                  <option key={label} value={index}>
                    {label}
                  </option>
                ))}
              </select>
            </label>
          </div>
          {!complete && (
            <p class="note progress" role="status">
              Reading all tags for this order: {known.toLocaleString("en")} of{" "}
              {names.length.toLocaleString("en")}
              <progress value={known} max={names.length} aria-label="Tags read" />
            </p>
          )}
          {shown.length === 0 ? (
            <p class="note">No tag has {filter} in its name.</p>
          ) : (
            <TagTable
              repository={repository}
              tags={shown}
              sort={sort}
              onSort={choose}
              selected={store.info.readOnly ? undefined : selected}
              onSelect={setSelected}
              scroller={scroller}
            />
          )}
          {going.length > 0 && (
            <div class="actions" role="region" aria-label="Selected tags">
              <span>{count(going.length, "tag")} selected</span>
              <button type="button" class="quiet" onClick={() => setSelected(new Set())}>
                Clear
              </button>
              <button type="button" class="danger" onClick={() => setDeleting(true)}>
                <Icon name="delete" />
                Delete…
              </button>
            </div>
          )}
        </>
      )}
      {deleting && (
        <DeleteDialog
          repository={name}
          tags={going}
          onClose={(deleted) => {
            setDeleting(false);
            if (!deleted) return;
            setSelected(new Set());
            void store.reloadTags(name);
          }}
        />
      )}
    </>
  );
}

export const Back = ({ to = "#/", label = "All repositories" }) => (
  <a class="back" href={to}>
    <Icon name="back" />
    {label}
  </a>
);

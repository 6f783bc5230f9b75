import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { sizeOf } from "../../registry/image";
import { sizeText } from "../../registry/size-text";
import { useStore } from "./context";
import { Created, Digest } from "./parts";
import { KindBadge, Platforms } from "./platforms";
import type { RepositoryState, TagRow } from "./repository-state";
import { imageHref } from "./route";
import { companionOf, type Sort, type SortKey } from "./sort-tags";
import type { Store } from "./store";
import { count, listText } from "./text";
import { groupsOf, userName, usesOf } from "./used-by";
import { useNarrow } from "./use-narrow";
import { useVisibleRows } from "./use-visible-rows";

const ROW_HEIGHT = { wide: 46, narrow: 82 };

interface Props {
  repository: RepositoryState;
  /** All rows, in their order. */
  tags: readonly string[];
  sort: Sort;
  onSort: (sort: Sort) => void;
  /** Undefined if nothing can be selected. */
  selected: ReadonlySet<string> | undefined;
  onSelect: (selected: ReadonlySet<string>) => void;
  scroller: RefObject<HTMLElement | null>;
}

/** The tags of a repository. Only the rows on the screen exist, and only their images are read. */
export function TagTable({ repository, tags, sort, onSort, selected, onSelect, scroller }: Props) {
  const store = useStore();
  const list = useRef<HTMLDivElement>(null);
  const lastClicked = useRef(0);
  const height = useNarrow() ? ROW_HEIGHT.narrow : ROW_HEIGHT.wide;
  const { first, end } = useVisibleRows(scroller, list, tags.length, height);
  const drawn = tags.slice(first, end);
  useEffect(() => store.show(repository.name, drawn), [drawn.join(" "), repository]);

  const select = (index: number, on: boolean, range: boolean) => {
    const [from, to] = range
      ? [Math.min(index, lastClicked.current), Math.max(index, lastClicked.current)]
      : [index, index];
    const next = new Set(selected);
    for (const tag of tags.slice(from, to + 1)) {
      if (on) next.add(tag);
      else next.delete(tag);
    }
    lastClicked.current = index;
    onSelect(next);
  };
  const focus = (index: number) => {
    const to = Math.min(Math.max(index, 0), tags.length - 1);
    const area = scroller.current;
    if (area === null || list.current === null) return;
    const offset = list.current.getBoundingClientRect().top - area.getBoundingClientRect().top;
    const [top, bottom] = [offset + to * height, offset + (to + 1) * height];
    // The table's head covers the first row of the area.
    if (top < height) area.scrollTop += top - height;
    if (bottom > area.clientHeight) area.scrollTop += bottom - area.clientHeight;
    requestAnimationFrame(() =>
      list.current
        ?.querySelector<HTMLElement>(`[data-row="${to}"] a`)
        ?.focus({ preventScroll: true }),
    );
  };
  const onKey = (event: KeyboardEvent, index: number) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.floor((scroller.current?.clientHeight ?? 0) / height) - 1;
    const to = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: tags.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    focus(to);
  };
  const all = selected !== undefined && tags.every((tag) => selected.has(tag));
  return (
    <div
      class={`table${selected === undefined ? " fixed" : ""}`}
      role="table"
      aria-label={`Tags of ${repository.name}`}
      aria-rowcount={tags.length + 1}
    >
      <div role="rowgroup" class="head">
        <div role="row" class="row" aria-rowindex={1}>
          {selected !== undefined && (
            <span role="columnheader" class="select">
              <input
                type="checkbox"
                aria-label="Select all tags shown"
                checked={all}
                onChange={() => onSelect(new Set(all ? [] : tags))}
              />
            </span>
          )}
          <SortHeader label="Tag" by="version" {...{ sort, onSort }} />
          <span role="columnheader">Platforms</span>
          <SortHeader label="Size" by="size" {...{ sort, onSort }} />
          <SortHeader label="Created" by="date" {...{ sort, onSort }} />
          <span role="columnheader">Digest</span>
        </div>
      </div>
      <div role="rowgroup" class="rows" ref={list} style={{ height: `${tags.length * height}px` }}>
        {drawn.map((tag, offset) => {
          const index = first + offset;
          return (
            <div
              key={tag}
              role="row"
              class={`row${selected?.has(tag) === true ? " selected" : ""}`}
              aria-rowindex={index + 2}
              data-row={index}
              style={{ top: `${index * height}px`, height: `${height}px` }}
              onKeyDown={(event) => onKey(event, index)}
            >
              {selected !== undefined && (
                <span role="cell" class="select">
                  <input
                    type="checkbox"
                    aria-label={`Select ${tag}`}
                    checked={selected.has(tag)}
                    onClick={(event) => select(index, event.currentTarget.checked, event.shiftKey)}
                  />
                </span>
              )}
              <Row store={store} repository={repository} row={repository.tag(tag)} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface SortHeaderProps {
  label: string;
  by: SortKey;
  sort: Sort;
  onSort: (sort: Sort) => void;
}

function SortHeader({ label, by, sort, onSort }: SortHeaderProps) {
  const current = sort.by === by || (by === "version" && sort.by === "name");
  const direction = !current ? "none" : sort.descending ? "descending" : "ascending";
  return (
    <span role="columnheader" aria-sort={direction} class={`of-${by}`}>
      <button
        type="button"
        class="header"
        onClick={() => onSort({ by, descending: !(current && sort.descending) })}
      >
        {label}
        <span class={`arrow ${direction}`} aria-hidden="true" />
      </button>
    </span>
  );
}

interface RowProps {
  store: Store;
  repository: RepositoryState;
  row: TagRow;
}

function Row({ store, repository, row }: RowProps) {
  const { name, digest, image, trouble } = row;
  const same = digest === undefined ? [] : repository.tagsOf(digest);
  const others = same.filter((each) => each !== name);
  return (
    <>
      <span role="cell" class="tag">
        <a href={imageHref(repository.name, name)} title={name}>
          {name}
        </a>
        <Uses store={store} repository={repository} row={row} />
      </span>
      {trouble !== undefined ? (
        <span role="cell" class="what bad" title={trouble}>
          {trouble}
        </span>
      ) : (
        <span role="cell" class="what">
          {image === undefined ? (
            <span class="faint pending">…</span>
          ) : (
            <>
              <KindBadge image={image} companionOf={companionTags(repository, name)} />
              <Platforms image={image} />
            </>
          )}
        </span>
      )}
      <span role="cell" class="size">
        {image !== undefined && sizeText(sizeOf(image))}
      </span>
      <span role="cell" class="created">
        {image !== undefined && <Created created={image.created} />}
      </span>
      <span role="cell" class="of-digest">
        {digest !== undefined && <Digest digest={digest} />}
        {others.length > 0 && (
          <span class="same" title={`The same digest: ${listText(others, 20)}`}>
            same as {others.length === 1 ? others[0] : count(others.length, "tag")}
          </span>
        )}
      </span>
    </>
  );
}

/** The tags that a signature's tag belongs to. */
function companionTags(repository: RepositoryState, tag: string): readonly string[] {
  const digest = companionOf(tag);
  return digest === undefined ? [] : repository.tagsOf(digest);
}

function Uses({ store, repository, row }: RowProps) {
  const { pods } = store;
  const { name, digest, image } = row;
  if (pods.state !== "known" || digest === undefined) return null;
  const platformDigests = image?.platforms.map(({ manifest }) => manifest.digest) ?? [];
  const used = { repository: repository.name, tag: name, digest, platformDigests };
  const users = usesOf(used, pods.users).map(({ by }) => by);
  const [group] = groupsOf(users);
  if (group === undefined) return null;
  return (
    <span class="badge used" title={listText(users.map(userName))}>
      {group.sum}
    </span>
  );
}

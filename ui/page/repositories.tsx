import { useMemo, useRef, useState } from "preact/hooks";
import { useStore } from "./context";
import { Icon } from "./parts";
import { repositoryHref } from "./route";
import type { RepositoryState } from "./repository-state";
import { count } from "./text";
import { matches, type TreeRow, treeRows } from "./tree";
import { useVisibleRows } from "./use-visible-rows";

const ROW_HEIGHT = 34;

/** A larger tree begins with its top level only. */
const MOST_EXPANDED = 60;

/** The tree of all repositories, with a search. @param selected the repository that the page shows */
export function Repositories({ selected }: { selected: string | undefined }) {
  const { repositories, progress, outage } = useStore();
  const [search, setSearch] = useState("");
  const [showEmpty, setShowEmpty] = useState(false);
  const all = [...(repositories?.values() ?? [])];
  const isEmpty = ({ tags, trouble }: RepositoryState) =>
    tags.length === 0 && trouble === undefined;
  const empty = all.filter(isEmpty).length;
  const shown = all.filter((each) => showEmpty || !isEmpty(each)).map(({ name }) => name);
  const found = shown.filter((name) => matches(name, search));
  return (
    <nav class="repositories" aria-label="Repositories">
      <div class="search">
        <Icon name="search" />
        <input
          type="search"
          placeholder="Search repositories"
          aria-label="Search repositories"
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
      </div>
      {repositories === undefined && outage === undefined && (
        <p class="note pending">
          Reading repositories{progress.all > 0 && ` (${progress.listed} of ${progress.all})`}…
        </p>
      )}
      {repositories !== undefined && found.length === 0 && (
        <p class="note">
          {search !== ""
            ? `No repository has ${search} in its name.`
            : "The registry has no images yet."}
        </p>
      )}
      {found.length > 0 && (
        <Tree names={found} selected={selected} searching={search !== ""} all={shown.length} />
      )}
      {empty > 0 && (
        <p class="note foot">
          {showEmpty
            ? `${count(empty, "repository")} without tags`
            : `${count(empty, "empty repository")} hidden`}{" "}
          <button type="button" class="link" onClick={() => setShowEmpty(!showEmpty)}>
            {showEmpty ? "Hide" : "Show"}
          </button>
        </p>
      )}
      <p class="unseen" role="status">
        {search !== "" && `${count(found.length, "repository")} found`}
      </p>
    </nav>
  );
}

interface TreeProps {
  names: readonly string[];
  selected: string | undefined;
  searching: boolean;
  all: number;
}

function Tree({ names, selected, searching, all }: TreeProps) {
  const { repositories } = useStore();
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState<string | undefined>(selected);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const isExpanded = (path: string) =>
    searching ||
    (all <= MOST_EXPANDED || selected?.startsWith(`${path}/`) === true) !== toggled.has(path);
  const rows = useMemo(
    () => treeRows(names, isExpanded),
    [names.join(" "), toggled, searching, all, selected],
  );
  const { first, end } = useVisibleRows(scroller, list, rows.length, ROW_HEIGHT);
  const drawn = rows.slice(first, end);
  // One row is in the tab order: the one that had the focus last, if it is drawn.
  const tabStop =
    drawn.find(({ path }) => path === active) ??
    drawn.find(({ path }) => path === selected) ??
    drawn[0];

  const toggle = (path: string) => {
    const next = new Set(toggled);
    if (!next.delete(path)) next.add(path);
    setToggled(next);
  };
  const focus = (index: number) => {
    const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
    const area = scroller.current;
    if (row === undefined || area === null) return;
    const at = rows.indexOf(row);
    const [top, bottom] = [at * ROW_HEIGHT, (at + 1) * ROW_HEIGHT];
    if (top < area.scrollTop) area.scrollTop = top;
    if (bottom > area.scrollTop + area.clientHeight) area.scrollTop = bottom - area.clientHeight;
    setActive(row.path);
    requestAnimationFrame(() => {
      list.current
        ?.querySelector<HTMLElement>(`[data-row="${at}"]`)
        ?.focus({ preventScroll: true });
    });
  };
  const onKey = (event: KeyboardEvent, row: TreeRow, index: number) => {
    const page = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT);
    const above = () => {
      for (let at = index; at >= 0; at--) if (rows[at]!.level < row.level) return at;
      return index;
    };
    const moves: Record<string, () => void> = {
      ArrowDown: () => focus(index + 1),
      ArrowUp: () => focus(index - 1),
      PageDown: () => focus(index + page),
      PageUp: () => focus(index - page),
      Home: () => focus(0),
      End: () => focus(rows.length - 1),
      ArrowRight: () => (row.expanded === false ? toggle(row.path) : focus(index + 1)),
      ArrowLeft: () => (row.expanded === true && !searching ? toggle(row.path) : focus(above())),
      ...(!row.isRepository && { Enter: () => toggle(row.path), " ": () => toggle(row.path) }),
    };
    const move = event.altKey || event.ctrlKey || event.metaKey ? undefined : moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  };

  return (
    <div class="tree-area" ref={scroller}>
      <div
        ref={list}
        class="rows"
        role="tree"
        aria-label="Repositories"
        style={{ height: `${rows.length * ROW_HEIGHT}px` }}
      >
        {drawn.map((row, offset) => {
          const index = first + offset;
          const shared = {
            class: `tree-row${row.path === selected ? " selected" : ""}`,
            role: "treeitem" as const,
            "data-row": index,
            "aria-level": row.level,
            "aria-posinset": row.position,
            "aria-setsize": row.siblings,
            "aria-selected": row.path === selected,
            ...(row.expanded !== undefined && { "aria-expanded": row.expanded }),
            tabIndex: row === tabStop ? 0 : -1,
            style: {
              top: `${index * ROW_HEIGHT}px`,
              height: `${ROW_HEIGHT}px`,
              paddingLeft: `${(row.level - 1) * 18 + 6}px`,
            },
            onFocus: () => setActive(row.path),
            onKeyDown: (event: KeyboardEvent) => onKey(event, row, index),
          };
          const content = (
            <>
              <span
                class={`twist${row.expanded === true ? " down" : ""}`}
                onClick={(event) => {
                  if (row.expanded === undefined || searching) return;
                  event.preventDefault();
                  event.stopPropagation();
                  toggle(row.path);
                }}
              >
                {row.expanded !== undefined && <Icon name="open" />}
              </span>
              <Icon name={row.isRepository ? "box" : "folder"} />
              <span class="name">{row.label}</span>
              {row.isRepository && <Tags repository={repositories?.get(row.path)} />}
            </>
          );
          return row.isRepository ? (
            <a key={row.path} href={repositoryHref(row.path)} {...shared}>
              {content}
            </a>
          ) : (
            <div key={row.path} {...shared} onClick={() => !searching && toggle(row.path)}>
              {content}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Tags({ repository }: { repository: RepositoryState | undefined }) {
  if (repository === undefined) return null;
  const { tags, trouble } = repository;
  return trouble !== undefined ? (
    <span class="count bad">cannot be read</span>
  ) : (
    <span class="count" title={count(tags.length, "tag")}>
      {tags.length.toLocaleString("en")}
      <span class="unseen"> tags</span>
    </span>
  );
}

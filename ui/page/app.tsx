import { useRef } from "preact/hooks";
import { useStore } from "./context";
import { ImageView } from "./image-view";
import { Overview } from "./overview";
import { Alert, CopyButton, Icon } from "./parts";
import { Repositories } from "./repositories";
import { RepositoryView } from "./repository-view";
import { useRoute } from "./use-route";

export function App() {
  const store = useStore();
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const { info, outage } = store;
  return (
    <>
      <header class="bar">
        <a class="brand" href="#/">
          <Icon name="layers" />
          Registry
        </a>
        <span class="address">
          <code>{info.registry}</code>
          <CopyButton text={info.registry} what="the registry's address" />
        </span>
        {info.readOnly && <span class="badge">Read-only</span>}
        <button type="button" class="quiet reload" onClick={() => void store.reload()}>
          <Icon name="reload" />
          <span class="wide">Reload</span>
          <span class="narrow unseen">Reload</span>
        </button>
      </header>
      {outage !== undefined && (
        <Alert>
          <p>{outage}</p>
          <button type="button" onClick={() => void store.reload()}>
            Try again
          </button>
        </Alert>
      )}
      <div class={`columns at-${route.view === "home" ? "home" : "detail"}`}>
        <Repositories selected={route.view === "home" ? undefined : route.repository} />
        <main ref={main} aria-busy={store.isBusy}>
          {route.view === "home" && <Overview />}
          {route.view === "repository" && (
            <RepositoryView key={route.repository} name={route.repository} scroller={main} />
          )}
          {route.view === "image" && (
            <ImageView
              key={`${route.repository}:${route.tag}`}
              repository={route.repository}
              tag={route.tag}
            />
          )}
        </main>
      </div>
      <div id="announcements" class="unseen" role="status" aria-live="polite" />
    </>
  );
}

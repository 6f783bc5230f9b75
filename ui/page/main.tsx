import { render } from "preact";
import type { PageInfo, PodsAnswer } from "../page-info";
import { App } from "./app";
import { StoreProvider } from "./context";
import { fetchTransport } from "./fetch-transport";
import { Alert } from "./parts";
import { PARALLEL, Store } from "./store";

const place = document.getElementById("page")!;

async function ask<T>(path: string): Promise<T> {
  const response = await fetch(path, { cache: "no-store" });
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return (await response.json()) as T;
}

async function start(): Promise<void> {
  const info = await ask<PageInfo>("ui.json");
  const store = new Store(info, fetchTransport(PARALLEL), () => ask<PodsAnswer>("pods.json"));
  render(
    <StoreProvider value={store}>
      <App />
    </StoreProvider>,
    place,
  );
  await store.reload();
}

start().catch((error: Error) => {
  render(
    <main>
      <h1>Registry</h1>
      <Alert>The page cannot start: {error.message}. Reload it to try again.</Alert>
    </main>,
    place,
  );
});

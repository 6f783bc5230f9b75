import { createContext } from "preact";
import { useContext, useEffect, useReducer } from "preact/hooks";
import type { Store } from "./store";

const StoreContext = createContext<Store | undefined>(undefined);
export const StoreProvider = StoreContext.Provider;

/** The store. The component is drawn again when something in it changes. */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (store === undefined) throw new Error("no store");
  const [, redraw] = useReducer((drawn: number) => drawn + 1, 0);
  useEffect(() => store.subscribe(() => redraw(undefined)), [store]);
  return store;
}

/** Says something to users of screen readers. */
export function announce(text: string): void {
  const region = document.getElementById("announcements");
  if (region !== null) region.textContent = text;
}

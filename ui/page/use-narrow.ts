import { useEffect, useState } from "preact/hooks";

/** Whether the window is too narrow for a table. The style sheet has the same limit. */
const NARROW = "(max-width: 759px)";

export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const follow = () => setNarrow(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return narrow;
}

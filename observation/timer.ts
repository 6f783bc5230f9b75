/** The registry's timer on its host, as systemd has it. */
export interface ObservedTimer {
  /** systemd knows the timer's unit. */
  readonly loaded: boolean;
  /** It waits for its time, or its service runs. */
  readonly active: boolean;
  /** It starts with the host. */
  readonly enabled: boolean;
  /** One of the two units has changed since systemd read it. */
  readonly needsReload: boolean;
  /** A clean-up runs at this moment. */
  readonly running: boolean;
  /** When the last clean-up began, as systemd writes it. Undefined if none has run, as far as systemd knows. */
  readonly lastRun?: string;
  /** systemd's word for the result of the last clean-up since the host's start: `success`, `exit-code`, `signal`. */
  readonly result: string;
  /** The last line of the clean-ups in the journal. */
  readonly said?: string;
  /** When the next clean-up begins, as systemd writes it. */
  readonly next?: string;
}

/**
 * Reads what `systemctl show` says of the timer, then of its service, then the last line in the journal, with an empty
 * line between them.
 */
export function readTimer(text: string): ObservedTimer {
  const [timer = "", service = "", said = ""] = text.split(/\n\n|^\n/);
  const ofTimer = values(timer);
  const ofService = values(service);
  const began = date(ofService.get("ExecMainStartTimestamp"));
  const triggered = date(ofTimer.get("LastTriggerUSec"));
  const lastRun = began ?? triggered;
  const next = date(ofTimer.get("NextElapseUSecRealtime"));
  return {
    loaded: ofTimer.get("LoadState") === "loaded",
    active: ofTimer.get("ActiveState") === "active",
    enabled: ofTimer.get("UnitFileState") === "enabled",
    needsReload: [ofTimer, ofService].some((unit) => unit.get("NeedDaemonReload") === "yes"),
    running: ["activating", "deactivating"].includes(ofService.get("ActiveState") ?? ""),
    ...(lastRun !== undefined && { lastRun }),
    result: ofService.get("Result") ?? "success",
    ...(said.trim() !== "" && { said: said.trim() }),
    ...(next !== undefined && { next }),
  };
}

const values = (text: string) =>
  new Map(
    text.split("\n").map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );

const date = (text: string | undefined) =>
  text === undefined || text === "" || text === "n/a" || text === "0" ? undefined : text;

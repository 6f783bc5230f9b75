import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "./context";
import { copyText } from "./copy-text";
import { agoText, shortDigest, timeOf } from "./text";

/** Icons are drawn with lines in the text's colour. */
const ICONS = {
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  done: "m5 12.5 4.5 4.5L19 7.5",
  reload: "M20 11a8 8 0 1 0-.6 4M20 4v7h-7",
  open: "m9 6 6 6-6 6",
  back: "m15 6-6 6 6 6",
  layers: "m12 3 9 4.5-9 4.5-9-4.5zm-9 9 9 4.5 9-4.5M3 16.5 12 21l9-4.5",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12 5 5",
  delete: "M4 7h16M9 7V4h6v3m-9 0 1 13h10l1-13",
  box: "m12 3 8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  folder: "M3 6h6l2 2.5h10V19H3z",
} as const;

export const Icon = ({ name }: { name: keyof typeof ICONS }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path d={ICONS[name]} />
  </svg>
);

/** How long a button shows that it has copied, in milliseconds. */
const SHOWS_DONE = 1500;

/** @param what what is copied, for its name: "Copy " + what */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWS_DONE);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () =>
    void copyText(text).then((worked) => {
      setCopied(worked);
      announce(worked ? `Copied ${what}` : "The browser does not let the page copy");
    });
  return (
    <button type="button" class="quiet copy" title={`Copy ${what}`} onClick={copy}>
      <Icon name={copied ? "done" : "copy"} />
      <span class="unseen">Copy {what}</span>
    </button>
  );
}

/** A command or a reference with its button to copy it. */
export const Copyable = ({ text, what }: { text: string; what: string }) => (
  <div class="copyable">
    {/* A long command scrolls sideways: also by keyboard. */}
    <code tabIndex={0}>{text}</code>
    <CopyButton text={text} what={what} />
  </div>
);

export const Digest = ({ digest }: { digest: string }) => (
  <span class="digest">
    <code title={digest}>{shortDigest(digest)}</code>
    <CopyButton text={digest} what={`digest ${shortDigest(digest)}`} />
  </span>
);

/** A date as how long ago it was; the date itself is in its title. */
export function Created({ created }: { created: string | undefined }) {
  const time = timeOf(created);
  if (time === undefined)
    return (
      <span class="faint" title={created === undefined ? undefined : `The image says ${created}`}>
        no date
      </span>
    );
  const date = new Date(time);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString("en-GB")}>
      {agoText(time, Date.now())}
    </time>
  );
}

/** A message that must not be missed. */
export const Alert = ({ children }: { children: ComponentChildren }) => (
  <div class="alert" role="alert">
    {children}
  </div>
);

/** A view's heading, which takes the focus when the view opens: so a screen reader reads where it is. */
export function Heading({ children, of }: { children: ComponentChildren; of: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = of;
    heading.current?.focus({ preventScroll: true });
  }, [of]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

import { type Source } from "./source";

/** Refuses templates of these files, as k3s, kubespray and others have them: no daemon reads them unchanged. */
export function refuseTemplate(source: Source): void {
  const match = /\{\{[^\n]*?\}\}|\{%[^\n]*?%\}/.exec(source.text);
  if (match === null) return;
  throw source.refuse(match.index, {
    expected: "a file as the daemon reads it",
    found: `a template: \`${match[0]}\``,
    fix: "plan for the file that is made of it, or change the template by hand",
  });
}

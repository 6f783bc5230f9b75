import { type Problem, Refusal } from "../problem";
import { type Source } from "../source";
import { refuseTemplate } from "../template";
import { TomlDocument } from "../toml/document";
import { refuseFacts } from "./fact";
import { READERS } from "./go-toml";
import { type DaemonVersion } from "./version";

/** @throws Refusal for a file that is not TOML, or that this daemon does not read as TOML specifies */
export function readToml(source: Source, daemon: DaemonVersion): TomlDocument {
  const document = parsed(source, daemon);
  refuseFacts(READERS, document, daemon);
  return document;
}

function parsed(source: Source, daemon: DaemonVersion): TomlDocument {
  try {
    return TomlDocument.parse(source);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuseTemplate(source);
    if (daemon.major >= 2) throw error;
    // go-toml 1 accepts much that is not TOML. containerd 2 does not start with it.
    const problems = error.problems.map((problem): Problem => {
      return { ...problem, fix: fixFor1x(source, problem, daemon) };
    });
    throw new Refusal(problems, { cause: error });
  }
}

function fixFor1x(source: Source, problem: Problem, daemon: DaemonVersion): string {
  const line = source.text.split("\n")[(problem.line ?? 1) - 1] ?? "";
  const others = `containerd ${daemon.text} may read it as it is, other versions and programs do not`;
  if (/\r(?!\n)/.test(source.text)) return `end every line with LF, or CR LF; ${others}`;
  if (/^[ \t]*\[+[^\]]*\]+[ \t]*[^#\s]/.test(line)) {
    return `put what stands behind the header on a line of its own; ${others}`;
  }
  if (line.includes("\\/")) return `write / instead of \\/; ${others}`;
  return `write it as TOML 1.0 has it; ${others}`;
}

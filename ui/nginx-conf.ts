import { PLACEHOLDER } from "../registry/delete-tag";
import type { PageInfo, PodsAnswer } from "./page-info";
import { COMMON, REGISTRY_CONTENT } from "./headers";

/** What the page's nginx has to know. */
export interface NginxOptions {
  /** What stands in its `listen`: the address and port, such as `0.0.0.0:8080`, and parameters. */
  readonly listen: string;
  readonly info: PageInfo;
  readonly contentSecurityPolicy: string;
}

/** The folder in the container that has this file and the page. It hides the image's own configuration. */
export const NGINX_FOLDER = "/etc/nginx";

/**
 * The whole configuration of an nginx that serves the page, and passes `/v2/` on to the registry: of one origin, so that a
 * browser needs no permission. Of the API it lets through only what the page needs. To delete one tag on distribution 2, the
 * page has to push a placeholder. So whoever reaches the port can delete tags, and can overwrite one with a manifest that is
 * as small; with `readOnly`, nobody can.
 */
export function nginxConf({ listen, info, contentSecurityPolicy }: NginxOptions): string {
  const { registry, readOnly } = info;
  const pods: PodsAnswer = { state: "not here" };
  const page = { ...COMMON, "content-security-policy": contentSecurityPolicy };
  const toRegistry = [`proxy_pass http://${registry};`, ...headers(REGISTRY_CONTENT)];
  return text([
    "# Written by cluster-registry (the setting ui). A change by hand is drift, which the next up repairs.",
    "worker_processes 2;",
    "error_log /dev/stderr;",
    "events {}",
    block("http", [
      "# Who changed something is in the container's log. Reads are not.",
      block("map $request_method $is_change", ["default 1;", "GET 0;", "HEAD 0;"]),
      "access_log /dev/stdout combined if=$is_change;",
      "server_tokens off;",
      "types { text/html html; }",
      "charset utf-8;",
      block("server", [
        `listen ${listen};`,
        `root ${NGINX_FOLDER}/page;`,
        "# The placeholder of a deleted tag is the largest request of the page.",
        `client_max_body_size ${PLACEHOLDER.manifest.length};`,
        "proxy_http_version 1.1;",
        `proxy_set_header Host ${registry};`,
        'proxy_set_header Connection "";',
        "proxy_request_buffering off;",
        "proxy_buffering off;",
        `proxy_redirect http://${registry}/ /;`,
        `error_page 403 ${readOnly ? "@read-only" : "@not-here"};`,
        "error_page 502 504 @no-answer;",
        block("location = /", [...headers(page), "try_files /index.html =404;"]),
        block("location = /ui.json", answer(200, info)),
        block("location = /pods.json", answer(200, pods)),
        ...(readOnly
          ? [block("location /v2/", [allow("GET"), ...toRegistry])]
          : [
              block("location /v2/", [allow("GET"), ...toRegistry]),
              "# A tag is deleted by its name (distribution 3), or as the digest of a placeholder (distribution 2).",
              block("location ~ ^/v2/.+/manifests/[^/]+$", [
                allow("GET", "DELETE", "PUT"),
                ...toRegistry,
              ]),
              block("location ~ ^/v2/.+/blobs/uploads/", [
                allow("GET", "POST", "PUT"),
                ...toRegistry,
              ]),
            ]),
        block("location /", ["return 404;"]),
        block(
          `location ${readOnly ? "@read-only" : "@not-here"}`,
          refusal(
            403,
            "REFUSED",
            readOnly
              ? "this page runs with ui.readOnly: true, so it changes nothing"
              : "this page does not need this request, so it does not pass it on",
          ),
        ),
        block(
          "location @no-answer",
          refusal(502, "UNREACHABLE", `the registry at ${registry} does not answer`),
        ),
      ]),
    ]),
  ]);
}

/** GET includes HEAD. */
const allow = (...methods: string[]) => `limit_except ${methods.join(" ")} { deny all; }`;

const headers = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([name, value]) => `add_header ${name} ${quoted(value)} always;`);

const answer = (status: number, value: object) => [
  "default_type application/json;",
  ...headers(COMMON),
  `return ${status} ${quoted(JSON.stringify(value))};`,
];

/** An error, as a registry sends it. */
const refusal = (status: number, code: string, message: string) => [
  "internal;",
  ...answer(status, { errors: [{ code, message }] }),
];

type Block = readonly [head: string, lines: readonly (string | Block)[]];

const block = (head: string, lines: readonly (string | Block)[]): Block => [head, lines];

function text(lines: readonly (string | Block)[], indent = ""): string {
  return lines
    .map((line) =>
      typeof line === "string"
        ? `${indent}${line}\n`
        : `${indent}${line[0]} {\n${text(line[1], `${indent}  `)}${indent}}\n`,
    )
    .join("");
}

/** A string of nginx. Between double quotes it would read variables, and an escape for a dollar sign does not exist. */
function quoted(value: string): string {
  if (/[\\$\n]/.test(value))
    throw new Error(`expected a text without backslash, dollar sign and newline; found ${value}`);
  return value.includes("'") ? `"${value.replaceAll('"', '\\"')}"` : `'${value}'`;
}

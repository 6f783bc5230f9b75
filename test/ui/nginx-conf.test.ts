import { PLACEHOLDER } from "../../registry/delete-tag";
import { nginxConf, type NginxOptions } from "../../ui/nginx-conf";

const options: NginxOptions = {
  listen: "0.0.0.0:8080",
  info: {
    registry: "10.0.0.11:5000",
    readOnly: false,
    collectGarbage: "npm run gc -- --stack prod",
    applySettings: "npm run up -- --stack prod",
  },
  contentSecurityPolicy: "default-src 'none'; script-src 'sha256-abc='",
};
const readOnly = { ...options, info: { ...options.info, readOnly: true } };

/** The lines of one block, without what is nested deeper. */
function block(text: string, head: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  const from = lines.indexOf(`${head} {`);
  if (from < 0) return [];
  return lines.slice(from + 1, lines.indexOf("}", from));
}

const REGISTRY_HEADERS = [
  `add_header content-security-policy "default-src 'none'; sandbox" always;`,
  "add_header cross-origin-resource-policy 'same-origin' always;",
  "add_header x-content-type-options 'nosniff' always;",
];

test("everything of the API can be read, and nothing of it is changed, in general", () => {
  expect(block(nginxConf(options), "location /v2/")).toEqual([
    "limit_except GET { deny all; }",
    "proxy_pass http://10.0.0.11:5000;",
    ...REGISTRY_HEADERS,
  ]);
});

test("what deletes a tag on both registry servers is let through", () => {
  const text = nginxConf(options);
  expect(block(text, "location ~ ^/v2/.+/manifests/[^/]+$")[0]).toBe(
    "limit_except GET DELETE PUT { deny all; }",
  );
  expect(block(text, "location ~ ^/v2/.+/blobs/uploads/")[0]).toBe(
    "limit_except GET POST PUT { deny all; }",
  );
  expect(text).toContain("error_page 403 @not-here;\n");
});

test("nothing larger than the placeholder of a deleted tag is sent to the registry", () => {
  expect(nginxConf(options)).toContain("client_max_body_size 264;\n");
  expect(Buffer.byteLength(PLACEHOLDER.manifest)).toBe(264);
  expect(Buffer.byteLength(PLACEHOLDER.config)).toBeLessThan(264);
});

test("read-only, every change is refused with the setting's name, as a registry refuses", () => {
  const text = nginxConf(readOnly);
  expect(text.match(/limit_except.*/g)).toEqual(["limit_except GET { deny all; }"]);
  expect(text).toContain("error_page 403 @read-only;\n");
  expect(block(text, "location @read-only").at(-1)).toBe(
    `return 403 '{"errors":[{"code":"REFUSED","message":"this page runs with ui.readOnly: true, so it changes nothing"}]}';`,
  );
});

test("the page is told the registry's name and whether it may delete, and that it cannot know of Pods", () => {
  const told = (text: string, path: string) => block(text, `location = ${path}`).at(-1);
  expect(told(nginxConf(options), "/ui.json")).toBe(
    `return 200 '{"registry":"10.0.0.11:5000","readOnly":false,"collectGarbage":"npm run gc -- --stack prod","applySettings":"npm run up -- --stack prod"}';`,
  );
  expect(told(nginxConf(readOnly), "/ui.json")).toContain('"readOnly":true');
  expect(told(nginxConf(options), "/pods.json")).toBe(`return 200 '{"state":"not here"}';`);
});

test("the page has its policy and the other headers of a page", () => {
  expect(block(nginxConf(options), "location = /")).toEqual([
    "add_header cache-control 'no-store' always;",
    "add_header cross-origin-resource-policy 'same-origin' always;",
    "add_header referrer-policy 'no-referrer' always;",
    "add_header x-content-type-options 'nosniff' always;",
    "add_header x-frame-options 'DENY' always;",
    `add_header content-security-policy "default-src 'none'; script-src 'sha256-abc='" always;`,
    "try_files /index.html =404;",
  ]);
});

test("the registry sees its own name, and what it redirects to stays on this origin; IPv6 in brackets", () => {
  const info = { ...options.info, registry: "[fd00::5]:5000" };
  const text = nginxConf({ ...options, info, listen: "[::]:8080" });
  for (const line of [
    "listen [::]:8080;",
    "proxy_set_header Host [fd00::5]:5000;",
    "proxy_redirect http://[fd00::5]:5000/ /;",
    "proxy_pass http://[fd00::5]:5000;",
  ])
    expect(text).toContain(`${line}\n`);
});

test("a text that nginx would read as a variable is refused", () => {
  const info = { ...options.info, applySettings: "up $stack" };
  expect(() => nginxConf({ ...options, info })).toThrow(
    "expected a text without backslash, dollar sign and newline; found",
  );
});

import type { WholeFile } from "../decision/whole-files";
import { imagePrefix } from "../decision/plan";
import { UI_NGINX_CONF, UI_PAGE } from "../observation/ask";
import { hostPort } from "../settings/formats";
import type { Settings } from "../settings/schema";
import { buildPage } from "../ui/build-page";
import { nginxConf } from "../ui/nginx-conf";

/** The files of the registry's page on its host; none if the settings have no page. */
export async function pageFiles(settings: Settings, stack: string): Promise<WholeFile[]> {
  const { ui } = settings;
  if (ui === undefined) return [];
  const { html, contentSecurityPolicy } = await buildPage();
  const info = {
    registry: imagePrefix(settings),
    readOnly: ui.readOnly,
    collectGarbage: `npm run gc -- --stack ${stack}`,
    applySettings: `npm run up -- --stack ${stack}`,
  };
  // Without the parameter, nginx takes `::` for all IPv6 addresses and no IPv4 address.
  const listen = hostPort(ui.bind, ui.port) + (ui.bind === "::" ? " ipv6only=off" : "");
  return [
    { path: UI_NGINX_CONF, contents: nginxConf({ listen, info, contentSecurityPolicy }) },
    { path: UI_PAGE, contents: html },
  ];
}

/** The address at which the page is opened. */
export function pageAddress({ registry, ui }: Settings): string {
  const { bind = "0.0.0.0" } = ui ?? {};
  return bind === "0.0.0.0" || bind === "::" ? registry.address : bind;
}

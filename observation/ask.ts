import {
  CONTAINER_NAME,
  GC_FOLDER,
  GC_SERVICE,
  GC_TIMER,
  UI_CONTAINER_NAME,
  UI_FOLDER,
} from "../helper/commands";
import type { HostAccess } from "../settings/access";
import { cacheContainer } from "../settings/caches";
import type { Settings } from "../settings/schema";
import type { Ask } from "./observation";

/** containerd's configuration file in its units and packages. */
export const CONTAINERD_CONFIG = "/etc/containerd/config.toml";
/** dockerd's configuration. */
export const DAEMON_JSON = "/etc/docker/daemon.json";
/** The configuration of the page's server. */
export const UI_NGINX_CONF = `${UI_FOLDER}/nginx.conf`;
/** The page. */
export const UI_PAGE = `${UI_FOLDER}/page/index.html`;
/** The units of the registry's timer, and the programs that they run. */
export const GC_PROGRAMS = ["timer.sh", "untagged.sh", "gc.sh"].map((name) => ({
  name,
  path: `${GC_FOLDER}/${name}`,
}));
export const GC_SERVICE_FILE = `/etc/systemd/system/${GC_SERVICE}`;
export const GC_TIMER_FILE = `/etc/systemd/system/${GC_TIMER}`;
const GC_FILES = [...GC_PROGRAMS.map(({ path }) => path), GC_SERVICE_FILE, GC_TIMER_FILE];

/** What the survey reads from one host, which depends on the host's role. */
export function askFor(settings: Settings, { name, sudo }: HostAccess): Ask {
  const isNode = settings.nodes.some((node) => node.name === name);
  const isRegistry = settings.registry.host === name;
  const hasPage = isRegistry && settings.ui !== undefined;
  const timer = isRegistry ? settings.gcTimer : undefined;
  const beside = [
    ...(hasPage ? [UI_CONTAINER_NAME] : []),
    ...settings.caches.map(({ port }) => cacheContainer(port)),
  ];
  return {
    sudo,
    files: [
      ...(isNode ? [CONTAINERD_CONFIG] : []),
      ...(isRegistry ? [DAEMON_JSON] : []),
      ...(hasPage ? [UI_NGINX_CONF, UI_PAGE] : []),
      ...(timer === undefined ? [] : GC_FILES),
    ],
    containerd: isNode,
    docker: isRegistry,
    ...(timer && { timer: timer.onCalendar }),
    ...(isRegistry && {
      container: {
        name: CONTAINER_NAME,
        volume: settings.registry.volume,
        ...(beside.length > 0 && { beside }),
      },
    }),
  };
}

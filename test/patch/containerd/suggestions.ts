import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type ContainerdInput } from "../../../patch";

/** The wanted registry. On real hosts, the registry there replaces it. */
export const REGISTRY = "10.0.0.11:5000";
export const CERTS = "/etc/containerd/certs.d";
const HOSTS = `${CERTS}/${REGISTRY}/hosts.toml`;

/** The input of a plan: the files, and everything that differs from the default. */
export interface Given {
  config: string;
  hosts?: Record<string, string>;
  asked?: Partial<ContainerdInput>;
}

/** A refusal, and the result of following its suggestion. */
export interface Suggestion {
  name: string;
  /** Versions with this refusal. */
  versions: string[];
  before: Given;
  /** The fix in the refusal. */
  fix: string;
  after: Given;
  /** The reason why it cannot be tried on a real daemon. */
  notReal?: string;
}

const field = (name: string): string =>
  readFileSync(join(__dirname, "../../fixtures/field", name), "utf8");

const ALL = ["1.6.20", "1.7.24", "2.2.3", "2.3.7"];
const ON1X = ALL.slice(0, 2);
const ON2X = ALL.slice(2);
const V2 = 'plugins."io.containerd.grpc.v1.cri".registry';
const V3 = 'plugins."io.containerd.cri.v1.images".registry';
const OURS = `server = "http://${REGISTRY}"\n\n[host."http://${REGISTRY}"]\n  capabilities = ["pull", "resolve"]\n`;
const config05 = field("05-version-1-by-default.toml")
  // The paths are not those of a test host's socket.
  .replace(/^state.*\n|^root.*\n|^\[grpc\][^[]*|^\[debug\][^[]*|^\[metrics\][^[]*/gm, "");
const asVersion2 = (config: string): string =>
  `version = 2\n${config.replaceAll("plugins.cri", 'plugins."io.containerd.grpc.v1.cri"')}`;
const SETTINGS = "it is a fault of the settings, which no daemon reads";
const IMPORT = "it needs an import, which the import tests try on real hosts";

export const suggestions: Suggestion[] = [
  {
    name: "version 1 tables without a version (05)",
    versions: ["2.2.3"],
    before: { config: config05 },
    fix: 'put `version = 2` on top, and write plugins.cri as plugins."io.containerd.grpc.v1.cri" in every header',
    after: { config: asVersion2(config05) },
  },
  {
    name: "version = 1",
    versions: ["2.2.3"],
    before: { config: 'version = 1\n[plugins.cri]\nsandbox_image = "registry.k8s.io/pause:3.9"\n' },
    fix: "write `version = 2`, and write plugins.cri as",
    after: {
      config:
        'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "registry.k8s.io/pause:3.9"\n',
    },
  },
  {
    name: "both names without a version (15)",
    versions: ["2.2.3"],
    before: { config: field("15-rancher-desktop-both-names.toml") },
    fix: "put `version = 2` on top, and take [plugins.cri] out, since",
    after: { config: `version = 2\n[${V2}.mirrors."docker.io"]\n  endpoint = ["https://a.lan"]\n` },
  },
  {
    name: "both names without a version, on 2.3 (15)",
    versions: ["2.3.7"],
    before: { config: field("15-rancher-desktop-both-names.toml") },
    fix: "take [plugins.cri] out",
    after: { config: `[${V2}.mirrors."docker.io"]\n  endpoint = ["https://a.lan"]\n` },
  },
  {
    name: "version 2 tables without a version",
    versions: [...ON1X, "2.2.3"],
    before: { config: `[${V2}]\nconfig_path = "${CERTS}"\n` },
    fix: "put `version = 2` on top",
    after: { config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n` },
  },
  {
    name: "a version too high",
    versions: [...ON1X, "2.2.3"],
    before: { config: "version = 4\n" },
    fix: "write the file for version = ",
    after: { config: "version = 2\n" },
  },
  {
    name: "mirrors and the newer config_path (18)",
    versions: ALL,
    before: { config: field("18-gke-mirror-and-new-config-path.toml") },
    fix: 'take [plugins."io.containerd.cri.v1.images".registry] out',
    after: {
      config: field("18-gke-mirror-and-new-config-path.toml").replace(
        `[${V3}]\n  config_path = "${CERTS}"\n`,
        "",
      ),
    },
  },
  {
    name: "CRI switched off as 2.3.5 writes it (60)",
    versions: ["2.3.7"],
    before: { config: field("60-config-default-2.3.5.toml") },
    fix: "take it out of disabled_plugins, then restart containerd",
    after: {
      config: field("60-config-default-2.3.5.toml").replace(
        "disabled_plugins = ['io.containerd.grpc.v1.cri']",
        "disabled_plugins = []",
      ),
    },
  },
  {
    name: "CRI switched off as containerd.io has it",
    versions: ALL,
    before: { config: 'disabled_plugins = ["cri"]\n' },
    fix: "take it out of disabled_plugins, then restart containerd",
    after: { config: "disabled_plugins = []\n" },
  },
  {
    name: "a short plugin name in a table (76): out with it",
    versions: ON1X,
    before: { config: field("76-kata-howto-in-version-2.toml") },
    fix: "take the table out",
    after: {
      config: field("76-kata-howto-in-version-2.toml").replace(/\[plugins\.cri\.[^]*/, ""),
    },
  },
  {
    name: "a short plugin name in a table (76): the whole one",
    versions: ON1X,
    before: { config: field("76-kata-howto-in-version-2.toml") },
    fix: 'write plugins."io.containerd.grpc.v1.cri", with a table for the runtime runc beside the others',
    after: {
      config: `${field("76-kata-howto-in-version-2.toml").replaceAll(
        "plugins.cri.",
        'plugins."io.containerd.grpc.v1.cri".',
      )}
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`,
    },
  },
  {
    name: "a short plugin name in disabled_plugins (78)",
    versions: ALL,
    before: { config: field("78-short-name-in-disabled-plugins.toml") },
    fix: 'write "io.containerd.internal.v1.restart", or take it out',
    after: {
      config: field("78-short-name-in-disabled-plugins.toml").replace(
        '"restart"',
        '"io.containerd.internal.v1.restart"',
      ),
    },
  },
  {
    name: "a bare plugin name (33)",
    versions: ON1X,
    before: { config: field("33-unquoted-plugin-name.toml") },
    fix: 'put the plugin\'s name in quotes: plugins."io.containerd.grpc.v1.cri"',
    after: {
      config: field("33-unquoted-plugin-name.toml").replaceAll(
        "plugins.io.containerd.grpc.v1.cri",
        'plugins."io.containerd.grpc.v1.cri"',
      ),
    },
  },
  {
    name: "a file that k0s writes anew (86), its mark taken out",
    versions: ALL,
    before: { config: field("86-k0s-managed.toml") },
    fix: "take this line out: then k0s leaves the file as it is",
    after: {
      config: field("86-k0s-managed.toml")
        .replace(/^.*\n/, "")
        .replace(/\t".*\n/, ""),
    },
  },
  {
    name: "a file that k3s writes anew",
    versions: ALL,
    before: { config: "# File generated by k3s. DO NOT EDIT.\nversion = 2\n" },
    fix: "name the registry in /etc/rancher/k3s/registries.yaml and restart k3s",
    after: {
      config: `# File generated by k3s. DO NOT EDIT.\nversion = 2\n[${V2}]\nconfig_path = "${CERTS}"\n`,
      hosts: { [HOSTS]: `# File generated by k3s. DO NOT EDIT.\n${OURS}` },
    },
  },
  {
    name: "mirrors and config_path: mirrors out",
    versions: ALL,
    before: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a.lan"]\n`,
    },
    fix: "take one of them out",
    after: { config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n` },
  },
  {
    name: 'mirrors and config_path: config_path = ""',
    versions: ALL,
    before: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a.lan"]\n`,
    },
    fix: 'for the mirrors way, set config_path = ""',
    after: {
      config: `version = 2\n[${V2}]\nconfig_path = ""\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a.lan"]\n`,
    },
  },
  {
    name: "mirrors and config_path: migrate",
    versions: ALL,
    before: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a.lan"]\n`,
    },
    fix: "or set migrate: true",
    after: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a.lan"]\n`,
      asked: { migrate: true },
    },
  },
  {
    name: "a TLS table beside config_path: migrate",
    versions: ON1X,
    before: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n[${V2}.configs."a.lan".tls]\ninsecure_skip_verify = true\n`,
    },
    fix: "or set migrate: true, which does so",
    after: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n[${V2}.configs."a.lan".tls]\ninsecure_skip_verify = true\n`,
      asked: { migrate: true },
    },
  },
  {
    name: "mirrors in a version 2 file of 2.2.1: migrate",
    versions: ["2.2.1"],
    before: { config: `version = 2\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a.lan"]\n` },
    fix: "or set migrate: true",
    after: {
      config: `version = 2\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a.lan"]\n`,
      asked: { migrate: true },
    },
    notReal: "the matrix has 2.2.3, which is mended",
  },
  {
    name: "a list of directories that the daemon ignores",
    versions: ON2X,
    before: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}:/etc/docker/certs.d"\n`,
      hosts: { "/etc/docker/certs.d/other.lan/hosts.toml": 'server = "https://other.lan"\n' },
    },
    fix: `move all of it to ${CERTS} and set config_path = "${CERTS}"`,
    after: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n`,
      hosts: { [`${CERTS}/other.lan/hosts.toml`]: 'server = "https://other.lan"\n' },
    },
  },
  {
    name: "a relative config_path",
    versions: ALL,
    before: { config: `version = 2\n[${V2}]\nconfig_path = "certs.d"\n` },
    fix: `write the whole path, such as ${CERTS}`,
    after: { config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n` },
  },
  {
    name: "an array of tables",
    versions: ALL,
    before: { config: `version = 2\n[[${V2}]]\na = 1\n` },
    fix: "write a table",
    after: { config: `version = 2\n[${V2}]\n` },
  },
  {
    name: "a hosts.toml that leads elsewhere",
    versions: ALL,
    before: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n`,
      hosts: { [HOSTS]: '[host."https://other.lan"]\n' },
    },
    fix: "move the file away, or write in it",
    after: { config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n`, hosts: { [HOSTS]: OURS } },
  },
  {
    name: "certificates as Docker has them",
    versions: ALL,
    before: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n`,
      asked: {
        certificates: [`${CERTS}/a.lan/ca.crt`],
        mirrors: { "a.lan": ["https://a.lan"] },
      },
    },
    fix: `write in the settings {"url": "https://a.lan", "ca": "${CERTS}/a.lan/ca.crt"} among the endpoints of a.lan`,
    after: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n`,
      asked: {
        certificates: [`${CERTS}/a.lan/ca.crt`],
        mirrors: { "a.lan": [{ url: "https://a.lan", ca: `${CERTS}/a.lan/ca.crt` }] },
      },
    },
  },
  {
    name: "a byte more than TOML has: a key behind a header",
    versions: ON1X,
    before: { config: `version = 2\n[${V2}] config_path = "${CERTS}"\n` },
    fix: "put what stands behind the header on a line of its own",
    after: { config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n` },
  },
  {
    name: "an escape that TOML does not have",
    versions: ON1X,
    before: { config: `version = 2\n[${V2}]\nconfig_path = "\\/etc/containerd/certs.d"\n` },
    fix: "write / instead of \\/",
    after: { config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n` },
  },
  {
    name: "lines that end with CR",
    versions: ON1X,
    before: { config: `version = 2\r[${V2}]\rconfig_path = "${CERTS}"\r` },
    fix: "end every line with LF",
    after: { config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}"\n` },
  },
  {
    name: "TOML 1.1",
    versions: ALL,
    before: { config: 'version = 2\n[debug]\nlevel = "\\e"\n' },
    fix: "write it in TOML 1.0|write it as TOML 1.0 has it",
    after: { config: 'version = 2\n[debug]\nlevel = ""\n' },
  },
  {
    name: "certificates in the settings, and mirrors: migrate",
    versions: ALL,
    before: {
      config: `version = 2\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a.lan"]\n`,
      asked: { mirrors: { "b.lan": [{ url: "https://b.lan", skipVerify: true }] } },
    },
    fix: "set migrate: true, which moves mirrors to hosts.toml files",
    after: {
      config: `version = 2\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a.lan"]\n`,
      asked: { migrate: true, mirrors: { "b.lan": [{ url: "https://b.lan", skipVerify: true }] } },
    },
  },
  {
    name: "migrate: TLS settings that the settings do not say",
    versions: ON1X,
    before: {
      config: `version = 2\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://b.lan"]\n[${V2}.configs."b.lan".tls]\ninsecure_skip_verify = true\n`,
      asked: { migrate: true, mirrors: { "b.lan": ["https://b.lan"] } },
    },
    fix: 'write there {"url":"https://b.lan","skipVerify":true}, or take this table out',
    after: {
      config: `version = 2\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://b.lan"]\n[${V2}.configs."b.lan".tls]\ninsecure_skip_verify = true\n`,
      asked: { migrate: true, mirrors: { "b.lan": [{ url: "https://b.lan", skipVerify: true }] } },
    },
  },
  {
    name: "migrate: endpoints that the settings do not have",
    versions: ALL,
    before: {
      config: `version = 2\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://c.lan"]\n`,
      asked: { migrate: true, mirrors: { "b.lan": ["https://b.lan"] } },
    },
    fix: "add https://c.lan to the settings' mirrors of b.lan",
    after: {
      config: `version = 2\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://c.lan"]\n`,
      asked: { migrate: true, mirrors: { "b.lan": ["https://b.lan", "https://c.lan"] } },
    },
  },
  {
    name: "migrate: a setting that hosts.toml does not have",
    versions: ALL,
    before: {
      config: `version = 2\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://c.lan"]\nrewrite = "x"\n`,
      asked: { migrate: true },
    },
    fix: "move this entry by hand, or take it out",
    after: {
      config: `version = 2\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://c.lan"]\n`,
      asked: { migrate: true },
    },
  },
  {
    name: "migrate: an entry that is no registry",
    versions: ALL,
    before: {
      config: `version = 2\n[${V2}.mirrors."http://b.lan"]\nendpoint = ["https://c.lan"]\n`,
      asked: { migrate: true },
    },
    fix: "write HOST or HOST:PORT, or take this entry out",
    after: {
      config: `version = 2\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://c.lan"]\n`,
      asked: { migrate: true },
    },
  },
  {
    name: "migrate: hosts.toml files in the second directory of a list",
    versions: ALL,
    before: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}:/srv/certs.d"\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://c.lan"]\n`,
      hosts: { "/srv/certs.d/other.lan/hosts.toml": 'server = "https://other.lan"\n' },
      asked: { migrate: true },
    },
    fix: `move all of it to ${CERTS} first`,
    after: {
      config: `version = 2\n[${V2}]\nconfig_path = "${CERTS}:/srv/certs.d"\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://c.lan"]\n`,
      hosts: { [`${CERTS}/other.lan/hosts.toml`]: 'server = "https://other.lan"\n' },
      asked: { migrate: true },
    },
  },
  {
    name: "migrate: mirrors of an import",
    versions: ALL,
    before: {
      config: 'version = 2\nimports = ["/x.toml"]\n',
      asked: {
        migrate: true,
        dump: `version = 2\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://c.lan"]\n`,
      },
    },
    fix: "into this file first|move the CRI settings of /x.toml into config.toml",
    after: {
      config: `version = 2\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://c.lan"]\n`,
      asked: {
        migrate: true,
        dump: `version = 2\n[${V2}.mirrors."b.lan"]\nendpoint = ["https://c.lan"]\n`,
      },
    },
    notReal: IMPORT,
  },
  {
    name: "an import that switches CRI off",
    versions: ALL,
    before: {
      config: 'version = 2\nimports = ["/x.toml"]\n',
      asked: { dump: 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' },
    },
    fix: "take it out of disabled_plugins in /x.toml; then restart containerd",
    after: { config: 'version = 2\nimports = ["/x.toml"]\n', asked: { dump: "version = 2\n" } },
    notReal: IMPORT,
  },
  {
    name: "an import that says something else of the registry",
    versions: ALL,
    before: {
      config: `version = 2\nimports = ["/x.toml"]\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a.lan"]\n`,
      asked: { dump: `version = 2\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://b.lan"]\n` },
    },
    fix: "move the CRI settings of /x.toml into config.toml",
    after: {
      config: `version = 2\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://b.lan"]\n`,
      asked: { dump: `version = 2\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://b.lan"]\n` },
    },
    notReal: IMPORT,
  },
  {
    name: "an IPv6 registry on 1.6",
    versions: ["1.6.20"],
    before: {
      config: "version = 2\n",
      asked: { registry: { address: "[fd00::1]:5000", endpoints: ["http://[fd00::1]:5000"] } },
    },
    fix: "name the registry by a host name",
    after: {
      config: "version = 2\n",
      asked: { registry: { address: "registry.lan:5000", endpoints: ["http://[fd00::1]:5000"] } },
    },
    notReal: "the tests of an IPv6 registry try it",
  },
  {
    name: "settings: TLS on plain http",
    versions: ALL,
    before: {
      config: "version = 2\n",
      asked: {
        registry: {
          address: REGISTRY,
          endpoints: [{ url: `http://${REGISTRY}`, skipVerify: true }],
        },
      },
    },
    fix: "leave them out, or make it an https:// endpoint",
    after: { config: "version = 2\n" },
    notReal: SETTINGS,
  },
  {
    name: "settings: no URL",
    versions: ALL,
    before: { config: "version = 2\n", asked: { mirrors: { "a.lan": ["a.lan:5000"] } } },
    fix: "write it as http://HOST:PORT",
    after: { config: "version = 2\n", asked: { mirrors: { "a.lan": ["http://a.lan:5000"] } } },
    notReal: SETTINGS,
  },
  {
    name: "settings: credentials in a URL",
    versions: ALL,
    before: { config: "version = 2\n", asked: { mirrors: { "a.lan": ["http://me:pw@a.lan"] } } },
    fix: "use imagePullSecrets",
    after: { config: "version = 2\n", asked: { mirrors: { "a.lan": ["http://a.lan"] } } },
    notReal: SETTINGS,
  },
  {
    name: "settings: a query in a URL",
    versions: ALL,
    before: { config: "version = 2\n", asked: { mirrors: { "a.lan": ["http://a.lan?x"] } } },
    fix: "leave that part out",
    after: { config: "version = 2\n", asked: { mirrors: { "a.lan": ["http://a.lan"] } } },
    notReal: SETTINGS,
  },
  {
    name: "settings: an empty list",
    versions: ALL,
    before: { config: "version = 2\n", asked: { mirrors: { "a.lan": [] } } },
    fix: "name at least one URL, or leave the host out",
    after: { config: "version = 2\n" },
    notReal: SETTINGS,
  },
  {
    name: "settings: a mirror that is no host",
    versions: ALL,
    before: { config: "version = 2\n", asked: { mirrors: { "http://a.lan": ["http://a.lan"] } } },
    fix: "write HOST or HOST:PORT, without scheme and path",
    after: { config: "version = 2\n", asked: { mirrors: { "a.lan": ["http://a.lan"] } } },
    notReal: SETTINGS,
  },
  {
    name: "settings: two lists for any other host",
    versions: ALL,
    before: {
      config: "version = 2\n",
      asked: { mirrors: { "*": ["http://a.lan"], _default: ["http://b.lan"] } },
    },
    fix: "join the two into mirrors._default",
    after: {
      config: "version = 2\n",
      asked: { mirrors: { _default: ["http://a.lan", "http://b.lan"] } },
    },
    notReal: SETTINGS,
  },
  {
    name: "settings: the registry among its own mirrors",
    versions: ALL,
    before: { config: "version = 2\n", asked: { mirrors: { [REGISTRY]: ["http://a.lan"] } } },
    fix: "leave that entry out",
    after: { config: "version = 2\n" },
    notReal: SETTINGS,
  },
];

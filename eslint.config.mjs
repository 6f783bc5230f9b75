import tseslint from "typescript-eslint";
import { readdirSync } from "node:fs";
import importX from "eslint-plugin-import-x";

// Imports point one way, against the flow of the data: index -> components -> decision -> observation -> (settings, helper) -> ssh.
// patch stands at the bottom; engine and lab stand beside them, and plugin on the engine.
const zone = (target, from, message) => ({
  target: `./${target}`,
  from: from.map((f) => `./${f}`),
  message,
});

const FOLDERS = [
  "patch",
  "ssh",
  "settings",
  "helper",
  "observation",
  "decision",
  "components",
  "engine",
  "plugin",
  "lab",
  "oci",
  "cri",
  "kube",
  "registry",
  "ui",
  "images",
  "build-context",
  "check",
  "doctor",
  "report",
  "cli",
];
/** What is in ui/ beside the page, except what the page asks the server for. */
const UI_SERVER = readdirSync(new URL("ui", import.meta.url))
  .filter((name) => name !== "page" && name !== "page-info.ts")
  .map((name) => `ui/${name}`);
const without = (...allowed) => FOLDERS.filter((folder) => !allowed.includes(folder));

export default tseslint.config(
  {
    ignores: [
      "node_modules/",
      ".lab/",
      ".pulumi/",
      ".results/",
      "dist/",
      "test/fixtures/",
      "**/*.js",
      "**/*.mjs",
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { "import-x": importX },
    // no-cycle reads the modules themselves, so it has to know that they are TypeScript.
    settings: {
      "import-x/extensions": [".ts"],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
      "import-x/resolver": { node: { extensions: [".ts", ".js"] } },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowAny: false, allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": [
        "error",
        {
          zones: [
            zone("patch", without("patch"), "patch/ is pure: it imports nothing of the project"),
            zone("ssh", without("ssh"), "ssh/ stands at the bottom"),
            zone("settings", without("settings", "ssh"), "settings/ knows ssh/ only"),
            zone("helper", without("helper", "patch"), "helper/ knows patch/ only"),
            zone(
              "observation",
              without("observation", "settings", "helper", "ssh", "kube"),
              "observation/ reads hosts: it decides nothing",
            ),
            zone(
              "decision",
              without("decision", "observation", "settings", "helper", "patch", "registry", "ssh"),
              "decision/ says what is to be done: it declares nothing",
            ),
            zone(
              "components",
              without(
                "components",
                "decision",
                "observation",
                "report",
                "settings",
                "helper",
                "ssh",
                "kube",
                "oci",
                "images",
                "build-context",
                "ui",
              ),
              "components/ declare what was decided",
            ),
            zone(
              "engine",
              without("engine", "ssh", "kube", "build-context"),
              "engine/ runs any program: it knows ssh/, kube/ and build-context/ only",
            ),
            zone(
              "plugin",
              without("plugin", "engine"),
              "plugin/ serves the engine's providers to another engine",
            ),
            zone(
              "lab",
              without("lab", "ssh", "oci", "cri"),
              "lab/ makes hosts: it knows nothing of what runs on them",
            ),
            zone("oci", without("oci"), "oci/ builds and pushes images: it knows nothing of hosts"),
            zone(
              "cri",
              without("cri"),
              "cri/ speaks to container runtimes: it stands at the bottom",
            ),
            zone(
              "build-context",
              without("build-context"),
              "build-context/ reads the folder of an image: it stands at the bottom",
            ),
            zone("kube", without("kube"), "kube/ speaks to a cluster: it stands at the bottom"),
            zone(
              "registry",
              without("registry"),
              "registry/ reads a registry through its API, in a browser too: it stands at the bottom",
            ),
            zone(
              "ui",
              without("ui", "registry", "ssh"),
              "ui/ shows a registry: it knows no settings",
            ),
            zone(
              "ui/page",
              [...without("ui", "registry"), ...UI_SERVER],
              "ui/page/ runs in a browser: it knows the registry and page-info.ts only",
            ),
            zone(
              "check",
              without(
                "check",
                "decision",
                "observation",
                "settings",
                "helper",
                "ssh",
                "oci",
                "cri",
              ),
              "check/ looks and pulls: it declares nothing",
            ),
            zone(
              "doctor",
              without(
                "doctor",
                "check",
                "images",
                "decision",
                "observation",
                "settings",
                "helper",
                "patch",
                "ssh",
                "cri",
                "registry",
                "kube",
              ),
              "doctor/ reads hosts and the registry, and says what is wrong: it declares nothing",
            ),
            zone(
              "report",
              without("report", "images", "decision", "observation", "settings", "helper"),
              "report/ shows what was read: it reads nothing and declares nothing",
            ),
            zone(
              "images",
              without(
                "images",
                "decision",
                "observation",
                "settings",
                "helper",
                "ssh",
                "oci",
                "kube",
                "registry",
              ),
              "images/ reads and cleans the registry: it declares nothing",
            ),
            zone(
              "index.ts",
              ["engine", "plugin", "lab", "cli"],
              "the program must run under either engine",
            ),
          ],
        },
      ],
    },
  },
  {
    files: ["test/**"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
    },
  },
);

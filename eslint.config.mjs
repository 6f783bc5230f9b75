import tseslint from "typescript-eslint";
import importX from "eslint-plugin-import-x";

// Imports point one way: index -> components -> survey -> (hosts, patch, settings) -> ssh. Engine and lab stand beside them, and plugin on the engine.
const zone = (target, from, message) => ({
  target: `./${target}`,
  from: from.map((f) => `./${f}`),
  message,
});

const FOLDERS = [
  "patch",
  "ssh",
  "hosts",
  "settings",
  "survey",
  "components",
  "engine",
  "plugin",
  "lab",
  "oci",
  "cri",
  "check",
  "cli",
];
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
            zone("hosts", without("hosts", "patch", "ssh"), "hosts/ knows patch/ and ssh/ only"),
            zone("settings", without("settings", "ssh"), "settings/ knows ssh/ only"),
            zone(
              "survey",
              without("survey", "hosts", "patch", "settings", "ssh"),
              "survey/ looks: it declares nothing",
            ),
            zone(
              "components",
              without("components", "survey", "hosts", "settings", "ssh"),
              "components/ declare what survey/ found",
            ),
            zone(
              "engine",
              without("engine", "ssh"),
              "engine/ runs any program: it knows ssh/ only",
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
              "check",
              without("check", "survey", "hosts", "settings", "ssh", "oci", "cri"),
              "check/ looks and pulls: it declares nothing",
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

import tseslint from "typescript-eslint";
import importX from "eslint-plugin-import-x";

// Imports point one way: index -> components -> (hosts, patch) -> ssh. Engine and lab stand beside them.
const zone = (target, from, message) => ({
  target: `./${target}`,
  from: from.map((f) => `./${f}`),
  message,
});

export default tseslint.config(
  {
    ignores: [
      "node_modules/",
      ".lab/",
      ".pulumi/",
      ".results/",
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
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowAny: false, allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "import-x/no-restricted-paths": [
        "error",
        {
          zones: [
            zone(
              "patch",
              ["ssh", "hosts", "components", "settings", "engine", "lab", "cli"],
              "patch/ is pure: it imports nothing of the project",
            ),
            zone(
              "ssh",
              ["patch", "hosts", "components", "settings", "engine", "lab", "cli"],
              "ssh/ stands at the bottom",
            ),
            zone(
              "hosts",
              ["components", "settings", "engine", "lab", "cli"],
              "hosts/ knows patch/ and ssh/ only",
            ),
            zone("settings", ["components", "engine", "lab", "cli"], "settings/ is pure"),
            zone(
              "components",
              ["engine", "lab", "cli"],
              "components/ must run under either engine",
            ),
            zone(
              "engine",
              ["components", "settings", "hosts", "patch", "lab", "cli"],
              "engine/ runs any program: it knows ssh/ only",
            ),
            zone(
              "lab",
              ["components", "settings", "hosts", "patch", "engine", "cli"],
              "lab/ makes hosts: it knows nothing of what runs on them",
            ),
            zone("index.ts", ["engine", "lab", "cli"], "the program must run under either engine"),
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

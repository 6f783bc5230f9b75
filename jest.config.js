// Kinds of test, told by the end of the file's name: `*.test.ts` runs anywhere and in parallel; the others need root on Linux,
// real hosts, and the machine to themselves. `lab` is part of `npm test`; `fault` and `matrix` are the longer suites.
const shared = {
  rootDir: __dirname,
  testEnvironment: "node",
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022" }, module: { type: "commonjs" } }],
  },
  modulePathIgnorePatterns: ["<rootDir>/.lab/", "<rootDir>/.pulumi/"],
  setupFiles: ["<rootDir>/test/setup.ts"],
};

const onLabHosts = (kind) => ({
  ...shared,
  displayName: kind,
  testMatch: [`<rootDir>/test/**/*.${kind}.test.ts`],
  setupFilesAfterEnv: ["<rootDir>/test/lab-setup.ts"],
});

module.exports = {
  projects: [
    {
      ...shared,
      displayName: "unit",
      testMatch: ["<rootDir>/test/**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", "\\.(lab|fault|matrix)\\.test\\.ts$"],
    },
    onLabHosts("lab"),
    onLabHosts("fault"),
    onLabHosts("matrix"),
  ],
};

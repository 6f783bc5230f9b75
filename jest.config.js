// Kinds of test, told by the end of the file's name: `*.test.ts` runs anywhere and in parallel, as does `process`, which starts
// whole commands and programs and so takes longer; the others need root on Linux, real hosts, and the machine to themselves.
// `npm test` is the first and `lab`; `process`, `cluster`, `fault` and `matrix` are the longer suites; `pulumi` compares with the CLI,
// and `kubernetes` makes clusters of lab hosts.
const swc = ["@swc/jest", { jsc: { target: "es2022" }, module: { type: "commonjs" } }];
// ES modules, which jest cannot load as they are: the Kubernetes client and what it logs in with.
const esModules = "/node_modules/(@kubernetes/client-node|openid-client|oauth4webapi|jose)/";
const shared = {
  rootDir: __dirname,
  testEnvironment: "node",
  transform: { "^.+\\.ts$": swc, [`${esModules}.+\\.js$`]: swc },
  transformIgnorePatterns: [esModules.replace("(", "(?!(").replace(")/", ")/)")],
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/.lab/", "<rootDir>/.pulumi/"],
  setupFiles: ["<rootDir>/test/setup.ts"],
  globalSetup: "<rootDir>/test/prerequisites.ts",
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
      setupFilesAfterEnv: ["<rootDir>/test/patience.ts"],
      testMatch: ["<rootDir>/test/**/*.test.ts"],
      testPathIgnorePatterns: [
        "/node_modules/",
        "\\.(lab|process|cluster|fault|matrix|pulumi|kubernetes)\\.test\\.ts$",
      ],
    },
    {
      ...shared,
      displayName: "process",
      setupFilesAfterEnv: ["<rootDir>/test/patience.ts"],
      testMatch: ["<rootDir>/test/**/*.process.test.ts"],
    },
    {
      ...shared,
      displayName: "pulumi",
      setupFilesAfterEnv: ["<rootDir>/test/patience.ts"],
      testMatch: ["<rootDir>/test/**/*.pulumi.test.ts"],
    },
    onLabHosts("lab"),
    onLabHosts("cluster"),
    onLabHosts("fault"),
    onLabHosts("matrix"),
    onLabHosts("kubernetes"),
  ],
};

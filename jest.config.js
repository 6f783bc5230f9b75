// Two kinds of test: `unit` runs anywhere and in parallel; `lab` needs root on Linux, real hosts, and the machine to itself.
const shared = {
  rootDir: __dirname,
  testEnvironment: "node",
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022" }, module: { type: "commonjs" } }],
  },
  modulePathIgnorePatterns: ["<rootDir>/.lab/", "<rootDir>/.pulumi/"],
  setupFiles: ["<rootDir>/test/setup.ts"],
};

module.exports = {
  projects: [
    {
      ...shared,
      displayName: "unit",
      testMatch: ["<rootDir>/test/**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", "\\.lab\\.test\\.ts$", "\\.fault\\.test\\.ts$"],
    },
    {
      ...shared,
      displayName: "lab",
      testMatch: ["<rootDir>/test/**/*.lab.test.ts"],
      setupFilesAfterEnv: ["<rootDir>/test/lab-setup.ts"],
    },
    {
      ...shared,
      displayName: "fault",
      testMatch: ["<rootDir>/test/**/*.fault.test.ts"],
      setupFilesAfterEnv: ["<rootDir>/test/lab-setup.ts"],
    },
  ],
};

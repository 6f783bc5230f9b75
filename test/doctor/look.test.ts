import { isRegistry, parseLook, statusOf } from "../../doctor/look";

const output = (...lines: string[]) => ({
  stdout: ["a banner", "cluster-registry-look 1", "arch x86_64", ...lines, "end", ""].join("\n"),
  stderr: "",
});

test("a look has what the host printed, and nothing of what it did not", () => {
  expect(parseLook(output())).toEqual({
    arch: "amd64",
    plugins: [],
    log: [],
    moved: [],
    numbers: [],
    blocked: [],
    rules: [],
    answer: [],
    listens: [],
    images: [],
  });
  const look = parseLook(
    output(
      "plugin error io.containerd.grpc.v1.cri",
      "plugin-error invalid plugin config",
      "disk 1024 4096 /var/lib",
      "number 10.0.0.11",
      "answer HTTP/1.1 200 OK",
      "answer Docker-Distribution-Api-Version: registry/2.0",
    ),
  );
  expect(look.plugins).toEqual([{ state: "error", name: "io.containerd.grpc.v1.cri" }]);
  expect(look.pluginError).toBe("invalid plugin config");
  expect(look.disk).toEqual({ free: 1024, size: 4096, mount: "/var/lib" });
  expect([statusOf(look), isRegistry(look)]).toEqual([200, true]);
});

test("a file that does not come", () => {
  expect(parseLook(output("stuck /v2/web/blobs/x")).stuck).toBe("/v2/web/blobs/x");
});

test("without the end, the host's own words are the error", () => {
  expect(() => parseLook({ stdout: "", stderr: "sudo: a password is required\n" })).toThrow(
    "sudo: a password is required",
  );
});

import { FLAVOURS } from "../../../lab/image/flavours";
import { imageKey } from "../../../lab/image/image";
import { LESSON_DAEMON_JSON, lessonContainerdConfig } from "../../../lab/image/lesson-files";
import { pickMirror } from "../../../lab/image/mirror";
import { packagesIndex } from "../../../lab/image/package-folder";

describe("imageKey", () => {
  const key = imageKey("debian-12", "ca", ["script"]);

  test("names the flavour, and is the same for the same recipe", () => {
    expect(key).toMatch(/^debian-12-[0-9a-f]{12}$/);
    expect(imageKey("debian-12", "ca", ["script"])).toBe(key);
  });

  test("changes with the CA, the build's texts and the flavour", () => {
    const others = [
      imageKey("debian-12", "another ca", ["script"]),
      imageKey("debian-12", "ca", ["another script"]),
      imageKey("debian-13", "ca", ["script"]),
    ];
    expect(new Set([key, ...others]).size).toBe(4);
  });
});

test("no flavour has docker.io beforehand, and every flavour offers it", () => {
  for (const { packages, offered } of Object.values(FLAVOURS)) {
    expect(packages).not.toContain("docker.io");
    expect(offered).toContain("docker.io");
  }
});

describe("pickMirror", () => {
  const targets = [
    "http://packages.example/kubernetes bookworm main",
    "http://mirror.example/debian/ bookworm main",
    "http://mirror.example/debian bookworm-updates main",
  ];

  test("takes the machine's own source of the release", () => {
    expect(pickMirror(targets.slice(1).join("\n"), "bookworm")).toBe(
      "http://mirror.example/debian",
    );
  });

  test("takes Debian's own where the machine has none of that release", () => {
    expect(pickMirror(targets.join("\n"), "trixie")).toBe("http://deb.debian.org/debian");
    expect(pickMirror("", "bookworm")).toBe("http://deb.debian.org/debian");
  });
});

test("packagesIndex gives apt each file with its size and digest", () => {
  const hello = {
    control: "Package: hello\nVersion: 1\n",
    fileName: "hello_1_all.deb",
    bytes: Buffer.from("hi"),
  };
  expect(packagesIndex([hello, { ...hello, control: "Package: other" }])).toBe(
    [
      "Package: hello",
      "Version: 1",
      "Filename: ./hello_1_all.deb",
      "Size: 2",
      "SHA256: 8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
      "",
      "Package: other",
      "Filename: ./hello_1_all.deb",
      "Size: 2",
      "SHA256: 8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
      "",
    ].join("\n"),
  );
});

describe("the lesson's files before the change", () => {
  test("daemon.json has the mirrors and no insecure registry", () => {
    expect(JSON.parse(LESSON_DAEMON_JSON)).toEqual({
      "exec-opts": ["native.cgroupdriver=systemd"],
      "log-driver": "json-file",
      "storage-driver": "overlay2",
      "registry-mirrors": ["https://mirror.gcr.io", "https://docker-mirror.killer.sh"],
      mtu: 1454,
    });
  });

  const defaults = [
    "version = 2",
    "    disable_apparmor = false",
    "    restrict_oom_score_adj = false",
    "            SystemdCgroup = false",
    '      [plugins."io.containerd.grpc.v1.cri".registry.mirrors]',
    "",
    '    [plugins."io.containerd.grpc.v1.cri".x509_key_pair_streaming]',
    "",
  ].join("\n");

  test("config.toml is containerd's own default with docker.io's mirrors, and everything else of it", () => {
    expect(lessonContainerdConfig(defaults)).toBe(
      [
        "version = 2",
        "    disable_apparmor = true",
        "    restrict_oom_score_adj = true",
        "            SystemdCgroup = true",
        '      [plugins."io.containerd.grpc.v1.cri".registry.mirrors]',
        '        [plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]',
        '          endpoint = ["https://mirror.gcr.io", "https://docker-mirror.killer.sh", "https://registry-1.docker.io"]',
        "",
        '    [plugins."io.containerd.grpc.v1.cri".x509_key_pair_streaming]',
        "",
      ].join("\n"),
    );
  });

  test("version 3 has another table, and literal strings", () => {
    const version3 = [
      "version = 3",
      "    [plugins.'io.containerd.cri.v1.images'.registry]",
      "      config_path = ''",
      "",
      "    disable_apparmor = false",
      "    restrict_oom_score_adj = false",
      "            SystemdCgroup = false",
      "",
    ].join("\n");
    expect(lessonContainerdConfig(version3)).toBe(
      [
        "version = 3",
        "    [plugins.'io.containerd.cri.v1.images'.registry]",
        "      config_path = ''",
        "",
        "      [plugins.'io.containerd.cri.v1.images'.registry.mirrors]",
        "        [plugins.'io.containerd.cri.v1.images'.registry.mirrors.'docker.io']",
        "          endpoint = ['https://mirror.gcr.io', 'https://docker-mirror.killer.sh', 'https://registry-1.docker.io']",
        "",
        "    disable_apparmor = true",
        "    restrict_oom_score_adj = true",
        "            SystemdCgroup = true",
        "",
      ].join("\n"),
    );
  });

  test("a default that looks different is refused, not half edited", () => {
    expect(() => lessonContainerdConfig(defaults.replace("SystemdCgroup = false", ""))).toThrow(
      'containerd\'s default configuration: expected "SystemdCgroup = false" once, found it 0 times; ' +
        "this version of containerd needs its own edit in lab/image/lesson-files.ts",
    );
  });
});

import { imageNotes, type ImageReaders } from "../../components/image-notes";
import type { Listing, StoredTag } from "../../images/listing";
import type { Seen, Surveyed } from "../../observation/hosts";
import type { ObservedContainer } from "../../observation/observation";
import { parseSettings } from "../../settings/parse";
import { observation, service } from "../helper/observations";
import { listing } from "../images/listings";

const DAY = 24 * 60 * 60;
const RULES = [{ repositories: "**", keepDays: 30 }];
const CLUSTER = { file: "/kubeconfig" };
const settings = (more: Record<string, unknown> = {}, registry: Record<string, unknown> = {}) =>
  parseSettings({
    registry: { host: "cp", address: "10.0.0.1", ...registry },
    nodes: [{ name: "cp", address: "10.0.0.1", role: "master" }],
    ...more,
  });

const access = { name: "cp" } as Seen["access"];
const surveyed = (container: string | undefined = "registry") =>
  new Map<string, Surveyed>([
    [
      "cp",
      {
        access,
        observation: observation({
          docker: {
            version: "20.10.24",
            service: service({ unit: "docker.service" }),
            loginReachesSocket: true,
            containers: [{ name: container } as ObservedContainer],
          },
        }),
      },
    ],
  ]);

const tag = (repository: string, name: string, days: number): StoredTag => ({
  repository,
  name,
  digest: `sha256:${"a".repeat(64)}`,
  pushed: Date.now() / 1000 - days * DAY,
});

const readers = (found: Listing, uses: string[] = []): ImageReaders => ({
  list: () => Promise.resolve(found),
  inUse: () => Promise.resolve(uses.map((image) => ({ image, by: "Pod default/a" }))),
});
const NOTHING = { warnings: [], infos: [] };
const never: ImageReaders = {
  list: () => Promise.reject(new Error("was read")),
  inUse: () => Promise.reject(new Error("was read")),
};

test("nothing is read if no setting depends on the images, or no registry is there", async () => {
  expect(await imageNotes(settings(), surveyed(), CLUSTER, never)).toEqual(NOTHING);
  const rules = settings({ retention: RULES });
  expect(await imageNotes(rules, surveyed("other"), CLUSTER, never)).toEqual(NOTHING);
  const dead = new Map<string, Surveyed>([["cp", { access, error: new Error("no answer") }]]);
  expect(await imageNotes(rules, dead, CLUSTER, never)).toEqual(NOTHING);
});

test.each([
  ["3.0.0", true],
  ["3.0.0-rc.4", true],
  ["3.1.0", true],
  ["3.0.0+unknown", true],
  ["3.1.1+unknown", false],
  ["3.1.1", false],
  ["3.1.10", false],
  ["3.2.0", false],
  ["2.8.3", false],
  [undefined, false],
])(
  "with deletes off, distribution %s is a registry that deletes tags anyway: %s",
  async (version, warned) => {
    const off = settings({}, { deleteEnabled: false });
    const found = { ...listing(), version } as Listing;
    const { warnings, infos } = await imageNotes(off, surveyed(), undefined, readers(found));
    expect(infos).toEqual([]);
    expect(warnings).toEqual(
      warned
        ? [
            `cp: registry.deleteEnabled is false, but this registry (distribution ${version}) deletes tags all the same (CVE-2026-41888): ` +
              "set registry.image to an image of 3.1.1 or later",
          ]
        : [],
    );
  },
);

test("with deletes on, the version does not matter", async () => {
  const found = listing({ version: "3.0.0" });
  const rules = settings({ retention: RULES });
  expect(await imageNotes(rules, surveyed(), CLUSTER, readers(found))).toEqual(NOTHING);
});

describe("the setting retention", () => {
  const rules = settings({ retention: RULES });
  const old = ["1", "2", "3"].map((name) => tag("app/web", name, 40));

  test("names the tags that a clean-up removes, without those that the cluster uses", async () => {
    const found = listing({ tags: [...old, tag("app/web", "4", 1)] });
    const used = readers(found, ["10.0.0.1:5000/app/web:2"]);
    expect(await imageNotes(rules, surveyed(), CLUSTER, used)).toEqual({
      warnings: [],
      infos: ["cp: by the setting retention, `npm run gc` removes 2 tags: app/web:1, app/web:3"],
    });
  });

  test("names a rule that fits no repository", async () => {
    const typo = settings({ retention: [{ repositories: "ap/*", keepLast: 1 }] });
    const found = listing({ tags: old, repositories: ["app/web"] });
    expect(await imageNotes(typo, surveyed(), CLUSTER, readers(found))).toEqual({
      warnings: [],
      infos: ["cp: retention[0] (ap/*) fits no repository of the registry"],
    });
  });

  test("goes by the clock of the registry's host", async () => {
    const found = listing({ tags: old, now: Date.now() / 1000 - 20 * DAY });
    expect(await imageNotes(rules, surveyed(), CLUSTER, readers(found))).toEqual(NOTHING);
  });

  test("says that it does not know the cluster's images without a cluster, or if it does not answer", async () => {
    const found = listing({ tags: [old[0]!] });
    const infos = [
      "cp: by the setting retention, `npm run gc` removes 1 tag: app/web:1; it is not known whether Pods use one of them",
    ];
    expect(await imageNotes(rules, surveyed(), undefined, readers(found))).toEqual({
      warnings: [],
      infos,
    });
    const silent = { ...readers(found), inUse: never.inUse };
    expect(await imageNotes(rules, surveyed(), CLUSTER, silent)).toEqual({
      warnings: ["cp: it is not known what the cluster uses: was read"],
      infos,
    });
  });

  test("names ten tags, and counts the others", async () => {
    const tags = Array.from({ length: 12 }, (_, index) => tag("a", `v${index}`, 40));
    const { infos } = await imageNotes(rules, surveyed(), CLUSTER, readers(listing({ tags })));
    expect(infos).toEqual([
      "cp: by the setting retention, `npm run gc` removes 12 tags: a:v0, a:v1, a:v2, a:v3, a:v4, a:v5, a:v6, a:v7, a:v8, a:v9 and 2 more",
    ]);
  });

  test("says nothing if no tag goes", async () => {
    const found = listing({ tags: [tag("a", "1", 1)] });
    expect(await imageNotes(rules, surveyed(), CLUSTER, readers(found))).toEqual(NOTHING);
  });

  test("images that cannot be read are a warning, not an error", async () => {
    expect(await imageNotes(rules, surveyed(), CLUSTER, never)).toEqual({
      warnings: ["the images could not be read: was read"],
      infos: [],
    });
  });
});

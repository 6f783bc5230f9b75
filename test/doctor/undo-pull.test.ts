import { BY_RUNTIME, undoOf } from "../../doctor/undo-pull";
import { pull } from "../../doctor/runtime";
import { PREFIX } from "./facts";

const ID = `sha256:${"1".repeat(64)}`;
const OTHER_ID = `sha256:${"2".repeat(64)}`;
const DIGEST = `sha256:${"a".repeat(64)}`;

const image = (id: string, repoTags: string[], repoDigests: string[] = []) => ({
  id,
  repoTags,
  repoDigests,
  size: 1,
});
const [first, second, byDigest] = ["app:1.0", "app:1.1", `app@${DIGEST}`].map(
  (name) => `${PREFIX}/${name}`,
) as [string, string, string];

test("an image that is new on the node is removed by the runtime", () => {
  const other = image(OTHER_ID, [`${PREFIX}/other:1`]);
  expect(undoOf([other], image(ID, [first], [byDigest]))).toBe(BY_RUNTIME);
});

test("an image that the node had under another tag loses the new tag alone", () => {
  const had = image(ID, [first], [byDigest]);
  expect(undoOf([had], image(ID, [first, second], [byDigest]))).toBe(
    `ctr -n k8s.io images rm ${second}`,
  );
});

test("an image that the node had from another registry loses the new tag and the new digest", () => {
  const hub = ["docker.io/library/app:1.0", `docker.io/library/app@${DIGEST}`] as const;
  const had = image(ID, [hub[0]], [hub[1]]);
  expect(undoOf([had], image(ID, [hub[0], first], [hub[1], byDigest]))).toBe(
    `ctr -n k8s.io images rm ${first} ${byDigest}`,
  );
});

test("an image that the node had by another manifest is under its id as before", () => {
  const hub = [
    "docker.io/library/app:1.0",
    `docker.io/library/app@sha256:${"b".repeat(64)}`,
  ] as const;
  const had = image(ID, [hub[0]], [hub[1]]);
  expect(undoOf([had], image(ID, [hub[0], first], [hub[1], byDigest]))).toBe(
    `ctr -n k8s.io images tag --force ${hub[0]} ${ID} && ctr -n k8s.io images rm ${first} ${byDigest}`,
  );
});

test("a pull by digest adds a name too, and a pull of what the node has adds none", () => {
  const had = image(ID, [first], [`${PREFIX}/copy@${DIGEST}`]);
  expect(undoOf([had], image(ID, [first], [...had.repoDigests, byDigest]))).toBe(
    `ctr -n k8s.io images rm ${byDigest}`,
  );
  expect(undoOf([had], had)).toBeUndefined();
});

test("a tag that the pull has moved to a new image goes back to the image that had it", () => {
  const had = image(OTHER_ID, [first]);
  expect(undoOf([had], image(ID, [first], [byDigest]))).toBe(
    `ctr -n k8s.io images tag --force ${OTHER_ID} ${first} && ctr -n k8s.io images rm ${byDigest} ${ID}`,
  );
});

test("a pull removes nothing that it has not added, also if it fails", async () => {
  const had = image(ID, [first], [byDigest]);
  const ran: string[] = [];
  const runtime = {
    listImages: () => Promise.resolve([had]),
    pullImage: () => Promise.reject(new Error("connection refused")),
    imageStatus: () => Promise.resolve(had),
    removeImage: (name: string) => Promise.resolve(void ran.push(`removed ${name}`)),
  };
  const run = (command: string) => Promise.resolve(void ran.push(command));
  expect(await pull(runtime, first, run)).toBe("connection refused");
  expect(ran).toEqual([]);
  const more = image(ID, [first, second], [byDigest]);
  const well = {
    ...runtime,
    pullImage: () => Promise.resolve(ID),
    imageStatus: () => Promise.resolve(more),
  };
  expect(await pull(well, second, run)).toBeUndefined();
  expect(ran).toEqual([`if command -v ctr >/dev/null; then ctr -n k8s.io images rm ${second}; fi`]);
});

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refuseUnwritable } from "../../../images/backup/write-archive";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "archive-"));
  file = join(folder, "images.tar");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a file that can be written leaves nothing, and an earlier one stays as it is", () => {
  refuseUnwritable(file);
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(file, "earlier");
  refuseUnwritable(file);
  expect(readdirSync(folder)).toEqual(["images.tar"]);
  expect(readFileSync(file, "utf8")).toBe("earlier");
});

test("what another backup writes at this moment stays as it is", () => {
  writeFileSync(`${file}.partial`, "half");
  refuseUnwritable(file);
  expect(readFileSync(`${file}.partial`, "utf8")).toBe("half");
});

test("a folder is refused", () => {
  expect(() => refuseUnwritable(folder)).toThrow(
    `${folder} is a folder; name a file to write, such as ${folder}/images.tar`,
  );
});

test("a file in a folder that does not exist is refused, and the folder is named", () => {
  const missing = join(folder, "backups");
  expect(() => refuseUnwritable(join(missing, "images.tar"))).toThrow(
    `${missing}/images.tar cannot be written, because there is no folder ${missing}; create it, or choose another name`,
  );
  expect(existsSync(missing)).toBe(false);
});

test("a file in a file is refused", () => {
  writeFileSync(file, "");
  expect(() => refuseUnwritable(join(file, "images.tar"))).toThrow(
    `${file}/images.tar cannot be written, because there is no folder ${file}; create it, or choose another name`,
  );
});

test("a file whose partial file cannot be written is refused with the reason of the system", () => {
  mkdirSync(`${file}.partial`);
  expect(() => refuseUnwritable(file)).toThrow(
    `${file} cannot be written (EISDIR: illegal operation on a directory, open '${file}.partial'); choose another name, in a folder that you can write to`,
  );
  expect(existsSync(`${file}.partial`)).toBe(true);
});

import { compareTags } from "../../registry/tag-order";

test.each([
  [
    ["1.10", "1.9", "1.2"],
    ["1.2", "1.9", "1.10"],
  ],
  [
    ["v2", "v10", "v1.5"],
    ["v1.5", "v2", "v10"],
  ],
  [
    ["1.0.0", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0-alpha"],
    ["1.0.0-alpha", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0"],
  ],
  [
    ["1.0", "1.0.1", "1"],
    ["1", "1.0", "1.0.1"],
  ],
  [
    ["latest", "1.0", "edge"],
    ["edge", "latest", "1.0"],
  ],
  [
    ["20261128", "20261127-2", "20261127"],
    ["20261127-2", "20261127", "20261128"],
  ],
  [
    ["v1.0", "1.0"],
    ["1.0", "v1.0"],
  ],
])("versions %j are ordered as %j", (tags, ordered) => {
  expect([...tags].sort(compareTags)).toEqual(ordered);
  expect([...tags].reverse().sort(compareTags)).toEqual(ordered);
});

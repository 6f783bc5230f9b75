import { formatDuration, parseDuration } from "../../../../engine/providers/docker/duration";

test.each([
  ["0s", 0],
  ["500ms", 5e8],
  ["30s", 30e9],
  ["1m30s", 90e9],
  ["2h0m0s", 7200e9],
  ["1.5s", 15e8],
])("%s is %d ns, and back", (text, nanoseconds) => {
  expect(parseDuration("x", text)).toBe(nanoseconds);
  expect(formatDuration(nanoseconds)).toBe(text);
});

test.each(["soon", "5", "", "5s later"])("%j is refused", (text) => {
  expect(() => parseDuration("healthcheck.interval", text)).toThrow(
    'healthcheck.interval: expected a duration as "1m30s" or "500ms"',
  );
});

import { type Asked, cookieName, refusalOf, type Rules } from "../../ui/guard";

const RULES: Rules = { port: 8080, key: "0123456789abcdef", readOnly: false };
const COOKIE = `${cookieName(8080)}=${RULES.key}`;
const HOST = "127.0.0.1:8080";
const OWN = { host: HOST, origin: `http://${HOST}`, cookie: COOKIE };

const asked = (headers: Asked["headers"], change: Partial<Asked> = {}): Asked => ({
  method: "GET",
  path: "/v2/_catalog",
  headers,
  ...change,
});
const status = (request: Asked, rules = RULES) => refusalOf(request, rules)?.status;

test("the page's own requests are allowed, under both names of this machine", () => {
  expect(refusalOf(asked({ host: HOST, cookie: COOKIE }), RULES)).toBeUndefined();
  expect(refusalOf(asked({ host: "localhost:8080", cookie: COOKIE }), RULES)).toBeUndefined();
  expect(refusalOf(asked(OWN, { method: "DELETE" }), RULES)).toBeUndefined();
});

test("another site's name for 127.0.0.1 is refused, and so is another port's", () => {
  expect(refusalOf(asked({ host: "evil.example:8080", cookie: COOKIE }), RULES)).toEqual({
    status: 421,
    reason: "expected the Host 127.0.0.1:8080 or localhost:8080, found evil.example:8080",
  });
  expect(status(asked({ host: "127.0.0.1:9090", cookie: COOKIE }))).toBe(421);
  expect(status(asked({ cookie: COOKIE }))).toBe(421);
});

test("a request that can change something must come from the page itself", () => {
  const origins = [undefined, "null", "https://evil.example", "http://localhost:8080"];
  for (const origin of origins)
    for (const method of ["DELETE", "PUT", "POST"])
      expect(
        refusalOf(
          asked({ host: HOST, cookie: COOKIE, ...(origin && { origin }) }, { method }),
          RULES,
        ),
      ).toEqual({
        status: 403,
        reason: `expected the Origin http://127.0.0.1:8080, found ${origin ?? "none"}: only the page itself may send this request`,
      });
});

test("another site can link to the page, but cannot read the registry through it", () => {
  const site = { ...OWN, origin: undefined, "sec-fetch-site": "cross-site" };
  expect(status(asked({ ...site, "sec-fetch-mode": "no-cors" }))).toBe(403);
  expect(status(asked({ ...site, "sec-fetch-mode": "navigate" }))).toBe(403);
  expect(status(asked({ ...site, "sec-fetch-mode": "navigate" }, { path: "/" }))).toBeUndefined();
  expect(status(asked({ ...site, "sec-fetch-mode": "cors" }, { path: "/" }))).toBe(403);
});

test("another user of the machine does not have the key", () => {
  expect(status(asked({ host: HOST }))).toBe(401);
  expect(status(asked({ host: HOST, cookie: `${cookieName(8080)}=0123456789abcdeX` }))).toBe(401);
  expect(status(asked({ host: HOST, cookie: `${cookieName(9090)}=${RULES.key}` }))).toBe(401);
  expect(status(asked({ host: HOST, cookie: `a=b; ${COOKIE}; c=d` }))).toBeUndefined();
});

test("read-only refuses each method that can change something, and no other", () => {
  const rules = { ...RULES, readOnly: true };
  for (const method of ["DELETE", "PUT", "POST"])
    expect(refusalOf(asked(OWN, { method }), rules)).toEqual({
      status: 403,
      reason: "this page runs with --read-only, so it changes nothing",
    });
  for (const method of ["GET", "HEAD"])
    expect(refusalOf(asked(OWN, { method }), rules)).toBeUndefined();
  expect(status(asked(OWN, { method: "PATCH" }))).toBe(405);
});

import { imageHref, repositoryHref, routeOf } from "../../../ui/page/route";

test("an address names the registry, a repository or a tag", () => {
  expect(routeOf("")).toEqual({ view: "home" });
  expect(routeOf("#/")).toEqual({ view: "home" });
  expect(routeOf(repositoryHref("shop/web"))).toEqual({
    view: "repository",
    repository: "shop/web",
  });
  expect(routeOf(imageHref("shop/web", "1.0_b-2"))).toEqual({
    view: "image",
    repository: "shop/web",
    tag: "1.0_b-2",
  });
});

/** Every link of every built page leads to a page, and to an anchor that is there. */
import { expect, test } from "vitest"
import { brokenLinks, brokenLinksOf, pagesOf } from "./broken-links.ts"
import { BUILD, withSite } from "./browser.ts"

withSite("links", () => {
  test("inside the site lead somewhere", () => {
    expect(pagesOf(BUILD).length).toBeGreaterThan(5)
    expect(brokenLinks(BUILD, "/")).toEqual([])
  })

  test("a broken link, a missing anchor and a way out of the base path are found", () => {
    const page = `<a href="/nowhere/">1</a><a href="/#nothing">2</a><a href="/#here" id="here">3</a><a href="https://example.org/">4</a>`
    expect(brokenLinksOf(page, "index.html", BUILD, "/")).toEqual(["/nowhere/: no file", "/#nothing: no such anchor"])
    expect(brokenLinksOf(`<a href="/guides/">1</a>`, "index.html", BUILD, "/podwire/")).toEqual([
      "/guides/: outside of /podwire/",
    ])
  })
})

/** A notebook may come from anyone: what its outputs and texts hold is shown, and never run. */
import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { sanitizeFigure } from "../../site/notebook/figure.ts"
import { type NotebookPage, notebookPage } from "../../site/notebook/page.ts"
import { parseNotebook } from "../../src/notebook/ipynb.ts"
import { visitor, withChromium } from "./browser.ts"

/** Ways into a page; each would set `pwned`, leave the page, or ask another machine. */
const HOSTILE: Readonly<Record<string, string>> = {
  script: `<p>kept</p><script>pwned = 1</script>`,
  "script in svg": `<svg><script>pwned = 1</script><rect width="1" height="1"/></svg>`,
  "event handler": `<p onclick="pwned = 1" ONMOUSEOVER=pwned=1>kept</p>`,
  "load handler in svg": `<svg onload="pwned = 1"><g onfocus="pwned = 1" tabindex="0"></g></svg>`,
  "broken image": `<img src=x onerror="pwned = 1">`,
  "foreign object": `<svg><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src=x onerror="pwned = 1"></body></foreignObject></svg>`,
  "script address": `<a href="javascript:pwned = 1">x</a><svg><use href="javascript:pwned=1"/><a xlink:href="java&#9;script:pwned=1"><text>x</text></a></svg>`,
  "use from elsewhere": `<svg><use href="http://evil.test/x.svg#a"/><use xlink:href="data:image/svg+xml,<svg onload=pwned=1>"/></svg>`,
  "animated address": `<svg><a><animate attributeName="href" values="javascript:pwned=1"/><text>x</text></a><set attributeName="onload" to="pwned=1"/></svg>`,
  "import in a style sheet": `<style>@import "http://evil.test/a.css"; p { color: red }</style>`,
  "escaped import": `<style>@\\69mport "http://evil.test/a.css"</style>`,
  "address in a style sheet": `<style>body { background: url(http://evil.test/a.png) }</style>`,
  "image set": `<div style="background: image-set('http://evil.test/a.png' 1x)">kept</div>`,
  "font from elsewhere": `<style>@font-face { font-family: x; src: url("http://evil.test/f.woff2") } p { font-family: x }</style>`,
  "cover over the page": `<div style="position: fixed; inset: 0">kept</div>`,
  "markup in a style sheet of svg": `<svg><style><img src=x onerror="pwned = 1"></style></svg>`,
  "end of a style sheet in its comment": `<style>/* </style><img src=x onerror="pwned = 1"> */</style>`,
  "markup in a title": `<svg><title><img src=x onerror="pwned = 1"></title></svg>`,
  "escaped markup": `<p>&lt;img src=x onerror="pwned = 1"&gt;</p>`,
  "markup in an attribute": `<p title="&quot;&gt;&lt;img src=x onerror=pwned=1&gt;">kept</p>`,
  "markup as an attribute's name": `<p x"><img/src=x/onerror=pwned=1>="1">kept</p>`,
  "section of characters": `<svg><![CDATA[<img src=x onerror="pwned = 1">]]></svg>`,
  comment: `<!--><img src=x onerror="pwned = 1">-->`,
  "no script": `<noscript><p title="</noscript><img src=x onerror=pwned=1>"></noscript>`,
  "frame, object, form": `<iframe srcdoc="<script>parent.pwned=1</script>"></iframe><object data="javascript:pwned=1"></object><embed src="x"><form action="http://evil.test"><button>x</button></form><meta http-equiv="refresh" content="0;url=http://evil.test"><base href="http://evil.test/"><link rel="stylesheet" href="http://evil.test/a.css">`,
  "math that mutates": `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=pwned=1&gt;">`,
  "unclosed element": `<svg><p><style><g title="</style><img src=x onerror=pwned=1>">`,
  template: `<template><img src=x onerror="pwned = 1"></template>`,
}

const ALLOWED_TAGS = /^(svg|g|rect|use|title|style|text|p|div|span|table|pre|b|i|br)$/

describe("hostile outputs", () => {
  for (const [name, html] of Object.entries(HOSTILE))
    test(name, () => {
      const safe = sanitizeFigure(html)
      for (const [, tag] of safe.matchAll(/<\/?([a-zA-Z!][^\s>/]*)/g)) expect(tag).toMatch(ALLOWED_TAGS)
      // What stands in quotes is a value, whatever it looks like.
      const names = safe.replace(/"[^"]*"/g, '""')
      expect(names).not.toMatch(/<[^>]*\s(on\w+|srcdoc|src|action|data)\s*=/i)
      expect(safe).not.toMatch(/="[^"]*(javascript:|evil\.test|position)/i)
      expect(safe).not.toMatch(/@import|@font-face|url\(\s*['"]?h/i)
      if (html.includes("kept")) expect(safe).toContain("kept")
    })

  test("cleaning twice is cleaning once", () => {
    for (const html of Object.values(HOSTILE)) expect(sanitizeFigure(sanitizeFigure(html))).toBe(sanitizeFigure(html))
  })

  test("a figure keeps what it needs", () => {
    const figure =
      `<svg viewBox="0 0 10 10" role="img" aria-label="a &lt;b&gt;"><title>a &lt;b&gt;</title><style>.a>.b{fill:var(--x,#123);mask:url(#m)}</style>` +
      `<defs><linearGradient id="g"><stop offset="0" stop-color="red"></stop></linearGradient></defs>` +
      `<g class="a" transform="translate(1 2)"><path class="b" d="M0 0L1 1" fill="url(#g)" stroke-dasharray="2 4"></path><use href="#g"></use></g></svg>`
    const lower = (text: string): string => text.toLowerCase()
    // Parsers of HTML give SVG's elements their case back.
    expect(lower(sanitizeFigure(figure))).toBe(lower(figure))
    const table = `<table><tbody><tr><th scope="row">a</th><td colspan="2">1 &amp; 2<br>3</td></tr></tbody></table>`
    expect(sanitizeFigure(table)).toBe(table)
  })

  test("a name on a group of strokes is dropped, a picture with a name is a picture", () => {
    expect(sanitizeFigure(`<svg aria-label="chart"><g aria-label="dot"></g></svg>`)).toBe(
      `<svg aria-label="chart" role="img"><g></g></svg>`,
    )
  })
})

describe("a hostile notebook", () => {
  test("text cells lose their markup, code and plain output are text", () => {
    const page = hostilePage()
    const prose = JSON.stringify(page.cells.filter((cell) => cell.kind === "prose"))
    expect(prose).not.toMatch(/<script|<img|onerror=\\?"|javascript:/)
    expect(prose).toContain("kept")
    const [code] = page.cells.filter((cell) => cell.kind === "code")
    expect(code?.outputs[0]).toEqual({ kind: "text", text: "<script>pwned=1</script>", tone: "plain" })
  })

  test("headings of the same name, or of a cell's, get addresses of their own", () => {
    expect(hostilePage().headings.map(({ slug }) => slug)).toEqual(["again", "again-1", "hostile-1"])
  })

  test("an image must be an image", () => {
    const data = { "image/png": `x" onerror="pwned=1`, "text/plain": "instead" }
    const page = pageOf([{ cell_type: "code", id: "a", source: "", outputs: [{ output_type: "display_data", data }] }])
    expect(page.cells[0]).toMatchObject({ outputs: [{ kind: "text", text: "instead" }] })
  })
})

withChromium("hostile outputs in a browser", () => {
  const site = visitor()
  test("run nothing and ask nobody", async () => {
    const page = await site.blank()
    const asked = await load(page, Object.values(HOSTILE).map(sanitizeFigure).join("<hr>"))
    expect(asked).toEqual([])
    expect(await page.evaluate(() => "pwned" in window)).toBe(false)
    await page.context().close()
  })

  test("would, if nobody cleaned them", async () => {
    const page = await site.blank()
    const some = ["script", "event handler", "address in a style sheet", "broken image"].map((name) => HOSTILE[name])
    const asked = await load(page, some.join("<hr>"))
    await expect.poll(() => asked).toContain("http://evil.test/a.png")
    await expect.poll(() => page.evaluate(() => "pwned" in window)).toBe(true)
    await page.context().close()
  })

  /** Shows a body in a page of its own; every request to elsewhere is stopped and told. */
  async function load(page: Page, body: string): Promise<string[]> {
    const asked: string[] = []
    await page.route("**/*", (route) => {
      if (route.request().isNavigationRequest() && route.request().url().endsWith("/hostile"))
        return route.fulfill({ contentType: "text/html", body: `<!doctype html><meta charset="utf-8"><body>${body}` })
      asked.push(route.request().url())
      return route.abort()
    })
    await page.goto(`${site.origin}/hostile`)
    await page.mouse.move(20, 20)
    // What it does by itself it has done when it is painted and has nothing left to do.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestIdleCallback(done))))
    await page.waitForLoadState("networkidle")
    return asked
  }
})

const hostilePage = (): NotebookPage =>
  pageOf([
    {
      cell_type: "markdown",
      id: "a",
      source: `## Again\n\n## Again\n\n## Hostile\n\nkept <script>pwned=1</script> <img src=x onerror="pwned=1"> [x](javascript:pwned=1)`,
    },
    {
      cell_type: "code",
      id: "hostile",
      source: "1",
      outputs: [{ output_type: "stream", name: "stdout", text: "<script>pwned=1</script>" }],
    },
  ])

const pageOf = (cells: object[]): NotebookPage =>
  notebookPage(parseNotebook(JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells })))

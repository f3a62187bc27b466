/** How pages show elsewhere: their title, their words and a picture; and what crawlers are told. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseHTML } from "linkedom"
import sharp from "sharp"
import { describe, expect, test } from "vitest"
import { cardSvg } from "../../site/cards/card.ts"
import { BUILD, sitePaths, withSite } from "./browser.ts"

const pages = sitePaths().filter((path) => path.endsWith("/"))

withSite("a link to a page", () => {
  test.each(pages)("%s brings its title, its words and a picture of 1200 by 630", async (path) => {
    const { document } = parseHTML(readFileSync(join(BUILD, path, "index.html"), "utf8"))
    const contents = (name: string): (string | null)[] =>
      [...document.querySelectorAll(`meta[property="${name}"], meta[name="${name}"]`)].map((meta) =>
        meta.getAttribute("content"),
      )
    for (const name of [
      "og:title",
      "og:description",
      "og:url",
      "og:image",
      "og:image:alt",
      "twitter:card",
      "twitter:image",
    ]) {
      expect(contents(name).length, name).toBe(1)
      expect(contents(name)[0]?.length, name).toBeGreaterThan(2)
    }
    expect(contents("twitter:card")).toEqual(["summary_large_image"])
    const [address = ""] = contents("og:image")
    expect(contents("twitter:image")).toEqual([address])
    const id = /^(?:\/\w\w)?\/tutorials\/([^/]+)\/$/.exec(path)?.[1] ?? "site"
    expect(new URL(address as string).pathname).toBe(`/og/${id}.png`)
    const { format, width, height, size } = await picture(readFileSync(join(BUILD, `og/${id}.png`)))
    expect({ format, width, height }).toEqual({ format: "png", width: 1200, height: 630 })
    expect(size).toBeLessThan(150_000)
  })

  test("pictures show a title on the left, and something on the right", async () => {
    const file = join(BUILD, "og/01-a-packet-between-pods.png")
    for (const [left, top] of [
      [64, 140],
      [640, 150],
    ] as const) {
      const { channels } = await sharp(
        await sharp(file).extract({ left, top, width: 440, height: 160 }).png().toBuffer(),
      ).stats()
      expect(Math.max(...channels.map(({ stdev }) => stdev))).toBeGreaterThan(5)
    }
  })

  test("crawlers are told where the pages are", () => {
    const robots = readFileSync(join(BUILD, "robots.txt"), "utf8")
    const sitemap = /^Sitemap: (\S+)$/m.exec(robots)?.[1] ?? ""
    expect(existsSync(join(BUILD, new URL(sitemap).pathname))).toBe(true)
    expect(pages.length).toBeGreaterThan(20)
    for (const path of pages) expect(existsSync(join(BUILD, path, "index.html")), path).toBe(true)
  })
})

const picture = async (file: Buffer) => ({ ...(await sharp(file).metadata()), size: file.length })

describe("a page's picture", () => {
  const notebook = (...cells: object[]): string =>
    JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells })
  const code = (id: string, data: object) => ({
    cell_type: "code",
    id,
    source: "",
    outputs: [{ output_type: "display_data", data }],
  })
  const figure = (box: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" class="pwf" viewBox="${box}"><style>a{}</style><rect id="${box}"/></svg>`

  test("shows the first figure that is neither a ribbon nor a tower, without its style sheet", () => {
    const svg = cardSvg({
      title: "A & B",
      text: "words",
      notebook: notebook(
        code("tower", { "text/html": figure("0 0 100 900") }),
        code("fits", { "text/html": figure("0 0 300 200") }),
      ),
    })
    expect(svg).toContain('<rect id="0 0 300 200"/>')
    expect(svg).not.toContain("900")
    expect(svg).not.toContain("a{}")
    expect(svg).toContain("A &amp; B")
  })

  test("wraps words, and letters that have no spaces; long texts end with an ellipsis", () => {
    const lines = (title: string): string[] =>
      [
        ...cardSvg({
          title,
          text: "word ".repeat(200),
          notebook: notebook(code("a", { "text/html": figure("0 0 3 2") })),
        }).matchAll(/font-size="(58|24)"[^>]*>([^<]*)</g),
      ].map(([, , text = ""]) => text)
    expect(lines("From Flannel to Cilium").slice(0, 2)).toEqual(["From Flannel to", "Cilium"])
    expect(lines("パケットの旅は続くよどこまでも").slice(0, 3)).toEqual(["パケットの旅は", "続くよどこまで", "も"])
    expect(lines("a").at(-1)).toMatch(/word …$/)
  })

  test("is a text where there is no figure, and nothing is an error", () => {
    const stream = {
      cell_type: "code",
      id: "a",
      source: "",
      outputs: [{ output_type: "stream", name: "stdout", text: "1 <a>\n2\n3\n4\n5\n" }],
    }
    expect(cardSvg({ title: "t", text: "", notebook: notebook(stream) })).toContain(">1 &lt;a&gt;</text>")
    expect(() => cardSvg({ title: "t", text: "", notebook: notebook() })).toThrow("without a figure or a text")
  })
})

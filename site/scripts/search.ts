/** The search box: opens by its button or Ctrl-K, loads Pagefind when it is first used. */
import { say } from "../i18n/strings.ts"

interface Passage {
  url: string
  title: string
  excerpt: string
}
interface Pagefind {
  options(options: { baseUrl: string; excerptLength: number }): Promise<void>
  init(): Promise<void>
  /** Null when another search came after it. */
  debouncedSearch(
    text: string,
    options?: object,
    milliseconds?: number,
  ): Promise<{
    results: { data(): Promise<{ meta: { title: string }; sub_results: Passage[] }> }[]
  } | null>
}

const PAGES = 6
const PASSAGES_A_PAGE = 3

class SearchBox extends HTMLElement {
  #pagefind: Promise<Pagefind> | undefined
  #last = ""

  connectedCallback(): void {
    const button = this.querySelector("button")!
    const input = this.querySelector("input")!
    button.hidden = false
    button.addEventListener("click", () => this.#open())
    input.addEventListener("input", () => void this.#search(input.value.trim()))
    // Enter goes to the first result, it does not close the box.
    this.querySelector("form")!.addEventListener("submit", (event) => {
      if (event.submitter instanceof HTMLButtonElement && document.activeElement !== input) return
      event.preventDefault()
      this.querySelector<HTMLAnchorElement>("ol a")?.click()
    })
    this.querySelector("ol")!.addEventListener("click", () => this.#dialog.close())
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close()
    })
    window.addEventListener("keydown", (event) => {
      if (!(event.metaKey || event.ctrlKey) || event.key !== "k") return
      event.preventDefault()
      this.#open()
    })
  }

  get #dialog(): HTMLDialogElement {
    return this.querySelector("dialog")!
  }

  #open(): void {
    if (this.#dialog.open) return
    this.#dialog.showModal()
    this.querySelector("input")!.select()
    void this.#load().catch(() => this.#say(say("search.unavailable")))
  }

  #load(): Promise<Pagefind> {
    const base = this.dataset["base"] ?? "/"
    this.#pagefind ??= (async () => {
      const pagefind: Pagefind = await import(/* @vite-ignore */ `${base}pagefind/pagefind.js`)
      await pagefind.options({ baseUrl: base, excerptLength: 24 })
      await pagefind.init()
      return pagefind
    })()
    return this.#pagefind
  }

  async #search(text: string): Promise<void> {
    this.#last = text
    if (text === "") return this.#show([], "")
    const found = await (await this.#load()).debouncedSearch(text, {}, 120)
    if (found === null) return
    const pages = await Promise.all(found.results.slice(0, PAGES).map((result) => result.data()))
    if (this.#last !== text) return
    const passages = pages.flatMap(({ meta, sub_results }) =>
      sub_results.slice(0, PASSAGES_A_PAGE).map((passage) => ({
        ...passage,
        title: passage.title === meta.title ? meta.title : `${meta.title}: ${passage.title}`,
      })),
    )
    const count = passages.length
    this.#show(
      passages,
      count === 0 ? say("search.nothing", { text }) : count === 1 ? say("search.one") : say("search.many", { count }),
    )
  }

  #show(passages: readonly Passage[], status: string): void {
    this.#say(status)
    this.querySelector("ol")!.replaceChildren(...passages.map(entry))
  }

  #say(status: string): void {
    this.querySelector("[role=status]")!.textContent = status
  }
}

function entry({ url, title, excerpt }: Passage): HTMLLIElement {
  const link = document.createElement("a")
  link.href = url
  const name = document.createElement("strong")
  name.textContent = title
  const text = document.createElement("span")
  // Pagefind marks what matched with <mark>; everything else of it is text.
  for (const [index, part] of excerpt.split(/<\/?mark>/).entries()) {
    const plain = unescaped(part)
    if (index % 2 === 0) text.append(plain)
    else text.appendChild(document.createElement("mark")).textContent = plain
  }
  link.append(name, text)
  const item = document.createElement("li")
  item.append(link)
  return item
}

/** A textarea's content is text, whatever is in it. */
function unescaped(html: string): string {
  const area = document.createElement("textarea")
  area.innerHTML = html
  return area.value
}

export const defineSearch = (): void => customElements.define("pw-search", SearchBox)

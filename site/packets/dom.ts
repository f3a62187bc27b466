/** Elements in one expression. Text is text: nothing is read as markup. */
type Child = Node | string | undefined

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> & { readonly data?: Readonly<Record<string, string>> } = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  const { data = {}, ...rest } = properties
  Object.assign(element, rest)
  Object.assign(element.dataset, data)
  element.append(...children.filter((child) => child !== undefined))
  return element
}

export const button = (
  text: string,
  press: () => void,
  properties: Partial<HTMLButtonElement> = {},
): HTMLButtonElement => {
  const element = make("button", { type: "button", ...properties }, text)
  element.addEventListener("click", press)
  return element
}

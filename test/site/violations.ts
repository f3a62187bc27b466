/** What axe has against a page. */
import AxeBuilder from "@axe-core/playwright"
import type { Page } from "playwright-core"

export async function violations(page: Page): Promise<string[][]> {
  const found = await new AxeBuilder({ page }).analyze()
  return found.violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 5).map(({ html }) => html)])
}

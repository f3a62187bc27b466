/** What axe has against a page. */
import AxeBuilder from "@axe-core/playwright"
import type { Page } from "playwright-core"

/** `rules`: only these; all when absent. */
export async function violations(page: Page, rules?: string[]): Promise<string[][]> {
  const axe = new AxeBuilder({ page })
  const found = await (rules === undefined ? axe : axe.withRules(rules)).analyze()
  return found.violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 5).map(({ html }) => html)])
}

/** The tables of a namespace. */
import type { NetNamespace } from "../../netns.ts"
import { netfilterOf } from "../netfilter.ts"
import { TABLES, XtTable } from "./table.ts"

/** The table of that name, `undefined` when there is no such table. */
export function xtTable(net: NetNamespace, name: string): XtTable | undefined {
  return xtTables(net).find((table) => table.name === name)
}

/** All of them, in the order in which iptables-save writes them. */
export function xtTables(net: NetNamespace): readonly XtTable[] {
  const state = netfilterOf(net)
  return (state.tables ??= TABLES.map((spec) => new XtTable(spec)))
}

/** The law of imports: what each room of src/ may import. Its own files are always allowed; types count. */
import type { IForbiddenRuleType } from "dependency-cruiser"

export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  sim: [],
  linux: ["wire", "sim"],
  capture: ["wire"],
  view: ["capture", "wire"],
  shell: ["linux", "sim", "wire"],
  policy: ["kube"],
  kube: ["shell", "linux", "sim", "wire"],
  cni: ["policy", "kube", "shell", "linux", "wire", "sim"],
  tools: ["kube", "shell", "linux", "capture", "wire", "sim"],
  images: ["tools", "shell", "linux", "kube", "sim", "wire"],
  cluster: ["images", "tools", "cni", "policy", "kube", "shell", "view", "capture", "linux", "wire", "sim"],
  notebook: [],
  node: ["index", "notebook"],
  vitest: ["index"],
}

/** Packages a room may use: the core's few, and Node's own modules in node/ alone. */
const CORE_PACKAGES = "^node_modules/(yaml|re2js|pure-rand|kubernetes-types)/"

/** Two rooms are files. */
const path = (root: string, room: string): string =>
  room === "index" || room === "vitest" ? `^${root}/${room}\\.ts$` : `^${root}/${room}/`

/** dependency-cruiser rules for the tree below `root` ("src", or a fixture's folder). */
export function layerRules(root: string): IForbiddenRuleType[] {
  const rules: IForbiddenRuleType[] = Object.entries(ROOMS).map(([room, allowed]) => ({
    name: `${room}-imports-only-${["itself", ...allowed].join("-")}`,
    severity: "error",
    from: { path: path(root, room) },
    // The releases imitated are everybody's to name, and so is the calendar.
    to: {
      path: `^${root}/`,
      pathNot: [...[room, ...allowed].map((other) => path(root, other)), `^${root}/(versions|calendar)\\.ts$`],
    },
  }))
  rules.push(
    {
      name: "node-modules-only-in-node",
      severity: "error",
      from: { path: `^${root}/`, pathNot: `^${root}/node/` },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "core-packages-only",
      severity: "error",
      from: { path: `^${root}/`, pathNot: `^${root}/(node/|vitest\\.ts$)` },
      to: { path: "^node_modules/", pathNot: CORE_PACKAGES },
    },
    {
      name: "no-run-time-cycles",
      severity: "error",
      from: { path: `^${root}/` },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
  )
  return rules
}

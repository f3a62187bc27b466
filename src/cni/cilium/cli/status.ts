/** What `cilium status` collects and how it prints it. Models CLI:status/status.go. */
import { tabwriter } from "../../../shell/tabwriter.ts"

const Color = {
  red: "\u001b[31m",
  yellow: "\u001b[33m",
  blue: "\u001b[34m",
  green: "\u001b[32m",
  magenta: "\u001b[35m",
  cyan: "\u001b[36m",
  reset: "\u001b[0m",
} as const

export interface PodState {
  readonly type: "Deployment" | "DaemonSet"
  readonly desired: number
  readonly ready: number
  readonly available: number
  readonly unavailable: number
}

interface Complaints {
  readonly errors: string[]
  readonly warnings: string[]
  disabled: boolean
}

type Counts = Map<string, number>

export class Status {
  readonly images: Map<string, Counts> = new Map()
  readonly phases: Map<string, Counts> = new Map()
  readonly podStates: Map<string, PodState> = new Map()
  readonly pods: { all: number; byCilium: number } = { all: 0, byCilium: 0 }
  readonly configErrors: string[] = []
  /** Said after the table. */
  readonly collectionErrors: string[] = []
  helmVersion = ""
  readonly #complaints = new Map<string, Map<string, Complaints>>()

  #of(deployment: string, pod: string): Complaints {
    let pods = this.#complaints.get(deployment)
    if (pods === undefined) this.#complaints.set(deployment, (pods = new Map()))
    let found = pods.get(pod)
    if (found === undefined) pods.set(pod, (found = { errors: [], warnings: [], disabled: false }))
    return found
  }

  error(deployment: string, pod: string, text: string): void {
    this.#of(deployment, pod).errors.push(text)
  }

  warning(deployment: string, pod: string, text: string): void {
    this.#of(deployment, pod).warnings.push(text)
  }

  setDisabled(deployment: string, disabled: boolean): void {
    this.#of(deployment, deployment).disabled = disabled
  }

  #total(kind: "errors" | "warnings"): number {
    return [...this.#complaints.values()].reduce(
      (sum, pods) => sum + [...pods.values()].reduce((inner, one) => inner + one[kind].length, 0),
      0,
    )
  }

  isReady(ignoreWarnings: boolean): boolean {
    return this.#total("errors") === 0 && (ignoreWarnings || this.#total("warnings") === 0)
  }

  #summary(name: string): string {
    const all = [...(this.#complaints.get(name)?.values() ?? [])]
    const errors = all.reduce((sum, one) => sum + one.errors.length, 0)
    const warnings = all.reduce((sum, one) => sum + one.warnings.length, 0)
    const words = [
      ...(errors > 0 ? [`${Color.red}${errors} errors${Color.reset}`] : []),
      ...(warnings > 0 ? [`${Color.yellow}${warnings} warnings${Color.reset}`] : []),
      ...(all.some(({ disabled }) => disabled) ? [`${Color.cyan}disabled${Color.reset}`] : []),
    ]
    return words.length > 0 ? words.join(", ") : `${Color.green}OK${Color.reset}`
  }

  format(): string {
    const { cyan, yellow, green, red, magenta, blue, reset } = Color
    const envoy = this.#summary("cilium-envoy").replace("disabled", "disabled (using embedded mode)")
    const lines = [
      `${yellow}    /¯¯\\`,
      `${cyan} /¯¯${yellow}\\__/${green}¯¯\\${reset}\tCilium:\t${this.#summary("cilium")}`,
      `${cyan} \\__${red}/¯¯\\${green}__/${reset}\tOperator:\t${this.#summary("cilium-operator")}`,
      `${green} /¯¯${red}\\__/${magenta}¯¯\\${reset}\tEnvoy DaemonSet:\t${envoy}`,
      `${green} \\__${blue}/¯¯\\${magenta}__/${reset}\tHubble Relay:\t${this.#summary("hubble-relay")}`,
      `${blue}${blue}${blue}    \\__/${reset}\tClusterMesh:\t${this.#summary("clustermesh-apiserver")}`,
      "",
      ...sorted(this.podStates).map(([name, state]) => `${state.type}\t${name}\t${formatState(state)}`),
      ...headed("Containers:", sorted(this.phases), ([name, counts]) => `\t${name}\t${formatPhases(counts)}`),
      `Cluster Pods:\t${this.pods.byCilium}/${this.pods.all} managed by Cilium`,
      `Helm chart version:\t${this.helmVersion}`,
      ...headed("Image versions", this.#imageRows(), ([name, image, count]) => `\t${name}\t${image}: ${count}`),
      ...headed("Errors:", this.#rows("errors"), (row) => `\t${row.join("\t")}`),
      ...headed("Warnings:", this.#rows("warnings"), (row) => `\t${row.join("\t")}`),
      ...headed(
        "Configuration:",
        this.configErrors.flatMap((text) => text.split("\n")),
        (text) => `\t \t${text}`,
      ),
      "",
    ]
    return tabwriter(lines.join("\n"), 4)
  }

  #imageRows(): [string, string, number][] {
    return sorted(this.images).flatMap(([name, counts]) =>
      sorted(counts).map(([image, count]): [string, string, number] => [name, image, count]),
    )
  }

  #rows(kind: "errors" | "warnings"): [string, string, string][] {
    return sorted(this.#complaints).flatMap(([deployment, pods]) =>
      sorted(pods).flatMap(([pod, one]) => one[kind].map((text): [string, string, string] => [deployment, pod, text])),
    )
  }
}

/** The first row has the header before it, the others nothing. */
const headed = <T>(header: string, rows: readonly T[], row: (value: T) => string): string[] =>
  rows.map((value, i) => `${i === 0 ? header : ""}${row(value)}`)

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

function formatPhases(counts: Counts): string {
  return [...counts]
    .map(([phase, count]) => {
      const color = phase === "Failed" || phase === "Unknown" ? Color.red : Color.green
      return `${phase}: ${color}${count}${Color.reset}`
    })
    .join(", ")
}

function formatState({ desired, ready, available, unavailable }: PodState): string {
  const color = ready < desired ? Color.yellow : Color.green
  return [
    ...(desired > 0 ? [`Desired: ${desired}`] : []),
    ...(ready > 0 ? [`Ready: ${color}${ready}/${desired}${Color.reset}`] : []),
    ...(available > 0 ? [`Available: ${color}${available}/${desired}${Color.reset}`] : []),
    ...(unavailable > 0 ? [`Unavailable: ${Color.red}${unavailable}/${desired}${Color.reset}`] : []),
  ].join(", ")
}

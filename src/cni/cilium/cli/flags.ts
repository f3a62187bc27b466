/** Flags that several commands have. Models CLI:cli/install.go and cmd.go. */
import type { FlagHelp } from "../../../shell/cobra.ts"

export const GLOBAL_FLAGS: readonly FlagHelp[] = [
  {
    name: "as",
    value: "string",
    refused: true,
    usage:
      "Username to impersonate for the operation. User could be a regular user or a service account in a namespace.",
  },
  {
    name: "as-group",
    value: "stringArray",
    refused: true,
    usage: "Group to impersonate for the operation, this flag can be repeated to specify multiple groups.",
  },
  { name: "context", value: "string", usage: "Kubernetes configuration context" },
  { name: "helm-release-name", value: "string", usage: "Helm release name", shown: '"cilium"' },
  { name: "kubeconfig", value: "string", usage: "Path to the kubeconfig file" },
  { name: "namespace", letter: "n", value: "string", usage: "Namespace Cilium is running in", shown: '"kube-system"' },
]

const DRY_RUN = "Write resources to be installed to stdout without actually installing them"

/** What `install` and `upgrade` share. */
export const INSTALL_FLAGS: readonly FlagHelp[] = [
  { name: "version", value: "string", usage: "Cilium version to install", shown: '"v1.18.0"' },
  {
    name: "datapath-mode",
    value: "string",
    usage: "Datapath mode to use { tunnel | native | aws-eni | gke | azure | aks-byocni } (default: autodetected).",
  },
  { name: "list-versions", usage: "List all the available versions without actually installing" },
  {
    name: "nodes-without-cilium",
    refused: true,
    usage:
      "Configure the affinities to avoid scheduling Cilium components on nodes labeled with cilium.io/no-schedule. It is assumed that the infrastructure has set up routing on these nodes to provide connectivity within the Cilium cluster.",
  },
  { name: "chart-directory", value: "string", refused: true, usage: "Helm chart directory" },
  {
    name: "values",
    letter: "f",
    value: "strings",
    usage: "Specify helm values in a YAML file or a URL (can specify multiple)",
  },
  {
    name: "set",
    value: "stringArray",
    usage:
      "Set helm values on the command line (can specify multiple or separate values with commas: key1=val1,key2=val2)",
  },
  {
    name: "set-string",
    value: "stringArray",
    usage:
      "Set helm STRING values on the command line (can specify multiple or separate values with commas: key1=val1,key2=val2)",
  },
  {
    name: "set-file",
    value: "stringArray",
    refused: true,
    usage:
      "Set helm values from respective files specified via the command line (can specify multiple or separate values with commas: key1=path1,key2=path2)",
  },
  { name: "wait", usage: "Wait for helm install to finish" },
  { name: "wait-duration", value: "duration", usage: "Maximum time to wait for status", shown: "5m0s" },
  { name: "dry-run", usage: DRY_RUN },
  {
    name: "repository",
    value: "string",
    refused: true,
    usage: "Helm chart repository to download Cilium charts from",
    shown: '"https://helm.cilium.io"',
  },
  {
    name: "history-max",
    value: "int",
    refused: true,
    usage: "limit the maximum number of revisions saved per release. Use 0 for no limit",
    shown: "10",
  },
]

/** Old spellings. Models normalizeFlags. */
export const NORMALIZED: Readonly<Record<string, string>> = {
  "helm-set": "set",
  "helm-set-file": "set-file",
  "helm-set-string": "set-string",
  "helm-values": "values",
}

/** What the program can be asked to do: commands, their flags, their help. Models CLI:cli/ of cilium-cli 0.18.6. */

import type { Command, FlagHelp } from "../../../shell/cobra.ts"
import { FlagError, type Flags } from "../../../shell/pflag.ts"
import type { Client } from "./client.ts"
import { INSTALL_FLAGS } from "./flags.ts"
import type { Helm } from "./helm.ts"
import { install, upgrade } from "./install.ts"
import { configSet, configView, setHubble, showContext, uninstall, version } from "./other.ts"
import { portForward } from "./port-forward.ts"
import { status } from "./status-command.ts"

type Action = (client: Client, helm: Helm, flags: Flags, words: readonly string[]) => Promise<number | undefined>

const LONG = `CLI to install, manage, & troubleshooting Cilium clusters running Kubernetes.

Cilium is a CNI for Kubernetes to provide secure network connectivity and
load-balancing with excellent visibility using eBPF

Examples:

Install Cilium in current Kubernetes context

  $ cilium install

Check status of Cilium

  $ cilium status

Enable the Hubble observability layer

  $ cilium hubble enable

Perform a connectivity test

  $ cilium connectivity test`

const INSTALL_LONG = `Install Cilium in a Kubernetes cluster using Helm

Examples:

Install Cilium in current Kubernetes context with default parameters

  $ cilium install

Install Cilium into Kubernetes context "kind-cluster1" and also set cluster
name and ID to prepare for multi-cluster capabilities.

  $ cilium install --context kind-cluster1 --set cluster.id=1 --set cluster.name=cluster1
`

const UPGRADE_LONG = `Upgrade a Cilium installation in a Kubernetes cluster using Helm

Examples:

Upgrade Cilium to the latest version, using existing parameters

  $ cilium upgrade

Upgrade Cilium to the latest version and also set cluster name and ID
to prepare for multi-cluster capabilities.

  $ cilium upgrade --set cluster.id=1 --set cluster.name=cluster1
`

const DRY_RUN_VALUES = "dry-run-helm-values"

const STATUS_FLAGS: readonly FlagHelp[] = [
  { name: "ignore-warnings", usage: "Ignore warnings when waiting for status to report success" },
  {
    name: "interactive",
    usage: "Refresh the status summary output after each retry when --wait flag is specified",
    shown: "true",
  },
  { name: "output", letter: "o", value: "string", usage: "Output format. One of: json, summary", shown: '"summary"' },
  { name: "verbose", usage: "Print more verbose error / log messages" },
  { name: "wait", usage: "Wait for status to report success (no errors and warnings)" },
  { name: "wait-duration", value: "duration", usage: "Maximum time to wait for status", shown: "5m0s" },
  { name: "worker-count", value: "int", usage: "The number of workers to use", shown: "5" },
]

/** How a command says that it failed: the text before the reason. */
export interface Spec extends Omit<Command, "run" | "commands"> {
  readonly action?: Action
  readonly failure?: string
  readonly commands?: readonly Spec[]
}

const restart: FlagHelp = { name: "restart", letter: "r", usage: "Restart Cilium pods", shown: "true" }

const COMMANDS: readonly Spec[] = [
  { name: "bgp", short: "Access to BGP control plane", refused: true },
  { name: "clustermesh", short: "Multi Cluster Management", refused: true },
  { name: "completion", short: "Generate the autocompletion script for the specified shell", refused: true },
  {
    name: "config",
    short: "Manage Configuration",
    commands: [
      {
        name: "delete",
        short: "Delete a key in the configuration",
        flags: [restart],
        failure: "Unable to delete config:  ",
        action: async (client, _helm, flags, words) => {
          exactArgs(words, 1)
          await configSet(client, flags, words[0] as string, undefined)
          return 0
        },
      },
      {
        name: "set",
        short: "Set a key/value pair in the configuration",
        flags: [restart],
        failure: "Unable to set config:  ",
        action: async (client, _helm, flags, words) => {
          exactArgs(words, 2)
          await configSet(client, flags, words[0] as string, words[1])
          return 0
        },
      },
      {
        name: "view",
        short: "View current configuration",
        failure: "Unable to view config:  ",
        action: async (client) => {
          await configView(client)
          return 0
        },
      },
    ],
  },
  { name: "connectivity", short: "Connectivity troubleshooting", refused: true },
  {
    name: "context",
    short: "Display the configuration context",
    action: async (client) => {
      await showContext(client)
      return 0
    },
  },
  { name: "encryption", short: "Cilium encryption", refused: true },
  { name: "features", short: "Report which features are enabled in Cilium agents", refused: true },
  { name: "help", short: "Help about any command" },
  {
    name: "hubble",
    short: "Hubble observability",
    commands: [
      {
        name: "disable",
        short: "Disable Hubble observability using Helm",
        failure: "Unable to disable Hubble:  ",
        action: async (_client, helm) => {
          setHubble(helm, false, false)
          return 0
        },
      },
      {
        name: "enable",
        short: "Enable Hubble observability using Helm",
        flags: [
          { name: "relay", usage: "Deploy Hubble Relay", shown: "true" },
          { name: "ui", usage: "Enable Hubble UI" },
        ],
        failure: "Unable to enable Hubble: ",
        action: async (_client, helm, flags) => {
          setHubble(helm, flags.value("relay") === undefined || flags.has("relay"), flags.has("ui"))
          return 0
        },
      },
      {
        name: "port-forward",
        short: "Forward the relay port to the local machine",
        flags: [{ name: "port-forward", value: "int", usage: "Local port to forward to", shown: "4245" }],
        failure: "Unable to port forward: ",
        action: (client, _helm, flags) => portForward(client, flags),
      },
      { name: "ui", short: "Open the Hubble UI", refused: true },
    ],
  },
  {
    name: "install",
    short: "Install Cilium in a Kubernetes cluster using Helm",
    long: INSTALL_LONG,
    flags: [
      ...INSTALL_FLAGS,
      {
        name: DRY_RUN_VALUES,
        usage: "Write non-default Helm values to stdout without performing the actual installation",
      },
    ],
    failure: "Unable to install Cilium: ",
    action: async (client, helm, flags) => {
      await install({ client, helm, flags })
      return 0
    },
  },
  { name: "multicast", short: "Manage multicast groups", refused: true },
  {
    name: "status",
    short: "Display status",
    flags: STATUS_FLAGS,
    failure: "Unable to determine status:  ",
    action: (client, helm, flags) => status(client, helm, flags),
  },
  {
    name: "sysdump",
    short: "Collects information required to troubleshoot issues with Cilium and Hubble",
    refused: true,
  },
  {
    name: "uninstall",
    short: "Uninstall Cilium using Helm",
    flags: [
      {
        name: "test-namespace",
        value: "string",
        usage: "Namespace to uninstall Cilium tests from",
        shown: '"cilium-test"',
      },
      { name: "timeout", value: "duration", usage: "Maximum time to wait for resources to be deleted", shown: "5m0s" },
      { name: "wait", usage: "Wait for uninstallation to have completed" },
    ],
    failure: "Unable to uninstall Cilium:  ",
    action: async (client, helm, flags) => {
      await uninstall(client, helm, flags)
      return 0
    },
  },
  {
    name: "upgrade",
    short: "Upgrade a Cilium installation a Kubernetes cluster using Helm",
    long: UPGRADE_LONG,
    flags: [
      ...INSTALL_FLAGS,
      {
        name: DRY_RUN_VALUES,
        usage: "Write non-default Helm values to stdout; without performing the actual upgrade",
      },
      {
        name: "reset-then-reuse-values",
        usage:
          "When upgrading, reset the values to the ones built into the chart, apply the last release's values and merge in any overrides from the command line via --set and -f. If '--reset-values' or '--reuse-values' is specified, this is ignored",
        shown: "true",
      },
      {
        name: "reset-values",
        usage: "When upgrading, reset the helm values to the ones built into the chart",
      },
      {
        name: "reuse-values",
        usage:
          "When upgrading, reuse the helm values from the latest release unless any overrides from are set from other flags. This option takes precedence over HelmResetValues",
      },
    ],
    failure: "Unable to upgrade Cilium: ",
    action: async (client, helm, flags) => {
      await upgrade({ client, helm, flags })
      return 0
    },
  },
  {
    name: "version",
    short: "Display detailed version information",
    long: "Displays information about the version of this software.",
    flags: [{ name: "client", usage: "If true, shows client version only (no server required)" }],
    action: (client, helm, flags) => version(client, helm, flags),
  },
]

function exactArgs(words: readonly string[], count: number): void {
  if (words.length !== count) throw new FlagError(`accepts ${count} arg(s), received ${words.length}`)
}

export const ROOT: Spec = {
  name: "cilium",
  short: "Cilium provides eBPF-based Networking, Security, and Observability for Kubernetes",
  long: LONG,
  commands: COMMANDS,
}

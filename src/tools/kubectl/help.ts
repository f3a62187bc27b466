/** What kubectl is asked about itself: the list of commands, and "did you mean". Models cobra and kubectl's templates. */

/** In kubectl's own order and groups. */
const GROUPS: readonly { title: string; commands: Readonly<Record<string, string>> }[] = [
  {
    title: "Basic Commands (Beginner):",
    commands: {
      create: "Create a resource from a file or from stdin",
      expose: "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
      run: "Run a particular image on the cluster",
      set: "Set specific features on objects",
    },
  },
  {
    title: "Basic Commands (Intermediate):",
    commands: {
      explain: "Get documentation for a resource",
      get: "Display one or many resources",
      edit: "Edit a resource on the server",
      delete: "Delete resources by file names, stdin, resources and names, or by resources and label selector",
    },
  },
  {
    title: "Deploy Commands:",
    commands: {
      rollout: "Manage the rollout of a resource",
      scale: "Set a new size for a deployment, replica set, or replication controller",
      autoscale: "Auto-scale a deployment, replica set, stateful set, or replication controller",
    },
  },
  {
    title: "Cluster Management Commands:",
    commands: {
      certificate: "Modify certificate resources",
      "cluster-info": "Display cluster information",
      top: "Display resource (CPU/memory) usage",
      cordon: "Mark node as unschedulable",
      uncordon: "Mark node as schedulable",
      drain: "Drain node in preparation for maintenance",
      taint: "Update the taints on one or more nodes",
    },
  },
  {
    title: "Troubleshooting and Debugging Commands:",
    commands: {
      describe: "Show details of a specific resource or group of resources",
      logs: "Print the logs for a container in a pod",
      attach: "Attach to a running container",
      exec: "Execute a command in a container",
      "port-forward": "Forward one or more local ports to a pod",
      proxy: "Run a proxy to the Kubernetes API server",
      cp: "Copy files and directories to and from containers",
      auth: "Inspect authorization",
      debug: "Create debugging sessions for troubleshooting workloads and nodes",
      events: "List events",
    },
  },
  {
    title: "Advanced Commands:",
    commands: {
      diff: "Diff the live version against a would-be applied version",
      apply: "Apply a configuration to a resource by file name or stdin",
      patch: "Update fields of a resource",
      replace: "Replace a resource by file name or stdin",
      wait: "Experimental: Wait for a specific condition on one or many resources",
      kustomize: "Build a kustomization target from a directory or URL",
    },
  },
  {
    title: "Settings Commands:",
    commands: {
      label: "Update the labels on a resource",
      annotate: "Update the annotations on a resource",
      completion: "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)",
    },
  },
  { title: "Subcommands provided by plugins:", commands: {} },
  {
    title: "Other Commands:",
    commands: {
      "api-resources": "Print the supported API resources on the server",
      "api-versions": 'Print the supported API versions on the server, in the form of "group/version"',
      config: "Modify kubeconfig files",
      plugin: "Provides utilities for interacting with plugins",
      version: "Print the client and server version information",
    },
  },
]

/** Every command of the real kubectl. */
export const NAMES: readonly string[] = [
  ...GROUPS.flatMap(({ commands }) => Object.keys(commands)),
  "alpha",
  "help",
  "options",
]

export function mainHelp(): string {
  const groups = GROUPS.map(({ title, commands }) =>
    [title, ...Object.entries(commands).map(([name, summary]) => `  ${name.padEnd(15)} ${summary}`)].join("\n"),
  )
  return `kubectl controls the Kubernetes cluster manager.

 Find more information at: https://kubernetes.io/docs/reference/kubectl/

${groups.join("\n\n")}

Usage:
  kubectl [flags] [options]

Use "kubectl <command> --help" for more information about a given command.
Use "kubectl options" for a list of global command-line options (applies to all commands).
`
}

/** For a command that does not exist: `unknown command "gte" for "kubectl"`, and what is close to it. */
export function unknownCommand(name: string): string {
  const close = NAMES.filter(
    (known) => distance(name.toLowerCase(), known) <= 2 || known.startsWith(name.toLowerCase()),
  ).sort()
  const hint = close.length === 0 ? "" : `\n\nDid you mean this?\n${close.map((known) => `\t${known}`).join("\n")}`
  return `unknown command ${JSON.stringify(name)} for "kubectl"${hint}`
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, x] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, y] of [...b].entries())
      next.push(Math.min((next[j] as number) + 1, (row[j + 1] as number) + 1, (row[j] as number) + (x === y ? 0 : 1)))
    row = next
  }
  return row[b.length] as number
}

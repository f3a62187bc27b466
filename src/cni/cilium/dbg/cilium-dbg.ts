/** The program `cilium-dbg` of the agent's image: which commands it has. Models cilium-dbg/cmd of Cilium 1.18. */
import type { ApiServer } from "../../../kube/api/server.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { type Command, type FlagHelp, runCommand } from "../../../shell/cobra.ts"
import { defineTool } from "../../../shell/tool.ts"
import { VERSIONS } from "../../../versions.ts"
import { buildConfig } from "../agent/build-config.ts"
import { agentOf } from "../agent/registry.ts"
import { forgetState } from "../agent/state.ts"
import { datapathOf } from "../datapath/datapath.ts"
import { bpfCtFlush, bpfCtList } from "./bpf-ct.ts"
import { bpfEndpointList, bpfIpcacheGet, bpfIpcacheList, bpfLbList } from "./bpf-maps.ts"
import { bpfPolicyGet } from "./bpf-policy.ts"
import { endpointGet, endpointList } from "./endpoint.ts"
import { identityGet, identityList } from "./identity.ts"
import { monitor } from "./monitor.ts"
import { DbgError, OUTPUT_FLAG } from "./output.ts"
import { status } from "./status.ts"
import { fqdnCacheList, ipList, nodeList, policySelectors, serviceList } from "./tables.ts"

const GLOBAL_FLAGS: readonly FlagHelp[] = [
  { name: "config", value: "string", refused: true, usage: "Config file (default is $HOME/.cilium.yaml)" },
  { name: "debug", letter: "D", usage: "Enable debug messages" },
  { name: "host", letter: "H", value: "string", refused: true, usage: "URI to server-side API" },
]

const LIST = ["ls"] as const
/** What podwire's does not have. */
const absent = (name: string, short: string): Command => ({ name, short, refused: true })

const BPF: Command = {
  name: "bpf",
  short: "Direct access to local BPF maps",
  commands: [
    absent("auth", "Manage authenticated connections between identities"),
    absent("bandwidth", "BPF datapath bandwidth settings"),
    absent("config", "Manage runtime config"),
    {
      name: "ct",
      short: "Connection tracking tables",
      commands: [
        {
          name: "flush",
          use: "( global | endpoint | cluster ) [identifier]",
          short: "Flush all connection tracking entries",
          run: bpfCtFlush,
        },
        {
          name: "list",
          use: "( global | endpoint | cluster ) [identifier]",
          aliases: LIST,
          short: "List connection tracking entries",
          flags: [OUTPUT_FLAG, { name: "time-diff", letter: "d", usage: "print time difference for entries" }],
          run: bpfCtList,
        },
      ],
    },
    absent("egress", "Manage the egress routing rules"),
    {
      name: "endpoint",
      short: "Local endpoint map",
      commands: [
        absent("delete", "Delete local endpoint entries"),
        {
          name: "list",
          aliases: LIST,
          short: "List local endpoint entries",
          flags: [OUTPUT_FLAG],
          run: bpfEndpointList,
        },
      ],
    },
    absent("frag", "Manage the IPv4 datagram fragments"),
    absent("fs", "BPF filesystem mount"),
    {
      name: "ipcache",
      short: "Manage the IPCache mappings for IP/CIDR <-> Identity",
      commands: [
        { name: "get", short: "Retrieve identity for an ip", run: bpfIpcacheGet },
        {
          name: "list",
          aliases: LIST,
          short: "List endpoint IPs (local and remote) and their corresponding security identities",
          flags: [OUTPUT_FLAG],
          run: bpfIpcacheList,
        },
        absent("match", "List IPs that map to the given identity"),
      ],
    },
    absent("ipmasq", "ip-masq-agent CIDRs"),
    {
      name: "lb",
      short: "Load-balancing configuration",
      commands: [
        {
          name: "list",
          aliases: LIST,
          short: "List load-balancing configuration",
          flags: [
            OUTPUT_FLAG,
            { name: "revnat", usage: "List reverse NAT entries" },
            { name: "frontends", usage: "List all service frontend entries" },
            { name: "backends", usage: "List all service backend entries" },
            { name: "source-ranges", usage: "List all source range entries" },
          ],
          run: bpfLbList,
        },
        absent("maglev", "Maglev lookup table"),
      ],
    },
    absent("metrics", "BPF datapath traffic metrics"),
    absent("nat", "NAT mapping tables"),
    absent("nodeid", "Manage the node IDs"),
    {
      name: "policy",
      short: "Manage policy related BPF maps",
      commands: [
        absent("add", "Add/update policy entry"),
        absent("delete", "Delete a policy entry"),
        {
          name: "get",
          short: "Get contents of a policy BPF map",
          flags: [
            OUTPUT_FLAG,
            { name: "numeric", letter: "n", usage: "Do not resolve IDs" },
            { name: "all", usage: "Dump all policy maps" },
          ],
          run: bpfPolicyGet,
        },
      ],
    },
    absent("recorder", "PCAP recorder"),
    absent("vtep", "Manage the VTEP mappings for IP/CIDR <-> VTEP MAC/IP"),
  ],
}

const ENDPOINT: Command = {
  name: "endpoint",
  short: "Manage endpoints",
  commands: [
    absent("config", "View & modify endpoint configuration"),
    absent("disconnect", "Disconnect an endpoint from the network"),
    {
      name: "get",
      use: "( <endpoint identifier> | -l <endpoint labels> )",
      aliases: ["inspect", "show"],
      short: "Display endpoint information",
      flags: [OUTPUT_FLAG, { name: "labels", letter: "l", value: "strings", usage: "list of labels" }],
      run: endpointGet,
    },
    absent("health", "View endpoint health"),
    absent("labels", "Manage label configuration of endpoint"),
    {
      name: "list",
      aliases: LIST,
      short: "List all endpoints",
      flags: [OUTPUT_FLAG, { name: "no-headers", usage: "Do not print headers" }],
      run: endpointList,
    },
    absent("log", "View endpoint status log"),
    absent("regenerate", "Force regeneration of endpoint program"),
  ],
}

const IDENTITY: Command = {
  name: "identity",
  short: "Manage security identities",
  commands: [
    {
      name: "get",
      short: "Retrieve information about an identity",
      flags: [OUTPUT_FLAG, { name: "label", value: "strings", usage: "Label to lookup" }],
      run: identityGet,
    },
    {
      name: "list",
      use: "[LABELS]",
      aliases: LIST,
      short: "List identities",
      flags: [OUTPUT_FLAG, { name: "endpoints", usage: "list identities of locally managed endpoints" }],
      run: identityList,
    },
  ],
}

const MONITOR: Command = {
  name: "monitor",
  short: "Display BPF program events",
  long: `The monitor displays notifications and events emitted by the BPF
programs attached to endpoints and devices. This includes:
  * Dropped packet notifications
  * Captured packet traces
  * Policy verdict notifications
  * Debugging information`,
  flags: [
    { name: "from", value: "[]uint16", usage: "Filter by source endpoint id" },
    { name: "hex", refused: true, usage: "Do not dissect, print payload in HEX" },
    { name: "json", letter: "j", refused: true, usage: "Enable json output. Shadows -v flag" },
    { name: "monitor-socket", value: "string", refused: true, usage: "Configure monitor socket path" },
    { name: "numeric", letter: "n", usage: "Display all security identities as numeric values" },
    { name: "related-to", value: "[]uint16", usage: "Filter by either source or destination endpoint id" },
    { name: "to", value: "[]uint16", usage: "Filter by destination endpoint id" },
    {
      name: "type",
      letter: "t",
      value: "[]string",
      usage: "Filter by event types [agent capture debug drop l7 policy-verdict recorder trace trace-sock]",
    },
    { name: "verbose", letter: "v", refused: true, usage: "Enable verbose output (-v, -vv) (default [])" },
  ],
  run: monitor,
}

const STATUS: Command = {
  name: "status",
  short: "Display status of daemon",
  flags: [
    OUTPUT_FLAG,
    { name: "all-addresses", usage: "Show all allocated addresses, not just count" },
    { name: "all-controllers", refused: true, usage: "Show all controllers, not just failing" },
    { name: "all-health", usage: "Show all health status, not just failing" },
    { name: "all-nodes", refused: true, usage: "Show all nodes, not just localhost" },
    { name: "all-redirects", refused: true, usage: "Show all redirects" },
    { name: "brief", usage: "Only print a one-line status message" },
    {
      name: "verbose",
      refused: true,
      usage: "Equivalent to --all-addresses --all-controllers --all-nodes --all-redirects --all-clusters --all-health",
    },
  ],
  run: status,
}

const listOf = (
  name: string,
  short: string,
  list: string,
  run: NonNullable<Command["run"]>,
  flags: readonly FlagHelp[] = [],
): Command => ({
  name,
  short,
  commands: [{ name: "list", aliases: LIST, short: list, flags: [OUTPUT_FLAG, ...flags], run }],
})

const ROOT = (api: ApiServer): Command => ({
  name: "cilium-dbg",
  short: "CLI",
  long: "CLI for interacting with the local Cilium Agent",
  commands: [
    absent("bgp", "Access to BGP control plane"),
    BPF,
    {
      name: "build-config",
      short: "Resolve all of the configuration sources that apply to this node",
      run: (proc) => buildConfig(proc, api.registry),
    },
    absent("cgroups", "Cgroup metadata"),
    absent("completion", "Output shell completion code"),
    absent("config", "Cilium configuration options"),
    absent("debuginfo", "Request available debugging information from agent"),
    absent("encrypt", "Manage transparent encryption"),
    ENDPOINT,
    {
      name: "fqdn",
      short: "Manage fqdn proxy",
      commands: [
        {
          ...listOf("cache", "Manage fqdn proxy cache", "List fqdn cache contents", fqdnCacheList, [
            { name: "endpoint", letter: "e", value: "string", usage: "List cache entries for a specific endpoint id" },
            {
              name: "matchpattern",
              letter: "p",
              value: "string",
              refused: true,
              usage: "List cache entries with FQDN that match matchpattern",
            },
            {
              name: "source",
              letter: "s",
              value: "string",
              usage: "List cache entries from a specific source (lookup, connection)",
            },
          ]),
        },
        absent("names", "Show internal state Cilium has for DNS names / regexes"),
      ],
    },
    IDENTITY,
    listOf(
      "ip",
      "Manage IP addresses and associated information",
      "List IP addresses in the userspace IPcache",
      ipList,
      [
        { name: "numeric", letter: "n", usage: "Print numeric identities" },
        { name: "verbose", letter: "v", usage: "Print all fields of ipcache" },
      ],
    ),
    absent("kvstore", "Direct access to the kvstore"),
    absent("loadinfo", "Show load information"),
    absent("lrp", "Manage local redirect policies"),
    absent("map", "Access userspace cached content of BPF maps"),
    absent("metrics", "Access metric status"),
    MONITOR,
    listOf("node", "Manage cluster nodes", "List nodes", nodeList),
    absent("nodeid", "List node IDs and associated information"),
    {
      name: "policy",
      short: "Manage security policies",
      commands: [
        absent("get", "Display policy node information (deprecated)"),
        {
          name: "selectors",
          short: "Display cached information about selectors",
          flags: [OUTPUT_FLAG],
          run: policySelectors,
        },
        absent("validate", "Validate a policy"),
        absent("wait", "Wait for all endpoints to have updated to a given policy revision"),
      ],
    },
    {
      name: "post-uninstall-cleanup",
      short: "Remove system state installed by Cilium at runtime",
      long: "Clean up CNI configurations, CNI binaries, attached BPF programs,\nbpffs, tc filters, routes, links and named network namespaces.\n\nRunning this command might be necessary to get the worker node back into\nworking condition after uninstalling the Cilium agent.",
      flags: [
        { name: "all-state", usage: "Remove all cilium state" },
        { name: "bpf-state", refused: true, usage: "Remove BPF state" },
        { name: "force", letter: "f", usage: "Skip confirmation" },
      ],
      run: cleanUp,
    },
    absent("prefilter", "Manage XDP CIDR filters"),
    absent("preflight", "Cilium upgrade helper"),
    absent("recorder", "Introspect or mangle pcap recorder"),
    listOf("service", "Manage services & loadbalancers", "List services", serviceList, [
      { name: "clustermesh-affinity", refused: true, usage: "Print clustermesh affinity if available" },
    ]),
    absent("shell", "Connect to the Cilium shell"),
    absent("statedb", "Inspect StateDB"),
    STATUS,
    absent("troubleshoot", "Run troubleshooting utilities to check control-plane connectivity"),
    { name: "version", short: "Print version information", flags: [{ ...OUTPUT_FLAG, refused: true }], run: version },
  ],
})

/** Also installed as `cilium`. */
export const ciliumDbg = (api: ApiServer): Tool =>
  defineTool("cilium-dbg", async (proc) => {
    try {
      return await runCommand(proc, ROOT(api), GLOBAL_FLAGS)
    } catch (error) {
      if (!(error instanceof DbgError)) throw error
      await proc.err(`Error: ${error.message}\n`)
      return 1
    }
  })

async function version(proc: Process): Promise<number> {
  const own = `${VERSIONS.cilium} go version go1.24.5 linux/amd64`
  await proc.out(`Client: ${own}\nDaemon: ${agentOf(proc.kernel) === undefined ? "Not responding" : own}\n`)
  return 0
}

async function cleanUp(proc: Process, flags: { has(name: string): boolean }): Promise<number> {
  if (!flags.has("force")) {
    await proc.err("Error: podwire's cilium-dbg post-uninstall-cleanup asks nothing: give -f\n")
    return 1
  }
  datapathOf(proc.kernel).cleanup()
  if (flags.has("all-state")) forgetState(proc.kernel)
  return 0
}

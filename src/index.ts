/** podwire: a Kubernetes networking lab. Everything a user imports comes from here. */
export type { Capture, CapturedFrame, CaptureOptions, DroppedPacket } from "./cluster/capture.ts"
export { Cluster } from "./cluster/cluster.ts"
export type { ExecOptions } from "./cluster/command.ts"
export { createCluster } from "./cluster/door.ts"
export { NodeHandle, PodHandle, type ReachTarget } from "./cluster/handles.ts"
export type { ClusterOptions, NodeOptions } from "./cluster/options.ts"
export type { DecidingRule, PolicyAnswer } from "./cluster/policy/answer.ts"
export type { LookupOptions, ReachabilityOptions } from "./cluster/policy/ask.ts"
export type { Reachability } from "./cluster/policy/reachability.ts"
export type { HttpQuestion } from "./cluster/policy/world.ts"
export type { ReachProtocol } from "./cluster/probe.ts"
export type { Reach, ReachOptions } from "./cluster/reach.ts"
export { Terminal, type TerminalOptions } from "./cluster/terminal.ts"
export {
  type Answer,
  type CaseReport,
  type Counts,
  type FindFiles,
  type Method,
  type VerifyOptions,
  verify,
  verifyReport,
} from "./cluster/verify.ts"
export { cilium } from "./cni/cilium/cilium.ts"
export type { CiliumOptions } from "./cni/cilium/options.ts"
export { flannel } from "./cni/flannel/flannel.ts"
export type { FlannelOptions } from "./cni/flannel/options.ts"
export type { CniProvider } from "./cni/provider.ts"
export { type HttpRequest, type HttpResponse, type HttpServerOptions, serveHttp } from "./images/http-server.ts"
export type { Image } from "./images/image.ts"
export { createNginx, type NginxOptions } from "./images/nginx.ts"
export type { Process } from "./linux/task/process.ts"
export type { Tool } from "./linux/task/tool.ts"
export { ExecResult } from "./shell/exec-result.ts"
export { defineTool } from "./shell/tool.ts"
export { VERSIONS } from "./versions.ts"
export { type FigureOptions, figure } from "./view/figure.ts"
export { type HeaderLayer, type HeadersOptions, headers, headersRows } from "./view/headers.ts"
export { hopHeaders } from "./view/hop-headers.ts"
export { type MatrixCell, type MatrixOptions, type MatrixVerdict, matrix, matrixRows } from "./view/matrix.ts"
export { path, pathRows } from "./view/path.ts"
export type { Hop, HopField, HopHeader, PathOptions } from "./view/path-data.ts"
export { sequence, sequenceRows } from "./view/sequence.ts"
export type { Participant, SequenceFrame, SequenceOptions } from "./view/sequence-data.ts"
export type { FigureText } from "./view/svg.ts"
export { type Row, type TableOptions, table } from "./view/table.ts"
export { topology, topologyRows } from "./view/topology.ts"
export type { TopologyDevice, TopologyNode, TopologyOptions, TopologyPod, TopologyStop } from "./view/topology-data.ts"
export { type DissectedField, type DissectedLayer, dissect } from "./wire/dissect.ts"

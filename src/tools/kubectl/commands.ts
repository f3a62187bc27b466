/** The commands of kubectl 1.31 with their flags: what podwire's has, and what it refuses by name. */
import type { Client } from "./client.ts"

export type Handler = (client: Client) => Promise<number>

export interface Command {
  run: Handler
  /** See flagSpecs. */
  flags: string
}

/** A command's code is loaded when it is first called. */
const load =
  <Name extends string>(name: Name, file: () => Promise<NoInfer<Readonly<Record<Name, Handler>>>>): Handler =>
  async (client) =>
    (await client.proc.task.load(file))[name](client)

/** Flags of every command. */
export const GLOBAL_FLAGS =
  "namespace/n !as !as-group:l !as-uid !cache-dir !certificate-authority !client-certificate !client-key !cluster !context !disable-compression:b help/h:b !insecure-skip-tls-verify:b !kubeconfig !log-flush-frequency:d !match-server-version:b !password !profile !profile-output !request-timeout !server/s !tls-server-name !token !user !username !v/v:i !vmodule !warnings-as-errors:b"

const PRINT = "output/o !allow-missing-template-keys:b !show-managed-fields:b !template"
const FILES = "filename/f:l !kustomize/k !recursive/R:b"
const WRITE = `${PRINT} dry-run !field-manager validate`

export const COMMANDS: Readonly<Record<string, Command>> = {
  get: {
    run: load("get", () => import("./get.ts")),
    flags: `${PRINT} ${FILES} all-namespaces/A:b chunk-size:i field-selector ignore-not-found:b label-columns/L:l no-headers:b !output-watch-events:b raw selector/l !server-print:b show-kind:b show-labels:b sort-by !subresource watch/w:b watch-only:b`,
  },
  apply: {
    run: load("apply", () => import("./apply.ts")),
    flags: `${WRITE} ${FILES} !all:b !cascade !force:b !force-conflicts:b !grace-period:i !openapi-patch:b !overwrite:b !prune:b !prune-allowlist:l !selector/l !server-side:b !timeout:d !wait:b`,
  },
  create: {
    run: load("create", () => import("./create.ts")),
    flags: `${WRITE} ${FILES} !edit:b !raw !save-config:b !selector/l !windows-line-endings:b`,
  },
  "create namespace": { run: load("createNamespace", () => import("./create.ts")), flags: `${WRITE} !save-config:b` },
  "create configmap": {
    run: load("createConfigMap", () => import("./create.ts")),
    flags: `${WRITE} !append-hash:b !from-env-file:l from-file:l from-literal:l !save-config:b`,
  },
  "create deployment": {
    run: load("createDeployment", () => import("./create.ts")),
    flags: `${WRITE} image:l port:i replicas/r:i !save-config:b`,
  },
  delete: {
    run: load("remove", () => import("./delete.ts")),
    flags: `${FILES} all:b !all-namespaces/A:b cascade dry-run field-selector force:b grace-period:i ignore-not-found:b !interactive/i:b now:b output/o !raw selector/l !timeout:d wait:b`,
  },
  exec: {
    run: load("exec", () => import("./exec.ts")),
    flags: "container/c !filename/f:l !pod-running-timeout:d quiet/q:b stdin/i:b tty/t:b",
  },
  logs: {
    run: load("logs", () => import("./logs.ts")),
    flags:
      "all-containers:b !all-pods:b container/c follow/f:b !ignore-errors:b !insecure-skip-tls-verify-backend:b limit-bytes:i !max-log-requests:i !pod-running-timeout:d prefix:b previous/p:b selector/l since:d !since-time tail:i timestamps:b",
  },
  describe: {
    run: load("describe", () => import("./describe/index.ts")),
    flags: `${FILES} all-namespaces/A:b !chunk-size:i selector/l show-events:b`,
  },
  wait: {
    run: load("wait", () => import("./wait.ts")),
    flags: `${PRINT} ${FILES} all:b all-namespaces/A:b field-selector for !local:b selector/l timeout:d`,
  },
  label: {
    run: load("label", () => import("./label.ts")),
    flags: `${PRINT} ${FILES} all:b all-namespaces/A:b dry-run !field-manager field-selector !list:b !local:b overwrite:b !resource-version selector/l`,
  },
  annotate: {
    run: load("annotate", () => import("./label.ts")),
    flags: `${PRINT} ${FILES} all:b all-namespaces/A:b dry-run !field-manager field-selector !list:b !local:b overwrite:b !resource-version selector/l`,
  },
  patch: {
    run: load("patch", () => import("./patch.ts")),
    flags: `${PRINT} ${FILES} dry-run !field-manager !local:b patch/p patch-file !subresource type`,
  },
  scale: {
    run: load("scale", () => import("./patch.ts")),
    flags: `${PRINT} ${FILES} all:b current-replicas:i dry-run replicas:i !resource-version selector/l !timeout:d`,
  },
  run: {
    run: load("run", () => import("./create.ts")),
    flags: `${WRITE} !annotations:l !attach:b !cascade command:b env:l !expose:b !filename/f:l !force:b !grace-period:i image image-pull-policy !kustomize/k labels/l !leave-stdin-open:b !override-type !overrides !pod-running-timeout:d port:i !privileged:b !quiet/q:b !recursive/R:b restart !rm:b !save-config:b !stdin/i:b !timeout:d !tty/t:b !wait:b`,
  },
  cordon: { run: load("cordon", () => import("./nodes.ts")), flags: "dry-run selector/l" },
  uncordon: { run: load("uncordon", () => import("./nodes.ts")), flags: "dry-run selector/l" },
  taint: { run: load("taint", () => import("./nodes.ts")), flags: `${WRITE} all:b overwrite:b selector/l` },
  "rollout restart": {
    run: load("rolloutRestart", () => import("./rollout.ts")),
    flags: `${PRINT} ${FILES} !field-manager selector/l`,
  },
  "rollout status": {
    run: load("rolloutStatus", () => import("./rollout.ts")),
    flags: `${FILES} !revision:i selector/l timeout:d watch/w:b`,
  },
  events: {
    run: load("events", () => import("./events.ts")),
    flags: `${PRINT} all-namespaces/A:b !chunk-size:i for no-headers:b types:l !watch/w:b`,
  },
  version: { run: load("version", () => import("./info.ts")), flags: "client:b output/o" },
  "cluster-info": { run: load("clusterInfo", () => import("./info.ts")), flags: "" },
  "api-resources": {
    run: load("apiResources", () => import("./info.ts")),
    flags: "api-group !cached:b categories:l namespaced:b no-headers:b output/o !sort-by !verbs:l",
  },
  "api-versions": { run: load("apiVersions", () => import("./info.ts")), flags: "" },
  top: { run: load("top", () => import("./info.ts")), flags: "" },
}

/** Other names of sub-commands. */
export const ALIASES: Readonly<Record<string, string>> = { ns: "namespace", cm: "configmap", deploy: "deployment" }

/** Commands that have commands of their own, and those of them that podwire's kubectl refuses. */
export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  create: [
    "clusterrole",
    "clusterrolebinding",
    "cronjob",
    "ingress",
    "job",
    "poddisruptionbudget",
    "priorityclass",
    "quota",
    "role",
    "rolebinding",
    "secret",
    "service",
    "serviceaccount",
    "token",
  ],
  rollout: ["history", "pause", "resume", "undo"],
}

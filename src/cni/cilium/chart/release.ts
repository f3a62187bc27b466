/** What this release of the chart is made of: versions and images. Models install/kubernetes/Makefile.values of 1.18.0. */
import { VERSIONS } from "../../../versions.ts"

export const CHART_VERSION: string = VERSIONS.cilium
export const NAMESPACE = "kube-system"
export const SECRETS_NAMESPACE = "cilium-secrets"
export const CONFIG_MAP = "cilium-config"

const REGISTRY = "quay.io/cilium"
/** Of the image built from the proxy's branch for Envoy 1.34. */
const ENVOY_TAG = "v1.34.4-1753677767-266d5a01d1d55bd1d60148f991b98dac0390d363"

/** An image as the chart names it: repository, tag and digest. */
export interface ChartImage {
  readonly repository: string
  readonly tag: string
  readonly digest: string
}

const image = (name: string, tag: string, digest: string): ChartImage => ({
  repository: `${REGISTRY}/${name}`,
  tag,
  digest,
})

const tag = `v${VERSIONS.cilium}`

export const IMAGES: Readonly<Record<"agent" | "operator" | "envoy" | "relay", ChartImage>> = {
  agent: image("cilium", tag, "dfea023972d06ec183cfa3c9e7809716f85daaff042e573ef366e9ec6a0c0ab2"),
  operator: image("operator-generic", tag, "398378b4507b6e9db22be2f4455d8f8e509b189470061b0f813f0fabaf944f51"),
  envoy: image("cilium-envoy", ENVOY_TAG, "231b5bd9682dfc648ae97f33dcdc5225c5a526194dda08124f5eded833bf02bf"),
  relay: image("hubble-relay", tag, "c13679f22ed250457b7f3581189d97f035608fe13c87b51f57f8a755918e793a"),
}

/** `quay.io/cilium/cilium:v1.18.0@sha256:…`. */
export const reference = ({ repository, tag: name, digest }: ChartImage): string =>
  `${repository}:${name}@sha256:${digest}`

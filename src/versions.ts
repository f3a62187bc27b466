/** The releases podwire imitates. Every golden names the tools that recorded it; these are the ones simulated machines report. */
export const VERSIONS = {
  kubernetes: "1.31.9",
  flannel: "0.27.4",
  flannelCniPlugin: "1.8.0-flannel1",
  cilium: "1.18.0",
  ciliumCli: "0.18.6",
  /** `uname -r`: the kernel that recorded the goldens. */
  kernel: "6.18.44",
  iproute2: "6.1.0",
  tcpdump: "4.99.3",
  libpcap: "1.10.3",
  curl: "7.88.1",
  iputils: "20221126",
  busybox: "1.28.4",
  nginx: "1.29.2",
  containerd: "1.7.28",
  os: "Debian GNU/Linux 12 (bookworm)",
} as const

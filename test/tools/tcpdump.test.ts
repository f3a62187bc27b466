/** How a capture ends, who may make one, and captures through pipes. The texts are locked: seen of tcpdump 4.99.3 with libpcap 1.10.3. */
import { beforeEach, describe, expect, test } from "vitest"
import { readText } from "../support/golden.ts"
import { type Topology, Twin } from "../support/twin.ts"

const topology = JSON.parse(readText("test/golden/topology.json")) as Topology
const LISTENING =
  "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\nlistening on lo, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n"
const NOTHING = "0 packets captured\n0 packets received by filter\n0 packets dropped by kernel\n"

describe("tcpdump", () => {
  let twin: Twin
  beforeEach(async () => {
    twin = await Twin.create({ topology, html: {} })
  })
  const sh = (script: string): ReturnType<Twin["exec"]> => twin.exec("client-pod", script)

  test.each(["INT", "TERM", "HUP", "PIPE"])("SIG%s ends it with its counts and a line break", async (signal) => {
    const result = await sh(`timeout -s ${signal} 1 tcpdump -i lo -n`)
    expect(result).toMatchObject({ stdout: "\n", stderr: LISTENING + NOTHING, code: 124 })
  })

  test("SIGQUIT kills it, SIGUSR1 does not", async () => {
    expect(await sh("timeout -s QUIT 1 tcpdump -i lo -n")).toMatchObject({ stdout: "", stderr: LISTENING, code: 124 })
    const result = await sh(
      "tcpdump -i lo -n -c 1 & sleep 1; kill -USR1 $!; sleep 1; ping -c 1 127.0.0.1 >/dev/null; wait $!",
    )
    expect(result.code).toBe(0)
    expect(result.stderr).toContain("1 packet captured\n")
  })

  test("-v with -w says once a second how many there are, when that has changed", async () => {
    const result = await sh(
      "timeout -s INT 4.5 tcpdump -i lo -v -w /tmp/x & sleep 1.5; ping -c 1 127.0.0.1 >/dev/null; wait",
    )
    expect(result.stderr).toBe(
      "tcpdump: listening on lo, link-type EN10MB (Ethernet), snapshot length 262144 bytes\nGot 0\rGot 2\r2 packets captured\n4 packets received by filter\n0 packets dropped by kernel\n",
    )
  })

  test("one tcpdump writes to another", async () => {
    const result = await sh(
      "(sleep 0.5; ping -c 3 -i 0.2 127.0.0.1 >/dev/null) & tcpdump -i lo -n -w - -c 4 2>/tmp/e | tcpdump -n -t -r - -q; cat /tmp/e; wait",
    )
    const line = (kind: string, seq: number): string =>
      `IP 127.0.0.1 > 127.0.0.1: ICMP echo ${kind}, id N, seq ${seq}, length 64\n`
    expect(result.stdout.replace(/id \d+/g, "id N")).toBe(
      `${line("request", 1)}${line("reply", 1)}${line("request", 2)}${line("reply", 2)}${LISTENING.replace(/.*\n/, "tcpdump: ")}4 packets captured\n8 packets received by filter\n0 packets dropped by kernel\n`,
    )
    expect(result.stderr).toBe("reading from file -, link-type EN10MB (Ethernet), snapshot length 262144\n")
  })

  test("a reader that goes away ends it", async () => {
    const result = await sh(
      "(sleep 0.5; ping -c 3 -i 0.2 127.0.0.1 >/dev/null) & tcpdump -i lo -n -t 2>/dev/null | head -1; wait",
    )
    expect(result.stdout).toMatch(/^IP 127\.0\.0\.1 > 127\.0\.0\.1: ICMP echo request, id \d+, seq 1, length 64\n$/)
  })

  test("who is not root may not, whatever the device", async () => {
    const place = twin.kernelOf("k8s-worker-1")
    place.root.writeFile("/tmp/as-nobody", "tcpdump -i lo -c 1; tcpdump -i any; tcpdump -i nosuch; tcpdump")
    const result = await twin.runAs("k8s-worker-1", 65534, ["/bin/bash", "/tmp/as-nobody"])
    const refusal = (device: string): string =>
      `tcpdump: ${device}: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)\n`
    expect(result.stderr).toBe(["lo", "any", "nosuch", "enp0s3"].map(refusal).join(""))
    expect(result.code).toBe(1)
  })

  test("a device that is down", async () => {
    const result = await sh("ip link set eth0 down; tcpdump -i eth0; tcpdump -D | tail -1; tcpdump -D | head -1")
    expect(result.stderr).toBe("tcpdump: eth0: That device is not up\n")
    expect(result.stdout).toBe(
      "8.eth0 [none, Disconnected]\n1.any (Pseudo-device that captures on all interfaces) [Up, Running]\n",
    )
  })

  test("what podwire lacks is refused by name", async () => {
    for (const [line, words] of [
      ["-d", "podwire does not support option '-d'"],
      ["-C 1 -w x", "podwire does not support option '-C'"],
      ["-i nflog", "podwire does not capture on nflog"],
      ["-i 1 -c 1 -T snmp", "podwire does not support packet type `snmp'"],
      ["-i eth0 mpls", "podwire's filters do not support 'mpls'"],
      ["-i eth0 host fe80::1", "podwire's filters do not support IPv6 addresses"],
      ["-i eth0 ip protochain 6", "podwire's filters do not support 'protochain'"],
    ] as const)
      expect(await sh(`tcpdump ${line}`)).toMatchObject({ stdout: "", stderr: `tcpdump: ${words}\n`, code: 1 })
  })
})

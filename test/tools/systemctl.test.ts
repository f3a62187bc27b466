/**
 * systemctl over the kubelet and containerd. Locked by hand to systemd 252: no systemd runs where recordings are made, except for what needs none
 * (an unknown verb, a missing name), which is recorded.
 */
import { expect, test } from "vitest"
import { createCluster } from "../../src/index.ts"

const cluster = createCluster({ nodes: 1, cni: "none" })
const run = async (line: string): Promise<string> => {
  const { output, code } = await (await cluster).node("control-plane").exec(line)
  return `${output}[${code}]`
}

test.each([
  ["systemctl nonsense", "Unknown command verb nonsense.\n[1]"],
  ["systemctl restart", "Too few arguments.\n[1]"],
  ["systemctl is-active kubelet", "active\n[0]"],
  ["systemctl is-active kubelet.service containerd", "active\nactive\n[0]"],
  ["systemctl is-active -q nosuch", "[3]"],
  ["systemctl is-active nosuch kubelet", "inactive\nactive\n[3]"],
  ["systemctl is-enabled kubelet", "enabled\n[0]"],
  ["systemctl is-enabled nosuch", "Failed to get unit file state for nosuch.service: No such file or directory\n[1]"],
  ["systemctl status nosuch", "Unit nosuch.service could not be found.\n[4]"],
  ["systemctl restart nosuch", "Failed to restart nosuch.service: Unit nosuch.service not found.\n[5]"],
  ["systemctl stop nosuch.timer", "Failed to stop nosuch.timer: Unit nosuch.timer not loaded.\n[5]"],
  [
    "sudo -u vagrant systemctl restart kubelet",
    "Failed to restart kubelet.service: Interactive authentication required.\nSee system logs and 'systemctl status kubelet.service' for details.\n[4]",
  ],
  ["systemctl daemon-reload", "[0]"],
  ["systemctl --user status", "systemctl: podwire does not support option '--user'\n[1]"],
  ["systemctl enable kubelet", "systemctl: podwire does not support the command 'enable'\n[1]"],
])("%s", async (line, printed) => {
  expect(await run(line)).toBe(printed)
})

test("a service stopped and started: its state, since when, and another process", async () => {
  const pid = async (): Promise<string> =>
    /Main PID: (\d+) \(kubelet\)/.exec(await run("systemctl status kubelet"))?.[1] ?? ""
  const before = await pid()
  expect(await run("sudo systemctl stop kubelet")).toBe("[0]")
  await (await cluster).advance("90s")
  expect(await run("systemctl status kubelet")).toMatch(
    /^○ kubelet\.service - .*\n {5}Loaded: loaded \(.*\.service; enabled; preset: enabled\)\n {5}Active: inactive \(dead\) since \w{3} 2025-10-18 [\d:]{8} UTC; 1min 30s ago\n\[3\]$/,
  )
  expect(await run("systemctl is-active kubelet")).toBe("inactive\n[3]")
  expect(await run("sudo systemctl restart kubelet; systemctl is-active kubelet")).toBe("active\n[0]")
  expect(await run("systemctl status kubelet")).toMatch(/\n {5}Active: active \(running\) since .*; 0s ago\n/)
  expect(await pid()).not.toBe(before)
})

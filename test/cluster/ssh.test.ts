/** ssh between the machines: a session is a shell over there with the streams of this one. */
import { expect, test } from "vitest"
import { createCluster } from "../../src/index.ts"

const cluster = createCluster({ nodes: 2, cni: "none" })
const run = async (line: string): Promise<string> => {
  const { output, code } = await (await cluster).node("control-plane").exec(line)
  return `${output}[${code}]`
}

test.each([
  ["ssh worker-1 hostname", "worker-1\n[0]"],
  ["ssh root@$(grep worker-1 /etc/hosts | cut -d' ' -f1) 'hostname; exit 3'", "worker-1\n[3]"],
  ["echo data | ssh worker-1 'cat > /tmp/x; cat /tmp/x'", "data\n[0]"],
  ["echo lost | ssh -n worker-1 cat", "[0]"],
  ["ssh worker-1 'echo out; echo err >&2' 2>/dev/null", "out\n[0]"],
  ["X=1 ssh worker-1 'echo $X$HOME; pwd'", "/root\n/root\n[0]"],
  ["ssh vagrant@worker-1 'id -un; pwd; sudo id -u'", "vagrant\n/home/vagrant\n0\n[0]"],
  ["ssh -l vagrant worker-1 whoami", "vagrant\n[0]"],
  ["ssh nosuch true", "ssh: Could not resolve hostname nosuch: Name or service not known\n[255]"],
  ["ssh bob@worker-1 true", "bob@worker-1: Permission denied (publickey).\n[255]"],
  ["ssh -L 80:a:80 worker-1", "ssh: podwire does not support option '-L'\n[255]"],
  ["timeout 1 ssh worker-1 sleep 60; echo $?", "124\n[0]"],
])("%s", async (line, printed) => {
  expect(await run(line)).toBe(printed)
  const worker = (await cluster).node("worker-1").kernel
  expect(worker.processes.list().filter(({ argv }) => argv[0] === "sleep")).toEqual([])
})

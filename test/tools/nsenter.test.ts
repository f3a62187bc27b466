/** The ways into a pod's network from its machine: by a process, by a name. */
import { beforeAll, expect, test } from "vitest"
import { type Cluster, createCluster } from "../../src/index.ts"

let cluster: Cluster
const on = async (command: string): Promise<{ stdout: string; stderr: string; code: number }> =>
  cluster.node("worker-1").exec(command)

beforeAll(async () => {
  cluster = await createCluster({ nodes: 2 })
  await cluster.node("control-plane").exec("kubectl run web --image=nginx")
  await cluster.pod("web").ready()
})

test("the network, the host name and the files of a process that ps finds", async () => {
  const { stdout } = await on(
    "pid=$(ps -C nginx -o pid=); nsenter -t $pid -n ip -br -4 addr show eth0; nsenter -t $pid -n -u hostname; hostname",
  )
  expect(stdout).toMatch(/^eth0@if\d+ +UP +10\.244\.1\.\d+\/24 \nweb\nworker-1\n$/)
  expect((await on("nsenter -t $(ps -C nginx -o pid=) -m ls /usr/share/nginx/html")).stdout).toBe("index.html\n")
})

test("a network by its name", async () => {
  const { stdout } = await on(
    "ns=$(ip netns | head -1 | cut -d' ' -f1); ip netns exec $ns hostname; ip netns exec $ns ip -br -4 addr show eth0; nsenter --net=/run/netns/$ns ip route show default; ip netns exec $ns sh -c 'exit 7'; echo $?",
  )
  expect(stdout).toMatch(/^worker-1\neth0@if\d+ +UP +10\.244\.1\.\d+\/24 \ndefault via 10\.244\.1\.1 dev eth0 \n7\n$/)
})

test.each([
  ["ip netns exec nope ls", 'Cannot open network namespace "nope": No such file or directory\n', 255],
  ["ip netns exec $(ip netns | head -1 | cut -d' ' -f1) nope", 'exec of "nope" failed: No such file or directory\n', 1],
  ["ip netns exec $(ip netns | head -1 | cut -d' ' -f1)", "No command specified\n", 1],
  ["ip netns exec", "No netns name specified\n", 1],
  ["nsenter -n ls", "nsenter: neither filename nor target pid supplied for ns/net\n", 1],
  ["nsenter -t 99999 -n ls", "nsenter: cannot open /proc/99999/ns/net: No such file or directory\n", 1],
  ["nsenter -t x -n ls", "nsenter: failed to parse pid: 'x'\n", 1],
  ["nsenter --net=/run/netns/nope ls", "nsenter: cannot open /run/netns/nope: No such file or directory\n", 1],
  ["nsenter -t 1 -p ls", "nsenter: podwire does not support option '-p'\n", 1],
  ["nsenter --nope", "nsenter: unrecognized option '--nope'\nTry 'nsenter --help' for more information.\n", 1],
])("%s", async (command, stderr, code) => {
  expect(await on(command)).toMatchObject({ stdout: "", stderr, code })
})

test("only root may", async () => {
  const { stderr } = await on(
    "sudo -u vagrant nsenter -t 1 -n ls; sudo -u vagrant ip netns exec $(ip netns | head -1 | cut -d' ' -f1) ls",
  )
  expect(stderr).toMatch(
    /^nsenter: cannot open \/proc\/1\/ns\/net: Permission denied\nsetting the network namespace "cni-\S+" failed: Operation not permitted\n$/,
  )
})

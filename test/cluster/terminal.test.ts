/** A shell with a keyboard, typed at from here: what it prints is what bash prints at a terminal. */
import { beforeEach, describe, expect, test } from "vitest"
import { type Cluster, createCluster, type Terminal } from "../../src/index.ts"

const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "client-pod" },
  spec: {
    nodeName: "k8s-worker-1",
    containers: [{ name: "busybox", image: "busybox:1.28", command: ["sleep", "3600"] }],
  },
}

let cluster: Cluster
let screen = ""

function open(where: string, options: { command?: string; tty?: boolean } = {}): Terminal {
  const decoder = new TextDecoder()
  screen = ""
  return cluster.terminal(where, { ...options, onOutput: (_, data) => (screen += decoder.decode(data)) })
}

/** What appears after typing a line. */
async function type(terminal: Terminal, line: string): Promise<string> {
  await terminal.settle()
  screen = ""
  terminal.write(`${line}\n`)
  await terminal.settle()
  return screen
}

/** What appears after starting a command that does not end and pressing Ctrl-C two and a half seconds later. */
async function breakOff(terminal: Terminal, line: string): Promise<string> {
  await terminal.settle()
  screen = ""
  terminal.write(`${line}\n`)
  await cluster.advance(2.5)
  terminal.interrupt()
  await terminal.settle()
  return screen
}

beforeEach(async () => {
  cluster = await createCluster({ preset: "article" })
})

describe("a shell at a terminal", () => {
  const HOME = "root@k8s-master:~# "

  test("keeps variables, functions, the directory and the status between lines", async () => {
    const terminal = open("k8s-master")
    await terminal.settle()
    expect(screen).toBe(HOME)
    expect(await type(terminal, "x=5; hi() { echo hi $1; }; cd /etc")).toBe("root@k8s-master:/etc# ")
    expect(await type(terminal, "hi $x")).toBe("hi 5\nroot@k8s-master:/etc# ")
    expect(await type(terminal, "false")).toBe("root@k8s-master:/etc# ")
    expect(await type(terminal, "echo $?; cd")).toBe(`1\n${HOME}`)
    expect(await type(terminal, "PS1='\\h \\$ '")).toBe("k8s-master # ")
  })

  test("asks for the rest of quotes, loops, here-documents and continued lines", async () => {
    for (const line of ["for i in 1 2", "cat <<E", "echo 'a", "echo $(", "echo a |", "true &&", "if true", "echo \\"])
      expect(await type(open("k8s-master"), line), line).toBe("> ")
    const again = open("k8s-master")
    expect(await type(again, "for i in 1 2")).toBe("> ")
    expect(await type(again, "do echo $i")).toBe("> ")
    expect(await type(again, "done")).toBe(`1\n2\n${HOME}`)
    expect(await type(again, "cat <<E")).toBe("> ")
    expect(await type(again, "a)")).toBe("> ")
    expect(await type(again, "E")).toBe(`a)\n${HOME}`)
  })

  test("messages carry no line numbers; a syntax error is no end", async () => {
    const terminal = open("k8s-master")
    expect(await type(terminal, "nosuch")).toBe(`bash: nosuch: command not found\n${HOME}`)
    expect(await type(terminal, "echo )")).toBe(`bash: syntax error near unexpected token \`)'\n${HOME}`)
    expect(await type(terminal, `echo \${x?gone}`)).toBe(`bash: x: gone\n${HOME}`)
  })

  test("jobs: the number when one starts, Done before the prompt", async () => {
    const terminal = open("k8s-master")
    expect(await type(terminal, "sleep 3 &")).toMatch(/^\[1\] \d+\nroot@k8s-master:~# $/)
    expect(await type(terminal, "jobs")).toBe(`[1]+  Running                 sleep 3 &\n${HOME}`)
    expect(await type(terminal, "sleep 5")).toBe(`[1]+  Done                    sleep 3\n${HOME}`)
  })

  test("Ctrl-C: ping sums up, sleep dies and takes its loop along, the prompt drops the line", async () => {
    const terminal = open("k8s-master")
    expect(await breakOff(terminal, "ping 10.244.0.0")).toMatch(
      /ping statistics ---\n3 packets transmitted, 3 received[\s\S]*ms\nroot@k8s-master:~# $/,
    )
    expect(await breakOff(terminal, "for i in 1 2; do sleep 9; echo no; done; echo never")).toBe(HOME)
    expect(await type(terminal, "echo $?")).toBe(`130\n${HOME}`)
    expect(await breakOff(terminal, "sleep 9 | cat")).toBe(HOME)
    expect(await breakOff(terminal, "read x; echo $x")).toBe(HOME)
    expect(await breakOff(terminal, "while :; do :; done")).toBe(HOME)
    expect(await breakOff(terminal, "")).toBe(HOME + HOME)
  })

  test("Ctrl-C spares background jobs", async () => {
    const terminal = open("k8s-master")
    await type(terminal, "sleep 100 &")
    expect(await breakOff(terminal, "sleep 9")).toBe(HOME)
    expect(await type(terminal, "jobs")).toContain("Running                 sleep 100 &")
  })

  test("Ctrl-D ends what reads: first cat, then the shell, with the last status", async () => {
    const terminal = open("k8s-master")
    expect(await type(terminal, "cat")).toBe("")
    expect(await type(terminal, "typed")).toBe("typed\n")
    terminal.end()
    await terminal.settle()
    expect(terminal.code).toBeUndefined()
    await type(terminal, "false")
    terminal.end()
    await terminal.settle()
    expect([terminal.code, screen]).toEqual([1, `${HOME}exit\n`])
  })

  test("exit's code, and the EXIT trap", async () => {
    const terminal = open("k8s-master")
    await type(terminal, "trap 'echo bye' EXIT")
    expect(await type(terminal, "exit 7")).toBe("exit\nbye\n")
    expect(terminal.code).toBe(7)
  })

  test("shells in shells: bash, and sh in a pod, which Ctrl-C reaches", async () => {
    await cluster.apply(POD)
    await cluster.pod("client-pod").ready()
    const terminal = open("k8s-master")
    expect(await type(terminal, "kubectl exec -it client-pod -- sh")).toBe("/ # ")
    expect(await type(terminal, "cd /tmp; hostname")).toBe("client-pod\n/tmp # ")
    expect(await breakOff(terminal, "sleep 9")).toBe("/tmp # ")
    expect(await type(terminal, "exit 0")).toBe("root@k8s-master:~# ")
    expect(await type(terminal, "bash")).toBe("root@k8s-master:~# ")
    expect(await type(terminal, "exit 4")).toBe("exit\nroot@k8s-master:~# ")
    expect(await type(terminal, "echo $?")).toBe("4\nroot@k8s-master:~# ")
  })

  test("exec -i without -t: the far shell finds no terminal and reads a script", async () => {
    await cluster.apply(POD)
    await cluster.pod("client-pod").ready()
    const terminal = open("k8s-master")
    expect(await type(terminal, "kubectl exec -i client-pod -- sh")).toBe("")
    expect(await type(terminal, "hostname")).toBe("")
    terminal.end()
    await terminal.settle()
    expect(screen).toBe("client-pod\nroot@k8s-master:~# ")
  })

  test("Tab: programs first, then paths", () => {
    const terminal = open("k8s-master")
    expect(terminal.complete("kubec")).toEqual(["kubectl"])
    expect(terminal.complete("ls | tcpd")).toEqual(["tcpdump"])
    expect(terminal.complete("cat /etc/host")).toEqual(["/etc/hostname", "/etc/hosts"])
    expect(terminal.complete("cd /et")).toEqual(["/etc/"])
  })
})

describe("a command with live input", () => {
  test("reads what is written, when it asks", async () => {
    const terminal = open("k8s-master", { command: "read a; echo got $a; cat", tty: false })
    await terminal.settle()
    expect([terminal.wantsInput, screen]).toEqual([true, ""])
    terminal.write("one\ntwo\n")
    terminal.end()
    await terminal.settle()
    expect([terminal.code, screen]).toEqual([0, "got one\ntwo\n"])
  })

  test("in a pod the output comes as it is printed", async () => {
    await cluster.apply(POD)
    await cluster.pod("client-pod").ready()
    const times: number[] = []
    const start = cluster.sim.now
    const result = await cluster.exec("client-pod", "echo a; sleep 2; echo b >&2", {
      onOutput: () => times.push(Math.round((cluster.sim.now - start) / 1e9)),
    })
    expect([times, result.stdout, result.stderr]).toEqual([[0, 2], "a\n", "b\n"])
  })

  test("a name that is neither node nor pod: both are listed", async () => {
    await cluster.apply(POD)
    expect(() => open("nosuch")).toThrow(
      'no node or pod "nosuch"; nodes: k8s-master, k8s-worker-1, k8s-worker-2, k8s-worker-3; pods: client-pod, kube-flannel/',
    )
    await expect(cluster.exec("nosuch", "true")).rejects.toThrow(RangeError)
  })
})

test("a loop of builtins lets time pass: timeout can end it", async () => {
  const result = await cluster.node("k8s-master").exec("timeout 1 bash -c 'while :; do :; done'; echo $?")
  expect(result.stdout).toBe("124\n")
})

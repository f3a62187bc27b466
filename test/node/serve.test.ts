/** `podwire serve`, as it is installed, and the real kubectl that talks to it. */
import { type ChildProcess, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { LineDiscipline, terminalOutput } from "../../src/cluster/gateway/line-discipline.ts"
import { SpdyConnection } from "../../src/node/serve/spdy.ts"
import { SPDY_DICTIONARY } from "../../src/node/serve/spdy-dictionary.ts"
import { needs } from "../support/needs.ts"
import { findKubectl } from "../support/real-kubectl.ts"
import { built, type Finished, finished, podwire } from "./process.ts"

interface Serving {
  server: string
  kubeconfig: string
  /** Ctrl-C; how it ended. */
  end(): Promise<Finished>
}

async function serving(...args: string[]): Promise<Serving> {
  const child = spawn(process.execPath, [built("node/cli.js"), "serve", "--port", "0", "--json", ...args])
  let ended: Promise<Finished> | undefined
  const said = await new Promise<string>((done, fail) => {
    ended = finished(child, { onOutput: (_, printed) => printed.endsWith("\n") && done(printed) })
    void ended.then(({ stderr }) => fail(new Error(`podwire serve ended: ${stderr}`)))
  })
  return {
    ...(JSON.parse(said) as { server: string; kubeconfig: string }),
    end() {
      child.kill("SIGINT")
      return ended as Promise<Finished>
    },
  }
}

describe("podwire serve", () => {
  let lab: Serving
  let folder = ""
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "podwire-serve-test-"))
    lab = await serving()
  })
  afterAll(async () => {
    await lab.end()
    rmSync(folder, { recursive: true, force: true })
  })

  const json = async (path: string, init?: RequestInit): Promise<{ code: number; body: Record<string, unknown> }> => {
    const response = await fetch(lab.server + path, init)
    return { code: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  test("answers as the API server does, on this machine only", async () => {
    expect(new URL(lab.server).hostname).toBe("127.0.0.1")
    expect((await json("/version")).body["gitVersion"]).toMatch(/^v1\.31\./)
    const { code, body } = await json("/api/v1/namespaces/default/pods/nope")
    expect([code, body["message"]]).toEqual([404, 'pods "nope" not found'])
  })

  test("its clock says what this machine's says", async () => {
    const node = (await json("/api/v1/nodes/k8s-worker-1")).body as { metadata: { creationTimestamp: string } }
    const age = (Date.now() - Date.parse(node.metadata.creationTimestamp)) / 1000
    expect(age).toBeGreaterThan(250)
    expect(age).toBeLessThan(3600)
  })

  test("says what it cannot read, and that exec needs a connection of its own", async () => {
    const post = (type: string, body: string): RequestInit => ({
      method: "POST",
      headers: { "content-type": type },
      body,
    })
    const pods = "/api/v1/namespaces/default/pods"
    const protobuf = await json(pods, post("application/vnd.kubernetes.protobuf", "k8s\0"))
    expect([protobuf.code, protobuf.body["reason"]]).toEqual([415, "UnsupportedMediaType"])
    expect((await json(pods, post("application/json", "{"))).code).toBe(400)
    const exec = await json(`${pods}/web/exec?command=ls`, { method: "POST" })
    expect([exec.code, exec.body["message"]]).toEqual([400, "Upgrade request required"])
  })

  test("a client that breaks off in the middle ends nothing but its own connection", async () => {
    const { port } = new URL(lab.server)
    const half = connect(Number(port), "127.0.0.1")
    half.write("POST /api/v1/namespaces/default/pods HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    await new Promise((done) => half.once("connect", done))
    half.destroy()
    expect((await json("/version")).code).toBe(200)
  })

  needs({ "kubectl 1.31": findKubectl() !== undefined })("to the real kubectl", () => {
    const start = (args: readonly string[]): ChildProcess =>
      spawn(findKubectl()?.path ?? "", args, {
        env: { PATH: "/usr/bin:/bin", HOME: folder, KUBECONFIG: lab.kubeconfig },
      })
    const kubectl = (line: string, stdin = ""): Promise<Finished> => finished(start(line.split(" ")), { stdin })

    let started: Promise<void> | undefined
    const startWeb = async (): Promise<void> => {
      const made = await kubectl("run web --image=nginx")
      expect([made.stdout, made.stderr, made.code]).toEqual(["pod/web created\n", "", 0])
      expect((await kubectl("wait --for=condition=Ready pod/web")).stdout).toBe("pod/web condition met\n")
    }
    /** For the tests of a pod that is there. */
    const web = (): Promise<void> => (started ??= startWeb())

    test("a watch goes on while virtual time passes", async () => {
      await kubectl("run other --image=busybox -- sleep 1000")
      await kubectl("wait --for=condition=Ready pod/other")
      const ended = finished(start(["get", "pod", "other", "-w", "--no-headers"]), {
        onOutput: (child, printed) => {
          if (/Terminating/.test(printed)) child.kill("SIGTERM")
          else void kubectl("delete pod other")
        },
      })
      expect((await ended).stdout).toMatch(/^other +1\/1 +Running[^\n]*\nother +1\/1 +Terminating/)
    })

    test("exec: streams, the end of the input, the exit code, a refusal", async () => {
      await web()
      expect((await kubectl("exec web -- curl -s -o /dev/null -w %{http_code} localhost")).stdout).toBe("200")
      expect(await kubectl("exec -i web -- sh", "cat <<E\ntyped\nE\necho wrong >&2; exit 3\n")).toMatchObject({
        stdout: "typed\n",
        stderr: "wrong\ncommand terminated with exit code 3\n",
        code: 3,
      })
      const missing = await kubectl("exec web -- nope")
      expect(missing.stderr).toContain('exec: "nope": executable file not found in $PATH')
      expect((await kubectl("exec nope -- ls")).stderr).toBe('Error from server (NotFound): pods "nope" not found\n')
    })

    test("port-forward: connections into the pod, one after the other and together; a port where nobody listens", async () => {
      await web()
      let ports: (text: string) => void = () => undefined
      const forwarding = new Promise<string>((done) => {
        ports = done
      })
      const child = start(["port-forward", "pod/web", ":80", ":81"])
      const ended = finished(child, { onOutput: (_, printed) => /-> 81\n/.test(printed) && ports(printed) })
      const printed = await forwarding
      const [, open = "", closed = ""] = /127\.0\.0\.1:(\d+) -> 80[\s\S]*127\.0\.0\.1:(\d+) -> 81/.exec(printed) ?? []
      const page = async (): Promise<string> => (await fetch(`http://127.0.0.1:${open}/`)).text()
      expect(await page()).toContain("<title>Welcome to nginx!</title>")
      const all = await Promise.all(Array.from({ length: 20 }, page))
      expect(new Set(all).size).toBe(1)
      await expect(fetch(`http://127.0.0.1:${closed}/`)).rejects.toThrow()
      await expect
        .poll(() => kubectl("logs web").then(({ stdout }) => stdout.match(/"GET \/ HTTP\/1.1" 200/g)?.length))
        .toBeGreaterThanOrEqual(21)
      child.kill("SIGTERM")
      expect((await ended).stderr).toMatch(
        /error forwarding port 81 to pod [0-9a-f]{64}, uid : failed to execute portforward in network namespace \\?"\/var\/run\/netns\/cni-[-0-9a-f]+\\?": failed to connect to localhost:81 inside namespace .*, IPv4: dial tcp4 127.0.0.1:81: connect: connection refused IPv6 dial tcp6 \[::1\]:81: connect: cannot assign requested address/,
      )
    })

    test("logs, cp, and what is not there", async () => {
      await web()
      await kubectl("exec web -- curl -s localhost")
      expect((await kubectl("logs web --tail=1")).stdout).toContain("curl/")
      writeFileSync(join(folder, "page"), "from outside\n")
      expect(await kubectl(`cp ${folder}/page web:/usr/share/nginx/html/page`)).toMatchObject({ stderr: "", code: 0 })
      expect((await kubectl("exec web -- curl -s localhost/page")).stdout).toBe("from outside\n")
      expect((await kubectl("attach web")).stderr).toContain("podwire does not support 'attach'")
    })
  })

  test("both ends of SPDY have read the same", () => {
    // Of draft-mbelshe-httpbis-spdy-00, section 2.6.10.1.
    expect(createHash("sha256").update(SPDY_DICTIONARY).digest("hex")).toBe(
      "51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02",
    )
  })

  test("what is no SPDY is told of, wherever it is cut", async () => {
    // SYN_STREAM of stream 1, whose headers are no deflate stream.
    const frame = Buffer.from("8003000100000012000000010000000000000badbadbadbadbad", "hex")
    for (const at of [1, 8, 12, frame.length]) {
      const broken = new Promise<void>((done) => {
        const nothing = (): void => undefined
        const spdy = new SpdyConnection({ opened: nothing, data: nothing, ended: nothing, broken: done }, nothing)
        spdy.receive(frame.subarray(0, at))
        spdy.receive(frame.subarray(at))
      })
      await broken
    }
  })

  test("its kubeconfig goes with it; one that was asked for stays", async () => {
    const mine = join(folder, "config")
    const other = await serving("--kubeconfig", mine, "--cni", "none", "--nodes", "1")
    expect(readFileSync(other.kubeconfig, "utf8")).toContain(`server: ${other.server}\n`)
    expect(await other.end()).toMatchObject({ code: 0, stderr: "" })
    expect(existsSync(mine)).toBe(true)
    const third = await serving("--cni", "none", "--nodes", "1")
    expect((await third.end()).code).toBe(0)
    expect(existsSync(third.kubeconfig)).toBe(false)
    const again = await podwire(["serve", "--kubeconfig", mine])
    expect([again.code, again.stderr]).toEqual([
      2,
      `podwire: --kubeconfig ${mine}: it exists, and is not overwritten (podwire serve --help says more)\n`,
    ])
  })

  test("a port that is taken", async () => {
    const taken = createServer()
    await new Promise<void>((done) => taken.listen(0, "127.0.0.1", done))
    const { port } = taken.address() as AddressInfo
    const { code, stderr } = await podwire(["serve", "--port", String(port), "--cni", "none", "--nodes", "1"])
    taken.close()
    expect([code, stderr]).toEqual([
      2,
      `podwire: --port ${port}: something else listens there; --port 0 takes a free one (podwire serve --help says more)\n`,
    ])
  })
})

describe("a terminal", () => {
  const typed = (text: string): { lines: string[]; echo: string } => {
    const lines: string[] = []
    let echo = ""
    const terminal = new LineDiscipline({
      input: (data) => lines.push(new TextDecoder().decode(data)),
      echo: (data) => {
        echo += new TextDecoder().decode(data)
      },
      interrupt: () => lines.push("SIGINT"),
    })
    // Byte for byte, as slow hands send them.
    for (const byte of new TextEncoder().encode(text)) terminal.type(Uint8Array.of(byte))
    return { lines, echo }
  }

  test.each([
    ["a line", "ls\r", ["ls\n"], "ls\r\n"],
    ["a letter erased", "lx\x7fs\r", ["ls\n"], "lx\b \bs\r\n"],
    ["more erased than there is", "\x7f\x7fa\r", ["a\n"], "a\r\n"],
    ["a line killed", "rm -r\x15ls\r", ["ls\n"], `rm -r${"\b \b".repeat(5)}ls\r\n`],
    ["Ctrl-C", "sleep\x03ls\r", ["SIGINT", "ls\n"], "sleep^C\r\nls\r\n"],
    ["Ctrl-D on an empty line", "\x04", [""], ""],
    ["Ctrl-D in a line", "ab\x04c\r", ["ab", "c\n"], "abc\r\n"],
    ["letters of several bytes", "é日\x7f\r", ["é\n"], "é日\b \b\r\n"],
    ["an arrow", "\x1b[A\r", ["\x1b[A\n"], "^[[A\r\n"],
  ])("%s", (_, text, lines, echo) => {
    expect(typed(text)).toEqual({ lines, echo })
  })

  test("what is printed gets its carriage returns", () => {
    expect(Buffer.from(terminalOutput(Buffer.from("é\n\n"))).toString()).toBe("é\r\n\r\n")
  })
})

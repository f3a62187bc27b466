/** The server behind `npm start`. */
import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer, request, type Server } from "node:http"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { createStaticServer, listen } from "../../src/node/serve-static.ts"
import { built, type Finished, finished } from "./process.ts"

let folder: string
const servers: Server[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "podwire-serve-"))
  mkdirSync(join(folder, "site/docs"), { recursive: true })
  mkdirSync(join(folder, "site/folder.with space"))
  for (const [name, text] of Object.entries({
    "secret.txt": "secret\n",
    "site/index.html": "<h1>home</h1>",
    "site/docs/index.html": "<h1>docs</h1>",
    "site/404.html": "<h1>lost</h1>",
    "site/a.js": "1",
    "site/日本.svg": "<svg/>",
    "site/folder.with space/x.ipynb": "{}",
    "site/data.bin": "\u0000\u0001",
  }))
    writeFileSync(join(folder, name), text)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function serve(options: { base?: string } = {}): Promise<number> {
  const server = createStaticServer(join(folder, "site"), options)
  servers.push(server)
  return listen(server, 0)
}

interface Answer {
  status: number
  type: string | undefined
  body: string
  location: string | undefined
  length: string | undefined
}

/** Without fetch: that would tidy the path up before it is sent. */
function get(port: number, path: string, method = "GET"): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request({ port, path, method, agent: false }, (response) => {
      let body = ""
      response.setEncoding("utf8").on("data", (text: string) => (body += text))
      response.on("end", () => {
        const { "content-type": type, "content-length": length, location } = response.headers
        done({ status: response.statusCode ?? 0, type, body, location, length })
      })
    })
    sent.on("error", fail).end()
  })
}

describe("files", () => {
  test.each([
    ["/", 200, "text/html; charset=utf-8", "<h1>home</h1>"],
    ["/index.html?x=1#y", 200, "text/html; charset=utf-8", "<h1>home</h1>"],
    ["/docs/", 200, "text/html; charset=utf-8", "<h1>docs</h1>"],
    ["/a.js", 200, "text/javascript; charset=utf-8", "1"],
    ["/%E6%97%A5%E6%9C%AC.svg", 200, "image/svg+xml", "<svg/>"],
    ["/folder.with%20space/x.ipynb", 200, "application/x-ipynb+json", "{}"],
    ["/data.bin", 200, "application/octet-stream", "\u0000\u0001"],
    ["/nothing", 404, "text/html; charset=utf-8", "<h1>lost</h1>"],
    ["/folder.with%20space/", 404, "text/html; charset=utf-8", "<h1>lost</h1>"],
  ])("%s: %d", async (path, status, type, body) => {
    expect(await get(await serve(), path)).toMatchObject({ status, type, body })
  })

  test("a folder without its slash leads to the one with it, where its links are right", async () => {
    const port = await serve()
    expect(await get(port, "/docs")).toMatchObject({ status: 301, location: "/docs/" })
    expect(await get(port, "/folder.with%20space")).toMatchObject({ status: 301, location: "/folder.with%20space/" })
  })

  test("HEAD: the same head, no body", async () => {
    const port = await serve()
    expect(await get(port, "/", "HEAD")).toEqual({ ...(await get(port, "/")), body: "" })
    expect((await get(port, "/", "HEAD")).length).toBe("13")
    expect(await get(port, "/nothing", "HEAD")).toMatchObject({ status: 404, body: "" })
  })

  test("other methods are refused", async () => {
    expect(await get(await serve(), "/", "POST")).toMatchObject({ status: 405 })
  })
})

describe("paths that mean harm", () => {
  test.each([
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/docs/../../secret.txt",
    "/docs/%2e%2e/%2e%2e/secret.txt",
    "/..%5csecret.txt",
    "//secret.txt",
    "/../site.txt",
  ])("%s does not leave the folder", async (path) => {
    const { status, body } = await get(await serve(), path)
    expect([status, body]).toEqual([404, "<h1>lost</h1>"])
  })

  test.each(["/%", "/%zz", "/%E0%A4", "/a%00.js"])("%s is malformed: 400, and the server goes on", async (path) => {
    const port = await serve()
    expect((await get(port, path)).status).toBe(400)
    expect((await get(port, "/")).status).toBe(200)
  })

  test("a request line that is no path", async () => {
    const port = await serve()
    const answer = await new Promise<string>((done) => {
      let text = ""
      const socket = connect(port, "127.0.0.1", () =>
        socket.write("GET http://[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
      )
      socket.on("data", (data) => (text += data)).on("close", () => done(text))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect((await get(port, "/")).status).toBe(200)
  })

  test("a file that goes away while it is asked for ends the answer, not the server", async () => {
    symlinkSync("nowhere", join(folder, "site/dangling"))
    const port = await serve()
    expect((await get(port, "/dangling")).status).toBe(404)
    expect((await get(port, "/")).status).toBe(200)
  })
})

describe("a base", () => {
  test.each([["/podwire"], ["podwire/"]])("%s: the folder's files are below it, and nowhere else", async (base) => {
    const port = await serve({ base })
    expect(await get(port, "/podwire/")).toMatchObject({ status: 200, body: "<h1>home</h1>" })
    expect(await get(port, "/podwire/docs")).toMatchObject({ status: 301, location: "/podwire/docs/" })
    expect((await get(port, "/a.js")).status).toBe(404)
    expect((await get(port, "/podwired/a.js")).status).toBe(404)
  })
})

describe("npm start's last step", () => {
  let heard = ""
  /** Starts it and presses Ctrl-C once it says where it is. */
  async function start(port: number, path = join(folder, "site")): Promise<Finished> {
    const child = spawn(process.execPath, [built("node/serve-static.js"), path], {
      env: { ...process.env, PORT: String(port) },
    })
    return finished(child, {
      onOutput(_, printed) {
        const address = /http:\/\/localhost:(\d+)\//.exec(printed)
        if (address === null) return
        // An open connection does not keep it; when Node itself ends one on which nothing is asked, it says so first.
        const held = connect(Number(address[1]), "127.0.0.1", () => child.kill("SIGINT"))
        held.on("error", () => undefined).on("data", (data) => (heard += data))
      },
    })
  }

  test("says when a port is taken, uses the next one, and ends by Ctrl-C at once with 0", async () => {
    const taken = createServer()
    servers.push(taken)
    const port = await listen(taken, 0)
    const { code, stdout, stderr } = await start(port)
    expect([code, stderr]).toEqual([0, ""])
    expect(stdout).toMatch(new RegExp(`^port ${port} is in use, trying the next one\\n`))
    expect(stdout).toMatch(/podwire is at http:\/\/localhost:\d+\/ \(Ctrl-C ends it\)\n$/)
    expect(heard).toBe("")
  })

  test("a folder that is not there, a port that is none: a line and 1", async () => {
    expect(await start(4321, join(folder, "none"))).toMatchObject({
      code: 1,
      stderr: `podwire: ${join(folder, "none")}: no such folder; npm run site makes it\n`,
    })
    expect((await start(Number.NaN)).stderr).toBe("podwire: PORT=NaN: expected a port number\n")
    expect((await start(70_000)).code).toBe(1)
  })
})

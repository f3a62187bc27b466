/** podwire verify as people run it: its words, its exit codes, its reports. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Finished, podwire } from "./process.ts"

const pod = (name: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec: { containers: [{ name: web, image: nginx, ports: [{ containerPort: 80 }] }] }
---
`
const DENY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: default-deny }
spec:
  podSelector: {}
  policyTypes: [Ingress]
`
const BACKEND = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: backend }
spec:
  endpointSelector: { matchLabels: { app: backend } }
  ingress:
    - fromEndpoints: [{ matchLabels: { app: frontend } }]
      toPorts:
        - ports: [{ port: "80", protocol: TCP }]
          rules:
            http: [{ method: GET, path: "/public/.*" }]
`
const FILES: Readonly<Record<string, string>> = {
  "pods.yaml": ["frontend", "backend", "visitor"].map(pod).join(""),
  "policies/deny.yaml": DENY,
  "policies/backend.yaml": BACKEND,
  "good.yaml": `manifests: [pods.yaml, policies/*.yaml]
externals: { internet: 203.0.113.10 }
tests:
  - 200 frontend -> backend:80 GET /public/index.html
  - 403 frontend -> backend:80 GET /admin
  - deny visitor -> backend:80
  - allow visitor -> internet:443
`,
  "wrong.yaml": `manifests: [pods.yaml, policies/*.yaml]
tests:
  - allow visitor -> backend:80
  - 200 frontend -> backend:80 GET /admin
`,
  "steps.yaml": `manifests: pods.yaml
steps:
  - name: no policy
    tests: [allow visitor -> backend:80]
  - name: isolated
    apply: policies/deny.yaml
    tests: [deny visitor -> backend:80]
  - name: free again
    delete: NetworkPolicy/default-deny
    tests: [allow visitor -> backend:80]
`,
  "typo/policy.yaml": DENY.replace("podSelector", "podSelctor"),
  "typo/label.yaml": DENY.replace("podSelector: {}", 'podSelector: { matchLabels: { a: "b c" } }'),
  "typo/kind.yaml": "kind: NetworkPolicy\n",
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "podwire-verify-"))
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const verify = (...args: string[]): Promise<Finished> => podwire(["verify", ...args], { cwd: folder })

/** Runs a file with this text. */
function verifyText(name: string, text: string): Promise<Finished> {
  writeFileSync(join(folder, name), text)
  return verify(name)
}

describe("exit code", () => {
  test("0: all as expected, by both methods", async () => {
    expect(await verify("good.yaml")).toEqual({
      code: 0,
      signal: null,
      stderr: "",
      stdout: `ok   good.yaml by verdict: 6 checked
ok   good.yaml by packets: 6 checked
by verdict: 1 of 1 cases as expected, 0 not; 6 checks
by packets: 1 of 1 cases as expected, 0 not; 6 checks
`,
    })
  })

  test.each(["verdict", "packets"])("1: what is not so, with the deciding rule and its line, by %s", async (method) => {
    const { code, stdout, stderr } = await verify("--by", method, "wrong.yaml")
    expect([code, stderr]).toEqual([1, ""])
    expect(stdout).toBe(`FAIL wrong.yaml by ${method}: 3 checked, 2 wrong
  FAIL default/visitor -> default/backend:80/TCP: expected allow, got deny (line 3)
       ingress: 133 Policy denied: no rule matches, isolated by CiliumNetworkPolicy default/backend spec (policies/backend.yaml:4) and NetworkPolicy default/default-deny spec (policies/deny.yaml:4), nearest: CiliumNetworkPolicy default/backend spec.ingress[0].toPorts[0] (policies/backend.yaml:9) (the port matches, the peer does not)
  FAIL default/frontend -> default/backend:80/TCP GET /admin: expected 200, got 403 (line 4)
       ingress: handed to the proxy by CiliumNetworkPolicy default/backend spec.ingress[0].toPorts[0] (policies/backend.yaml:9); none of its rules lets the request pass: 403
by ${method}: 0 of 1 cases as expected, 1 not; 3 checks
`)
  })

  test("steps change the policies", async () => {
    const { code, stdout } = await verify("--matrix", "--by", "packets", "steps.yaml")
    expect(code).toBe(0)
    expect(stdout).toContain("isolated, 80/TCP")
    expect(stdout).toMatch(/default\/visitor +X/)
  })
})

describe("2: input that is no test, with its place", () => {
  test.each([
    [
      "alow a -> b:80",
      '"alow a -> b:80": expected for example "allow frontend -> db:5432" or "403 client -> backend:80 GET /denied"',
    ],
    ["allow guest -> backend:80", 'no pod "guest"; there are: frontend, backend, visitor'],
    ["allow visitor -> backend", 'allow visitor -> backend: which port? "backend:80"'],
    ["403 visitor -> backend:80", '403: which request? "403 visitor -> backend:80 GET /"'],
  ])("%s", async (line, message) => {
    const { code, stdout, stderr } = await verifyText("t.yaml", `manifests: pods.yaml\ntests:\n  - ${line}\n`)
    expect([code, stdout, stderr]).toEqual([2, "", `podwire: t.yaml:3: ${message}\n`])
  })

  test.each([
    [
      "foo: 1",
      't.yaml:1: unknown key "foo"; there are: title, profile, nodes, manifests, externals, policyEnforcement, tests, steps',
    ],
    ["manifests: no*.yaml", "t.yaml:1: no file matches no*.yaml"],
    ["manifests: [typo/policy.yaml]", 'typo/policy.yaml:5: strict decoding error: unknown field "spec.podSelctor"'],
    [
      "manifests: [typo/label.yaml]",
      "typo/label.yaml:5: NetworkPolicy.networking.k8s.io \"default-deny\" is invalid: spec.podSelector.matchLabels: Invalid value: \"b c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
    [
      "manifests: [typo/kind.yaml]",
      "typo/kind.yaml: document 1 is no Kubernetes object: it needs kind and metadata.name",
    ],
  ])("%s", async (text, message) => {
    const { code, stderr } = await verifyText("t.yaml", text)
    expect([code, stderr]).toEqual([2, `podwire: ${message}\n`])
  })

  test.each([
    ["t.json", '{"id":"x"}', 't.json: a case needs "profile"'],
    ["t.jsonl", "{", "t.jsonl:1: this line is not JSON"],
    ["t.jsonl", "\n", "t.jsonl: no test in it"],
    ["t.jsonl", "[1]\n", "t.jsonl: expected a case: an object with id, profile, cluster and steps"],
  ])("%s: %s", async (name, text, message) => {
    const { code, stderr } = await verifyText(name, text)
    expect([code, stderr]).toEqual([2, `podwire: ${message}\n`])
  })

  test("no file, an unknown method", async () => {
    expect((await verify()).stderr).toBe("podwire: verify: which file? (podwire verify --help says more)\n")
    const { code, stderr } = await verify("--by", "guess", "good.yaml")
    expect([code, stderr]).toEqual([
      2,
      "podwire: --by guess: expected verdict or packets (podwire verify --help says more)\n",
    ])
  })
})

describe("reports", () => {
  test("JUnit", async () => {
    const { code } = await verify("--quiet", "--by", "verdict", "--junit", "report.xml", "good.yaml", "wrong.yaml")
    expect(code).toBe(1)
    const xml = readFileSync(join(folder, "report.xml"), "utf8")
    expect(xml).toContain('<testsuite name="short form" tests="2" failures="1" skipped="0">')
    expect(xml).toContain('<testcase classname="short form" name="good.yaml (verdict)"/>')
    expect(xml).toContain('<failure message="default/visitor -&gt; default/backend:80/TCP: expected allow, got deny">')
  })

  test("JSON", async () => {
    const { stdout } = await verify("--json", "--by", "verdict", "wrong.yaml")
    const { totals, cases } = JSON.parse(stdout) as { totals: object; cases: { failures: object[] }[] }
    expect(totals).toEqual({ cases: 1, failed: 1, skipped: 0, passed: 0, checked: 3 })
    expect(cases[0]?.failures[0]).toMatchObject({
      from: "default/visitor",
      to: "default/backend",
      port: 80,
      protocol: "TCP",
      expected: "allow",
      got: "deny",
    })
  })

  test("quiet: only failures and the counts", async () => {
    const { stdout } = await verify("-q", "good.yaml")
    expect(stdout.split("\n").map((line) => line.slice(0, 3))).toEqual(["by ", "by ", ""])
  })

  test("where implementations differ: all, and those of a file", async () => {
    const all = await verify("--ambiguous")
    expect(all.code).toBe(0)
    expect(all.stdout.match(/^ ?\d+\. /gm)).toHaveLength(15)
    const corpus = join(process.cwd(), "test/corpus/recipes/cases.jsonl")
    const { stdout } = await verify("--by", "verdict", corpus)
    expect(stdout).toContain("\n 1. a pod that talks to itself, 66 open cells in 12 cases\n")
  })
})

/** Where objects came from: what kubectl tells the server of its manifests, and how long that holds. */
import { beforeEach, describe, expect, test } from "vitest"
import { type Cluster, createCluster } from "../../src/index.ts"
import type { ManifestSource } from "../../src/kube/api/sources.ts"
import type { ApiObject } from "../../src/kube/api/types.ts"

const CONFIG = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  key: ${value}\n`
const TWO = `# a comment\n---\n${CONFIG("a", "one")}---\n${CONFIG("b", "two")}`

let cluster: Cluster

const object = (name: string): ApiObject => {
  const { registry } = cluster.server
  return registry.get(registry.resource("configmaps"), "default", name) as ApiObject
}
const source = (name: string): ManifestSource | undefined => cluster.server.sources.get(object(name).metadata.uid)

async function kubectl(command: string, stdin?: string): Promise<string> {
  const { output } = await cluster.node("k8s-master").exec(`kubectl ${command}`, stdin === undefined ? {} : { stdin })
  return output
}

beforeEach(async () => {
  cluster = await createCluster({ preset: "article", cni: "none" })
  await cluster.node("k8s-master").exec("cat > two.yaml", { stdin: TWO })
})

describe("sources", () => {
  test("apply -f FILE tells the file, its text, the document and the line it begins at", async () => {
    await kubectl("apply -f two.yaml")
    expect(source("a")).toEqual({ file: "two.yaml", text: TWO, document: 1, line: 2, path: "" })
    expect(source("b")).toEqual({ file: "two.yaml", text: TWO, document: 2, line: 9, path: "" })
    for (const [name, line] of [
      ["a", 2],
      ["b", 9],
    ] as const)
      expect(TWO.split("\n")[line + 3]).toBe(`  name: ${name}`)
    expect(JSON.stringify(object("a"))).not.toContain("two.yaml")
  })

  test("create, a List, standard input, and cluster.apply", async () => {
    await kubectl("create -f two.yaml")
    expect(source("a")?.file).toBe("two.yaml")
    const item = (name: string): object => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } })
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: [item("x"), item("y")] })
    await kubectl("apply -f -", list)
    expect(source("y")).toEqual({ file: "STDIN", text: list, document: 0, line: 0, path: "items[1]" })
    const text = CONFIG("c", "three")
    await cluster.apply(text)
    expect(source("c")?.text).toBe(text)
  })

  test("the last manifest counts, even when it says the same in other words", async () => {
    await kubectl("apply -f two.yaml")
    await kubectl("apply -f -", CONFIG("a", "other"))
    expect(source("a")?.text).toBe(CONFIG("a", "other"))
    const same = `# moved down\n\n${CONFIG("a", "other")}`
    expect(await kubectl("apply -f -", same)).toBe("configmap/a unchanged\n")
    expect(source("a")?.text).toBe(same)
    await kubectl("apply --dry-run=server -f two.yaml")
    expect(source("a")?.text).toBe(same)
  })

  test("a change of labels keeps it, a change of content forgets it, and so does deletion", async () => {
    await kubectl("apply -f two.yaml")
    await kubectl("label cm a x=y")
    expect(source("a")?.file).toBe("two.yaml")
    await kubectl(`patch cm a -p '{"data":{"key":"patched"}}'`)
    expect(source("a")).toBeUndefined()
    const { uid } = object("b").metadata
    expect(cluster.server.sources.get(uid)).toBeDefined()
    await kubectl("delete cm b")
    expect(cluster.server.sources.get(uid)).toBeUndefined()
  })

  test("what is refused is not remembered, and HTTP has no way to say where something is from", async () => {
    expect(await kubectl("apply -f -", CONFIG("Bad_Name", "x"))).toContain("is invalid")
    const path = "/api/v1/namespaces/default/configmaps"
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "plain" } }
    cluster.server.handle({ method: "POST", path, body })
    expect(source("plain")).toBeUndefined()
  })
})

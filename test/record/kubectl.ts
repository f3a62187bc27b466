/**
 * Records what the real kubectl 1.31 prints against podwire's API: `node test/record/kubectl.ts [GROUP...]` (Node 24), about two minutes.
 * Commands and manifests are in test/record/kubectl/. Virtual time stands still but for streams that are open, and never passes the next
 * command's beginning: the recording is the same each time.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { brokenManifests } from "../support/broken-yaml.ts"
import { GOLDEN_FOLDER, readPlan } from "../support/kubectl-plan.ts"
import { askGroup, findKubectl, RealKubectl } from "../support/real-kubectl.ts"

const kubectl = findKubectl()
if (kubectl === undefined) throw new Error("no kubectl 1.31 on this machine: see CONTRIBUTING.md")
const head = `# recorded: kubectl v${kubectl.version} against podwire's API server (test/record/kubectl.ts)\n`
const wanted = process.argv.slice(2)
mkdirSync(GOLDEN_FOLDER, { recursive: true })
for (const group of readPlan()) {
  if (wanted.length > 0 && !wanted.includes(group.name)) continue
  const answers = await askGroup(
    kubectl.path,
    group,
    (text) => process.env["VERBOSE"] && process.stderr.write(`${text}\n`),
  )
  const blocks = group.steps.map(({ command }, i) => {
    const { output, code } = answers[i] as (typeof answers)[number]
    // `%` stands for "no line break here".
    return `=== k8s-master $ ${command} [${code}]\n${output}${output === "" || output.endsWith("\n") ? "" : "\n%\n"}`
  })
  writeFileSync(`${GOLDEN_FOLDER}/${group.name}.txt`, `${head}${blocks.join("")}=== end\n`)
  process.stderr.write(`${group.name}: ${blocks.length} commands\n`)
}

if (wanted.length === 0 || wanted.includes("broken-yaml")) {
  const texts = brokenManifests(1, 400)
  const real = await RealKubectl.start(kubectl.path)
  const said = await real.readBroken(texts)
  await real.close()
  const lines = texts.map((text, i) => JSON.stringify({ text, said: said.get(i) ?? null }))
  writeFileSync(`${GOLDEN_FOLDER}/broken-yaml.jsonl`, `${head}${lines.join("\n")}\n`)
  process.stderr.write(`broken-yaml: ${said.size} of ${texts.length} are broken\n`)
}

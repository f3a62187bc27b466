/** What of the tools podwire can use is there, and whether tslab really answers. */
import { spawnSync } from "node:child_process"
import { TslabKernel } from "./tslab-kernel.ts"

interface Finding {
  name: string
  found: string | undefined
  for: string
}

function version(command: string, args: readonly string[], pattern: RegExp): string | undefined {
  const run = spawnSync(command, args, { encoding: "utf8" })
  return run.error === undefined ? (pattern.exec(run.stdout + run.stderr)?.[0] ?? "found") : undefined
}

async function tslab(): Promise<string | undefined> {
  try {
    const kernel = await TslabKernel.start(process.cwd())
    let printed = ""
    await kernel.execute("1 + 1", (message) => (printed += String(message.content["text"] ?? "")), 20_000)
    await kernel.stop()
    return printed.trim() === "2" ? "answers" : undefined
  } catch {
    return undefined
  }
}

/** 0 when notebooks can run; `--json` prints the findings as data. */
export async function doctor(args: readonly string[]): Promise<number> {
  const findings: Finding[] = [
    { name: "node", found: process.version, for: "everything" },
    { name: "tslab", found: await tslab(), for: "notebooks" },
    { name: "tshark", found: version("tshark", ["--version"], /\d+\.\d+\.\d+/), for: "checking captures" },
    {
      name: "tcpdump",
      found: version("tcpdump", ["--version"], /\d+\.\d+\.\d+/),
      for: "checking filters and printing",
    },
    { name: "kubectl", found: version("kubectl", ["version", "--client"], /v\d+\.\d+\.\d+/), for: "checking the API" },
    { name: "chromium", found: version("chromium", ["--version"], /\d+\.\d+\.\d+\.\d+/), for: "checking the site" },
    { name: "root", found: process.getuid?.() === 0 ? "yes" : undefined, for: "recording goldens" },
  ]
  if (args.includes("--json")) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`)
  else
    for (const finding of findings)
      process.stdout.write(`${finding.name.padEnd(10)}${(finding.found ?? "not found").padEnd(18)}${finding.for}\n`)
  return findings[1]?.found === undefined ? 1 : 0
}

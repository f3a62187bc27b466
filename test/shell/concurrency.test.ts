/** Pipelines, jobs and signals on the virtual clock: what takes how long, and that everything ends. */
import { describe, expect, test } from "vitest"
import { runShell, type ShellRun } from "../support/shell-golden.ts"

const run = (script: string, timeout?: number): Promise<ShellRun> =>
  runShell(script, timeout === undefined ? {} : { timeout })

function expectNoCrash({ kernel }: ShellRun): void {
  expect(kernel.processes.crashes).toEqual([])
}

describe("time passes as on a machine", () => {
  test.each([
    { script: "sleep 5 & echo after; wait; echo done", stdout: "after\ndone\n", seconds: 5 },
    { script: "sleep 2 | sleep 3 | sleep 1", stdout: "", seconds: 3 },
    { script: "sleep 1; sleep 2", stdout: "", seconds: 3 },
    { script: "sleep 1 & sleep 4 & wait %1; echo one; wait; echo all", stdout: "one\nall\n", seconds: 4 },
    { script: "for i in 3 1 2; do (sleep $i; echo $i) & done; wait", stdout: "1\n2\n3\n", seconds: 3 },
    { script: "while true; do echo x; sleep 1; done | head -3", stdout: "x\nx\nx\n", seconds: 3 },
    { script: "timeout 2 sleep 100; echo $?", stdout: "124\n", seconds: 2 },
    { script: "echo a > f; timeout 2 tail -f f; echo $?", stdout: "a\n124\n", seconds: 2 },
    { script: "(sleep 1; echo late >> f) & echo a > f; timeout 3 tail -f f", stdout: "a\nlate\n", seconds: 3 },
    { script: "sleep 100 & kill %1; wait; echo $?", stdout: "0\n", seconds: 0 },
    { script: "SECONDS=0; sleep 7; echo $SECONDS", stdout: "7\n", seconds: 7 },
    { script: "sleep 9 & read -t 2 x < <(sleep 9); kill $!; echo timeout", stdout: "timeout\n", seconds: 9 },
  ])("$script", async ({ script, stdout, seconds }) => {
    const result = await run(script)
    expect(result.stdout).toBe(stdout)
    expect(Math.abs(result.seconds - seconds)).toBeLessThan(0.05)
    expectNoCrash(result)
  })

  test("ping and head: the reader's end ends the pinger", async () => {
    const result = await run("ping -i 1 127.0.0.1 | head -3")
    expect(
      result.stdout
        .split("\n")
        .slice(1, 3)
        .map((line) => line.replace(/ time=.*/, "")),
    ).toEqual(["64 bytes from 127.0.0.1: icmp_seq=1 ttl=64", "64 bytes from 127.0.0.1: icmp_seq=2 ttl=64"])
    expect(result.seconds).toBeGreaterThanOrEqual(2)
    expect(result.seconds).toBeLessThan(4)
    expectNoCrash(result)
  })

  test("a capture in the background sees what the foreground sends, and ends by its signal", async () => {
    const result = await run(
      "tcpdump -n -l -i lo icmp > dump 2> words & sleep 0.5; ping -c 1 127.0.0.1 > /dev/null; kill -INT %1; wait; cat dump; grep captured words",
    )
    expect(result.stdout).toMatch(/ICMP echo request[\s\S]*ICMP echo reply[\s\S]*2 packets captured/)
    expectNoCrash(result)
  })
})

describe("what never ends by itself is ended, in virtual time", () => {
  test.each([
    ["while :; do :; done"],
    ["while true; do true; done"],
    ["until false; do x=$((x+1)); done"],
    ["for ((;;)); do :; done"],
    ["while :; do /bin/true; done"],
    ["while :; do echo x; done > /dev/null"],
    ["while :; do x=$(echo y); done"],
    ["yes > /dev/null"],
    ["cat /dev/zero > /dev/null"],
    ["yes | tr y z > /dev/null"],
    ["sed ':a;ba' /etc/hostname"],
    ["awk 'BEGIN{while(1){}}'"],
    ["awk 'BEGIN{for(;;) x++}'"],
    ["awk 'BEGIN{do {} while(1)}'"],
    ["yes | while read x; do :; done"],
    ["trap 'echo again' USR1; while :; do :; done"],
  ])("%s", async (script) => {
    const result = await run(script, 2)
    expect(result.code).toBe(143)
    expect(result.seconds).toBeLessThan(2.5)
    expectNoCrash(result)
  })

  test("an endless loop under timeout(1)", async () => {
    const result = await run("timeout 1 sh -c 'while :; do :; done'; echo $?")
    expect(result.stdout).toBe("124\n")
    expect(result.seconds).toBeLessThan(1.1)
  })

  test("an endless loop that nobody limits reaches the year after which exec gives up", async () => {
    const year = 365 * 86_400
    const result = await run("while :; do :; done", year)
    expect(result.code).toBe(143)
    expect(result.seconds).toBe(year)
  })

  test("recursion without an end", async () => {
    const result = await run("f() { f; }; f; echo never\necho next")
    expect(result.stderr).toBe("environment: line 1: f: maximum function nesting level exceeded (1000)\n")
    expect(result.stdout).toBe("next\n")
  })

  test("a fork bomb meets the limit of processes", async () => {
    const result = await run("f() { f | f; }; f", 1)
    expect(result.seconds).toBeLessThan(2)
    expectNoCrash(result)
  })

  test("reading for ever ends like a process out of memory", async () => {
    const result = await run("sort /dev/zero; echo $?", 60)
    expect(result.stdout).toMatch(/^13[79]\n$/)
  })
})

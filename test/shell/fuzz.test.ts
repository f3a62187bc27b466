/** Any text given to the shell ends, and no program of ours throws. A failure prints fast-check's seed and the smallest script. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { isOpen, parseScript } from "../../src/shell/parser.ts"
import { SyntaxErrorInScript } from "../../src/shell/token.ts"
import { runShell } from "../support/shell-golden.ts"

const SEED = 20251018

/** Pieces of scripts, so that random ones come close to what parses. */
const PIECES = (
  "if then else elif fi while until do done for in case esac { } ( ) (( )) [[ ]] ! && || | & ; ;; ;& |& > >> < << <<- <<< >& <& 2>&1 &> >| <> " +
  '$x ${x} ${x:-y} ${x#*} ${x//a/b} ${x:1:2} ${#x} ${!x} ${x@Q} $(( $(( 1+ )) )) $( $(echo `) ` $1 $@ $* "$@" $? $# $$ $! $- \' " \\ \n # ' +
  "x=1 x=(a b) x+=1 a[1]=2 f() f echo printf read set unset export local declare eval exec . return break continue exit trap wait kill jobs shift test [ ] " +
  "-e -n -x -u %1 a b* ? [a-z] {a,b} {1..3} ~ * / . .. = == =~ -eq 0 1 -1 9999999999 cat grep sed awk sort cut tr head tail xargs ls rm -rf mkdir cd " +
  "true false : sleep timeout 0.1 yes seq s/a/b/ {print /a/ $NF} p d EOF"
).split(" ")

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...PIECES) },
  { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
)
const script = fc
  .array(fc.tuple(piece, fc.constantFrom(" ", " ", " ", "", "\n")), { minLength: 1, maxLength: 14 })
  .map((parts) => parts.flat().join(""))

test("any text is parsed or refused with a message", () => {
  fc.assert(
    fc.property(fc.oneof(script, fc.string({ maxLength: 60 })), (text) => {
      isOpen(text)
      for (const bash of [true, false])
        try {
          parseScript(text, { bash })
        } catch (error) {
          if (!(error instanceof SyntaxErrorInScript)) throw error
          expect(error.message).not.toBe("")
        }
    }),
    { seed: SEED, numRuns: 4000 },
  )
})

test("any script ends and crashes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(script, fc.boolean(), async (text, ash) => {
      const { kernel, code } = await runShell(text, { ash, timeout: 3 })
      expect(kernel.processes.crashes).toEqual([])
      expect(code).toBeGreaterThanOrEqual(0)
    }),
    { seed: SEED, numRuns: 700 },
  )
}, 240_000)

const AWK = fc.array(
  fc.constantFrom(
    ...'{ } ( ) [ ] ; , $ $1 $NF NF NR x y a[1] + - * / % ^ ! ~ !~ = == < > >> | && || ? : ++ -- in if else while for do break next exit print printf getline length substr split sub gsub match /a/ "s" 1 2.5 BEGIN END function f \n'.split(
      " ",
    ),
  ),
  { minLength: 1, maxLength: 12 },
)
const SED = fc.array(
  fc.constantFrom(
    ..."s/a/b/ s/ / /g p d q n N D P G H h x = y/ab/cd/ { } ; ! , 1 2 $ /a/ :a ba ta i\\ a c \\1 & \\( \\) [ ] * . ^ w r l 1~2 +1".split(
      " ",
    ),
  ),
  { minLength: 1, maxLength: 9 },
)

test.each([
  ["awk", AWK, " "],
  ["sed", SED, ""],
  ["sed -nE", SED, ";"],
  [
    "grep -E",
    fc.array(fc.constantFrom(..."a b ( ) [ ] { } * + ? | ^ $ . \\ 1 , [:alpha:] - \\< \\b".split(" ")), {
      minLength: 1,
      maxLength: 8,
    }),
    "",
  ],
])(
  "%s takes any program",
  async (tool, programs, glue) => {
    await fc.assert(
      fc.asyncProperty(programs, async (parts) => {
        const quoted = `'${parts.join(glue).replaceAll("'", "'\\''")}'`
        const { kernel } = await runShell(`printf 'a b\\nab 2\\n' | ${tool} ${quoted} > /dev/null 2>&1`, { timeout: 2 })
        expect(kernel.processes.crashes).toEqual([])
      }),
      { seed: SEED, numRuns: 200 },
    )
  },
  120_000,
)

/** Writes the crafted capture files into a folder: `node test/record/craft.ts files|filters DIR`. */
import { writeFileSync } from "node:fs"
import { craftedFiles, filterFiles } from "../support/crafted.ts"
import { recordedFrames } from "../support/mutate.ts"

const [what, folder] = process.argv.slice(2)
if (folder === undefined) throw new Error("usage: craft.ts files|filters DIR")
const files = what === "filters" ? filterFiles(recordedFrames()) : craftedFiles()
for (const [name, bytes] of Object.entries(files)) writeFileSync(`${folder}/${name}`, bytes)

/** Writes the crafted capture files into a folder: `node test/record/craft.ts DIR`. */
import { writeFileSync } from "node:fs"
import { craftedFiles } from "../support/crafted.ts"

const folder = process.argv[2]
if (folder === undefined) throw new Error("usage: craft.ts DIR")
for (const [name, bytes] of Object.entries(craftedFiles())) writeFileSync(`${folder}/${name}`, bytes)

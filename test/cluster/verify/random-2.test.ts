/** A quarter of the property; see random-cases.ts. */
import { randomCases } from "./random-cases.ts"

randomCases(2, 2500)

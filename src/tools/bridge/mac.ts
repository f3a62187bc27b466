import { parseMac } from "../../wire/address.ts"
import { fail } from "../iproute.ts"

export const macOf = (text: string): number => parseMac(text) ?? fail(`Invalid mac address ${text}`, 255)

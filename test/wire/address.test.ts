/** Addresses beside ipaddr.js, and what is no address. */
import fc from "fast-check"
import ipaddr from "ipaddr.js"
import { expect, test } from "vitest"
import { formatIpv4, formatMac, netmask, networkOf, parseIpv4, parseMac, parsePrefix } from "../../src/wire/address.ts"
import { SEED } from "./seed.ts"

const u32 = fc.integer({ min: 0, max: 0xffffffff })
const u48 = fc.maxSafeNat().map((n) => n % 2 ** 48)
const number = (text: string): number => ipaddr.IPv4.parse(text).octets.reduce((value, octet) => value * 256 + octet, 0)

test("IPv4 addresses are written and read as by ipaddr.js", () => {
  fc.assert(
    fc.property(u32, (address) => {
      const text = formatIpv4(address)
      expect(text).toBe(
        new ipaddr.IPv4([address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255]).toString(),
      )
      expect(parseIpv4(text)).toBe(address)
      expect(number(text)).toBe(address)
    }),
    SEED,
  )
})

test("what looks like an address is one for both, or for neither", () => {
  const part = fc.oneof(
    fc.integer({ min: -2, max: 300 }).map(String),
    fc.constantFrom("", "00", "01", "0x10", "1e2", " 1", "1 ", "٣"),
  )
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const text = parts.join(".")
      const wanted = ipaddr.IPv4.isValidFourPartDecimal(text) ? number(text) : undefined
      expect(parseIpv4(text)).toBe(wanted)
    }),
    { ...SEED, numRuns: 1000 },
  )
})

test("prefixes", () => {
  fc.assert(
    fc.property(u32, fc.integer({ min: 0, max: 32 }), (address, length) => {
      const text = `${formatIpv4(address)}/${length}`
      expect(parsePrefix(text)).toEqual({ address, length })
      expect(networkOf(address, length)).toBe(number(ipaddr.IPv4.networkAddressFromCIDR(text).toString()))
      expect(netmask(length)).toBe(number(ipaddr.IPv4.subnetMaskFromPrefixLength(length).toString()))
    }),
    SEED,
  )
  for (const bad of [
    "",
    "/",
    "/24",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0/8",
    "10.0.0.0/8/8",
    "10.0.0.0/a",
  ])
    expect(parsePrefix(bad), bad).toBeUndefined()
})

test("link-layer addresses", () => {
  fc.assert(
    fc.property(u48, (address) => {
      const text = formatMac(address)
      expect(text).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
      expect(text.replaceAll(":", "")).toBe(address.toString(16).padStart(12, "0"))
      expect(parseMac(text)).toBe(address)
      expect(parseMac(text.toUpperCase())).toBe(address)
    }),
    SEED,
  )
  for (const bad of ["", "1:2:3:4:5", "1:2:3:4:5:6:7", "1:2:3:4:5:g", "123:2:3:4:5:6", "1-2-3-4-5-6"])
    expect(parseMac(bad), bad).toBeUndefined()
})

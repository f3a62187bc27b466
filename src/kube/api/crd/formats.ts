/** String formats that a custom resource's values are held to. Models kube-openapi/pkg/validation/strfmt; others are not checked. */
import { fromBase64 } from "../defaults.ts"
import { parseCidr, parseIp } from "../ip.ts"
import { parseTime } from "../time.ts"

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const LABEL = /^[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/
const MAC = /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|^([0-9a-f]{2}[:-]){7}[0-9a-f]{2}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i
const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/
const DURATION = /^[-+]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w))*$/

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  byte: (text) => fromBase64(text) !== undefined,
  cidr: (text) => parseCidr(text) !== undefined,
  date: (text) => DATE.test(text),
  datetime: (text) => /^\d{4}-\d\d-\d\d[Tt]/.test(text) && parseTime(text) !== undefined,
  duration: (text) => DURATION.test(text),
  email: (text) => /^[^\s@<>,]+@[^\s@<>,]+$/.test(text),
  hexcolor: (text) => /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text),
  hostname: (text) => text.length <= 255 && text.split(".").every((label) => LABEL.test(label)),
  ipv4: (text) => text.includes(".") && parseIp(text) !== undefined,
  ipv6: (text) => text.includes(":") && parseIp(text) !== undefined,
  mac: (text) => MAC.test(text),
  password: () => true,
  uri: (text) => /^([a-z][-+.a-z0-9]*:|\/)[^\s]*$/i.test(text),
  uuid: (text) => UUID.test(text),
}

/** Formats the real server checks and podwire does not: a definition that uses one is refused. */
export const UNSUPPORTED_FORMATS: readonly string[] = [
  "bsonobjectid creditcard isbn isbn10 isbn13 rgbcolor ssn uuid3 uuid4 uuid5",
].flatMap((line) => line.split(" "))

/** go-openapi takes `date-time` and `datetime` for one. */
export const formatName = (format: string): string => format.replaceAll("-", "")

export function fitsFormat(format: string, text: string): boolean {
  return FORMATS[formatName(format)]?.(text) ?? true
}

/** What names, labels and keys may look like, in the API server's words. Models k8s.io/apimachinery/pkg/util/validation. */

const DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
const DNS_SUBDOMAIN = `${DNS_LABEL}(\\.${DNS_LABEL})*`
const DNS1035_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
const QUALIFIED_NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
const LABEL_VALUE = `(${QUALIFIED_NAME})?`
const CONFIG_KEY = "[-._a-zA-Z0-9]+"
const ENV_NAME = "[-._a-zA-Z][-._a-zA-Z0-9]*"

const matches = (pattern: string, text: string): boolean => new RegExp(`^${pattern}$`).test(text)

/** `must be no more than 63 characters`. */
export const maxLength = (length: number): string => `must be no more than ${length} characters`

/** `<sentence> (e.g. 'my-name',  or '123-abc', regex used for validation is '…')`: the two blanks are upstream's. */
function regexError(sentence: string, pattern: string, ...examples: string[]): string {
  const list = examples.map((example) => `'${example}', `).join(" or ")
  return `${sentence} (${examples.length === 0 ? "" : `e.g. ${list}`}regex used for validation is '${pattern}')`
}

/** A lowercase RFC 1123 label: namespaces, containers. */
export function dnsLabelErrors(text: string): string[] {
  const errors: string[] = []
  if (text.length > 63) errors.push(maxLength(63))
  if (matches(DNS_LABEL, text)) return errors
  // Said instead when the text would at least do as a subdomain.
  if (matches(DNS_SUBDOMAIN, text)) errors.push("must not contain dots")
  else
    errors.push(
      regexError(
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
        DNS_LABEL,
        "my-name",
        "123-abc",
      ),
    )
  return errors
}

/** A lowercase RFC 1123 subdomain: most objects' names. */
export function dnsSubdomainErrors(text: string): string[] {
  const errors: string[] = []
  if (text.length > 253) errors.push(maxLength(253))
  if (!matches(DNS_SUBDOMAIN, text))
    errors.push(
      regexError(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        DNS_SUBDOMAIN,
        "example.com",
      ),
    )
  return errors
}

/** A DNS-1035 label: Services. */
export function dns1035LabelErrors(text: string): string[] {
  const errors: string[] = []
  if (text.length > 63) errors.push(maxLength(63))
  if (!matches(DNS1035_LABEL, text))
    errors.push(
      regexError(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        DNS1035_LABEL,
        "my-name",
        "abc-123",
      ),
    )
  return errors
}

const QUALIFIED_SENTENCE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

/** `[prefix/]name`: keys of labels and annotations. */
export function qualifiedNameErrors(text: string, what = "a qualified name"): string[] {
  const parts = text.split("/")
  const errors: string[] = []
  if (parts.length > 2)
    return [
      `${what} ${regexError(QUALIFIED_SENTENCE, QUALIFIED_NAME, "MyName", "my.name", "123-abc")} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const name = parts[parts.length - 1] as string
  if (parts.length === 2) {
    if (parts[0] === "") errors.push("prefix part must be non-empty")
    else errors.push(...dnsSubdomainErrors(parts[0] as string).map((error) => `prefix part ${error}`))
  }
  if (name === "") errors.push("name part must be non-empty")
  else if (name.length > 63) errors.push(`name part ${maxLength(63)}`)
  if (!matches(QUALIFIED_NAME, name))
    errors.push(`name part ${regexError(QUALIFIED_SENTENCE, QUALIFIED_NAME, "MyName", "my.name", "123-abc")}`)
  return errors
}

/** The server counts bytes where kubectl still says characters. */
export function labelValueErrors(text: string, unit: "bytes" | "characters" = "characters"): string[] {
  const errors: string[] = []
  if (text.length > 63) errors.push(`must be no more than 63 ${unit}`)
  if (!matches(LABEL_VALUE, text))
    errors.push(
      regexError(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        LABEL_VALUE,
        "MyValue",
        "my_value",
        "12345",
      ),
    )
  return errors
}

/** Keys of ConfigMaps and Secrets. */
export function configKeyErrors(text: string): string[] {
  const errors: string[] = []
  if (text.length > 253) errors.push(maxLength(253))
  if (!matches(CONFIG_KEY, text))
    errors.push(
      regexError(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        CONFIG_KEY,
        "key.name",
        "KEY_NAME",
        "key-name",
      ),
    )
  if (text === "." || text === "..") errors.push(`must not be '${text}'`)
  return errors
}

export function envNameErrors(text: string): string[] {
  const errors: string[] = []
  if (!matches(ENV_NAME, text))
    errors.push(
      regexError(
        "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
        ENV_NAME,
        "my.env-name",
        "MY_ENV.NAME",
        "MyEnvName1",
      ),
    )
  if (text === "." || text === "..") errors.push(`must not be '${text}'`)
  return errors
}

/** The name of a container or service port. */
export function portNameErrors(text: string): string[] {
  const errors: string[] = []
  if (text.length > 15) errors.push(maxLength(15))
  if (!/^[-a-z0-9]+$/.test(text)) errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
  if (!/[a-z]/.test(text)) errors.push("must contain at least one letter (a-z)")
  if (text.includes("--")) errors.push("must not contain consecutive hyphens")
  if (text !== "" && (text.startsWith("-") || text.endsWith("-"))) errors.push("must not begin or end with a hyphen")
  return errors
}

export const PORT_RANGE = "must be between 1 and 65535, inclusive"

export const isPort = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535

/** A filter that cannot be compiled: `message` is libpcap's, or says what podwire's filters lack. */
export class FilterError extends Error {}

export function fail(message: string): never {
  throw new FilterError(message)
}

export const syntaxError = (): never => fail("can't parse filter expression: syntax error")

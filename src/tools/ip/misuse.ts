/** A command that is answered with a usage text, which is loaded to be printed. */
export class Misuse {
  /** `ip`, or one of its objects. */
  readonly object: string
  constructor(object: string) {
    this.object = object
  }
}

export const misuse = (object: string): never => {
  throw new Misuse(object)
}

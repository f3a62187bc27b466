/** What the plugin, in Vitest's own process, tells the tests, in theirs. */
export interface NotebookSettings {
  cwd: string
  timeout: number
  /** New outputs are written into the file instead of being failures. */
  accept: boolean
}

declare module "vitest" {
  interface ProvidedContext {
    "podwire:notebooks": NotebookSettings
  }
}

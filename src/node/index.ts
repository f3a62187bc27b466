/** podwire/node: what needs a file system, processes or sockets of the host. */

export type { DisplayOutput, ErrorOutput, Output, StreamOutput } from "../notebook/ipynb.ts"
export { type Cell, type Notebook, NotebookError, parseNotebook, serializeNotebook } from "../notebook/ipynb.ts"
export type { CellFailure, RunOptions, RunResult } from "./notebook-run.ts"
export { runNotebook } from "./run-notebook.ts"
export { save } from "./save.ts"
export { type Served, type ServeOptions, serve } from "./serve/serve.ts"
export { createStaticServer, listen } from "./serve-static.ts"

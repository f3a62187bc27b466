/** The site's own texts, in English: what its other languages must have too. `{name}` is a place for a value. */

/** What the pages' scripts say; each page carries these in its own language. */
const script = {
  "state.waiting": "waiting",
  "state.running": "running…",
  "state.same": "same as published",
  "state.differs": "differs from the published output",
  "state.ran": "ran",
  "state.failed": "failed",
  "state.stopped": "stopped",
  "state.stale": "stale: a cell above has changed",
  "state.edited": "edited",
  "cell.editor": "Code of cell {id}",
  "cell.output": "Output of cell {id}",
  "cell.outputs": "Output {n} of cell {id}",
  "edits.unreadable": "the address ends with edits that cannot be read",
  "edits.opened": "this address brings other texts for {count} of the cells{version}{lost}. Read before you run.",
  "edits.version": ", made with podwire {version}",
  "edits.lost": "; {count} are of cells that are not here",
  "edits.shared": "the address has your edits of {count} cells now",
  "edits.copied": "the address has your edits of {count} cells now, and is on the clipboard",
  "run.reset": "as published",
  "run.stopped": "stopped: the cells above run again with the next one",
  "run.running": "running {id}",
  "run.failed": "cell {id} failed",
  "run.same": "all {count} cells gave the published outputs, byte for byte",
  "run.some": "{ran} of {all} cells ran, {same} as published",
  "shell.ended": "The shell ended with {code}. Load the page again for another one.",
  "code.scrolls": "Code, scrolls sideways",
  "search.unavailable": "The index could not be loaded. Search works on the built site.",
  "search.nothing": "Nothing found for {text}",
  "search.one": "1 place",
  "search.many": "{count} places",
} as const

export const EN = { script }

/** Colours of code, in the editor and in what it says about code. */
import { HighlightStyle } from "@codemirror/language"
import { tags } from "@lezer/highlight"

export const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--pw-code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--pw-code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--pw-code-number)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--pw-code-function)" },
  { tag: [tags.typeName, tags.className], color: "var(--pw-code-type)" },
  { tag: tags.comment, color: "var(--pw-code-comment)" },
])

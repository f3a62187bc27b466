/** Words of a rule, written so that a shell and iptables-restore read them back. Models xtables_save_string. */

const PLAIN = /^[A-Za-z0-9_-]+$/

export function quote(text: string): string {
  if (PLAIN.test(text)) return text
  return `"${text.replaceAll(/["'\\]/g, (letter) => `\\${letter}`)}"`
}

/** The words of a line of iptables-restore: blanks part them, double quotes keep them together, a backslash takes the next letter as it is. Models add_param_to_argv. */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let word = ""
  let quoted = false
  let open = false
  for (let i = 0; i < line.length; i++) {
    const letter = line[i] as string
    if (quoted && letter === "\\" && i + 1 < line.length) word += line[++i]
    else if (letter === '"') {
      quoted = !quoted
      open = true
    } else if (!quoted && (letter === " " || letter === "\t" || letter === "\n")) {
      if (open || word !== "") words.push(word)
      word = ""
      open = false
    } else word += letter
  }
  if (open || word !== "") words.push(word)
  return words
}

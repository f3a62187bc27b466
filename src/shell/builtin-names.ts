/** The names in builtins.ts, for who needs no more of them. */
export const BUILTIN_NAMES: readonly string[] =
  ": true false type command eval exec . exit return break continue alias unalias hash umask ulimit times cd pwd echo printf read wait jobs kill trap fg bg test [ export readonly local unset set shift getopts let builtin source history bind complete compgen compopt caller enable fc help logout suspend pushd popd dirs mapfile readarray disown declare typeset shopt [[".split(
    " ",
  )

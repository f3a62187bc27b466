/** The programs every machine has, in GNU's voice and in busybox's. */
import type { Tool } from "../../linux/task/tool.ts"
import { awk } from "./awk/index.ts"
import { cat, nl, rev, tac, tee } from "./cat.ts"
import { column, cut, fold, paste, tr } from "./cut.ts"
import { date } from "./date.ts"
import { diff } from "./diff.ts"
import { base64, sha256sum } from "./digest.ts"
import { cp, ln, mkdir, mktemp, mv, rm, rmdir, touch } from "./files.ts"
import { find } from "./find.ts"
import { egrep, fgrep, grep } from "./grep.ts"
import { head, tail } from "./head.ts"
import { ls } from "./ls.ts"
import { expr, seq } from "./number.ts"
import { basename, dirname, readlink, realpath, which } from "./path.ts"
import { env, kill, ps, sleep, timeout, xargs, yes } from "./process.ts"
import type { Program } from "./program.ts"
import { sed } from "./sed/index.ts"
import { sort, uniq } from "./sort.ts"
import { chmod, chown, stat } from "./stat.ts"
import {
  arch,
  clear,
  echo,
  falseProgram,
  groups,
  hostname,
  id,
  nproc,
  printenv,
  printf,
  pwd,
  sysctl,
  trueProgram,
  tty,
  uname,
  uptime,
  whoami,
} from "./system.ts"
import { test } from "./test.ts"
import { wc } from "./wc.ts"

const COMMON: readonly Program[] = [
  awk,
  cat,
  nl,
  rev,
  tac,
  tee,
  cut,
  fold,
  paste,
  tr,
  date,
  diff,
  base64,
  sha256sum,
  cp,
  ln,
  mkdir,
  mktemp,
  mv,
  rm,
  rmdir,
  touch,
  find,
  egrep,
  fgrep,
  grep,
  head,
  tail,
  ls,
  expr,
  seq,
  basename,
  dirname,
  readlink,
  realpath,
  which,
  env,
  kill,
  ps,
  sleep,
  timeout,
  xargs,
  yes,
  sed,
  sort,
  uniq,
  chmod,
  chown,
  stat,
  arch,
  clear,
  echo,
  falseProgram,
  groups,
  hostname,
  id,
  nproc,
  printenv,
  printf,
  pwd,
  sysctl,
  trueProgram,
  tty,
  uname,
  uptime,
  whoami,
  wc,
  test("test"),
  test("["),
]

/** What a node has. */
export const GNU_TOOLS: readonly Tool[] = [...COMMON, column].map((program) => program("gnu"))
/** The same names of busybox's one binary. */
export const BUSYBOX_TOOLS: readonly Tool[] = COMMON.map((program) => program("busybox"))

/** -r: packets from a file, as they come. */
import { Savefile } from "../../capture/file/savefile.ts"
import type { Frame } from "../../capture/frame.ts"
import { hasPrinter } from "../../capture/print/ether.ts"
import { strerror } from "../../linux/errno.ts"
import type { OpenFile } from "../../linux/task/file.ts"
import { openFile } from "../../linux/task/open.ts"
import type { Process } from "../../linux/task/process.ts"
import { fail, TcpdumpError } from "./error.ts"
import { compiled } from "./filter.ts"
import { isUserType, linkText } from "./link-names.ts"
import { Output } from "./output.ts"
import type { Settings } from "./settings.ts"

const CHUNK = 65536
const LINUX_SLL2 = 276

export async function replay(proc: Process, settings: Settings, name: string): Promise<number> {
  const file = openInput(proc, name)
  const source = new Savefile()
  const output = await opened(proc, settings, name, source, file)
  const pass = filterFor(proc, settings, source)
  await output.begin()
  let wanted = true
  for (;;) {
    const frames: Frame[] = []
    for (let frame = source.next(); frame !== undefined; frame = source.next()) if (pass(frame)) frames.push(frame)
    wanted = await output.take(frames)
    if (!wanted || !(await more(proc, source, file))) break
  }
  output.close()
  if (name !== "-") file.close()
  // What is broken behind the last packet wanted is not seen.
  const fault = wanted ? source.fault : undefined
  if (fault !== undefined) await proc.err(`tcpdump: pcap_loop: ${fault.message}\n${where(name, fault.offset)}`)
  if (settings.countOnly) await proc.out(`${output.count} packet${output.count === 1 ? "" : "s"}\n`)
  return fault === undefined ? 0 : 1
}

/** podwire's own line: the real tcpdump does not say where. */
const where = (name: string, offset: number): string =>
  `tcpdump: (podwire) ${name === "-" ? "standard input" : name} is cut off or damaged at byte ${offset}\n`

function openInput(proc: Process, name: string): OpenFile {
  const file = name === "-" ? (proc.fds.get(0) ?? "EBADF") : openFile(proc, name, "r")
  if (file === "EISDIR") return fail("error reading dump file: Is a directory")
  return typeof file === "string" ? fail(`${name}: ${strerror(file)}`) : file
}

/** Reads on; false at the end of the file, once everything has been looked at. */
async function more(proc: Process, source: Savefile, file: OpenFile): Promise<boolean> {
  if (source.fault !== undefined || source.ended) return false
  const chunk = await file.read(proc, CHUNK)
  if (chunk.length === 0) source.end()
  else source.push(chunk)
  return true
}

/** Reads up to the end of the file's header and says what kind of file it is. */
async function opened(
  proc: Process,
  settings: Settings,
  name: string,
  source: Savefile,
  file: OpenFile,
): Promise<Output> {
  // Not one packet is taken here: what has been read of them stays in the source.
  while (!source.open() && (await more(proc, source, file)));
  if (source.header === undefined) {
    const { message = "unknown file format", offset = 0 } = source.fault ?? {}
    throw new TcpdumpError(`tcpdump: ${message}\n${where(name, offset)}`)
  }
  const { linkType, snaplen } = source.header
  await proc.err(`reading from file ${name}, link-type ${linkText(linkType)}, snapshot length ${snaplen}\n`)
  if (linkType === LINUX_SLL2) await proc.err("Warning: interface names might be incorrect\n")
  const prints = settings.write === undefined && !settings.countOnly
  if (prints && !hasPrinter(linkType) && !isUserType(linkType)) unprintable(linkType)
  return new Output(proc, settings, linkType, snaplen)
}

function unprintable(linkType: number): never {
  if (linkText(linkType) === String(linkType)) fail(`unknown data link type ${linkType} (min 104, max 289)`)
  return fail(`podwire does not print link-type ${linkText(linkType)}`)
}

function filterFor(proc: Process, settings: Settings, source: Savefile): (frame: Frame) => boolean {
  const { linkType = 1 } = source.header ?? {}
  const pass = compiled(proc, settings, linkType, false)
  return ({ bytes, length }) =>
    pass(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length, length)
}

// Memory into a snapshot and back. What a module itself puts into its memory comes with every instance, so a snapshot
// keeps only the blocks that differ from that. Where the module imports functions, which may have had a hand in its
// beginning, it keeps all blocks that are not zero.

import { FramegateError } from '../errors.ts'
import { type GlobalValue, hex, idBytes, type Run, Snapshot } from '../snapshot.ts'
import { REGION_BYTES } from './frame-stack.ts'
import { type Instantiated, instantiate, type WasmGuest } from './guest.ts'
import { moduleImports } from './module-imports.ts'

/** Blocks are the pages of most systems: those left out stay untouched, and take no memory. */
const BLOCK = 4096
const PAGE = 65_536
/** Bytes that are copied in one turn, some 0.1 ms of work. */
const SLICE = 512 * 1024

/** What the instance knows of itself at rest. */
export interface AtRest {
  readonly framesAt: number
  readonly panicAt: number
  readonly note: Uint8Array
  /** Where memory in use ends; 0: where memory does. */
  readonly memoryEnd: number
}

/**
 * Takes a snapshot of an instance at rest.
 *
 * @throws FramegateError `SNAPSHOT_REFUSED` for guests that keep state elsewhere or whose module has no id
 */
export function capture(
  guest: WasmGuest,
  made: Instantiated,
  { framesAt, panicAt, note, memoryEnd }: AtRest,
): Snapshot {
  const { exports } = made
  if (exports === undefined) {
    throw refused(`a guest of ${made.toolchain} keeps state in its JavaScript, which no snapshot holds; start it anew`)
  }
  if ('__rtti_base' in exports) {
    throw refused(
      'AssemblyScript keeps state in globals that it does not export, which no snapshot holds; start it anew',
    )
  }
  const whole = new Uint8Array(made.memory.buffer)
  const memory = memoryEnd === 0 ? whole : whole.subarray(0, Math.ceil(memoryEnd / PAGE) * PAGE)
  // What is nobody's at rest must neither be kept nor shown to others.
  const blanks = [{ address: framesAt, length: REGION_BYTES }]
  if (guest.stackFirst) blanks.push({ address: 0, length: stackPointer(exports) })
  const isOnModule = !importsFunctions(guest.module)
  const beginning = isOnModule ? beginningOf(guest) : NOTHING
  return Snapshot.of({
    moduleID: idOf(guest),
    memoryBytes: memory.length,
    framesAt,
    panicAt,
    isOnModule,
    globals: mutableGlobals(exports).map(([index, { value }]) => ({ index, value }) as GlobalValue),
    runs: runsOf(memory, beginning, blanks),
    blanks,
    memory,
    note,
  })
}

/**
 * Brings a new instance to where the snapshot was taken; each step of the generator copies a slice.
 *
 * @throws FramegateError `SNAPSHOT_MISMATCH` for a snapshot of another module, `GUEST_MEMORY_EXHAUSTED`
 */
export function* restore(made: Instantiated, snapshot: Snapshot): Generator<void> {
  const { memory, exports } = made
  if (exports === undefined) throw refused(`a guest of ${made.toolchain} starts from no snapshot; open it without`)
  const missing = snapshot.memoryBytes - memory.buffer.byteLength
  if (missing > 0) grow(memory, missing / PAGE, snapshot)
  const bytes = new Uint8Array(memory.buffer)
  if (!snapshot.isOnModule) bytes.fill(0)
  let copied = 0
  for (const [address, run] of snapshot.image()) {
    for (let at = 0; at < run.length; at += SLICE) {
      const slice = run.subarray(at, at + SLICE)
      bytes.set(slice, address + at)
      copied += slice.length
      if (copied >= SLICE) {
        copied = 0
        yield
      }
    }
  }
  const globals = new Map(mutableGlobals(exports))
  for (const { index, value } of snapshot.globals) (globals.get(index) as WebAssembly.Global).value = value
}

/** As {@link restore}, in an instance that was another before. */
export function* restoreSpare(guest: WasmGuest, made: Instantiated, snapshot: Snapshot): Generator<void> {
  const bytes = new Uint8Array(made.memory.buffer)
  wipe(bytes)
  if (snapshot.isOnModule) {
    const beginning = beginningOf(guest)
    bytes.set(beginning.bytes, beginning.address)
  }
  yield* restore(made, snapshot)
}

/**
 * Checks that a guest can start from a snapshot.
 *
 * @throws FramegateError `SNAPSHOT_MISMATCH`, `SNAPSHOT_REFUSED` where the guest's module has no id
 */
export function checkOrigin(guest: WasmGuest, snapshot: Snapshot): void {
  const id = idOf(guest)
  if (snapshot.isOf(id)) return
  throw new FramegateError(
    'SNAPSHOT_MISMATCH',
    `the snapshot is of module ${shortened(snapshot.moduleID)}, the guest's is ${shortened(hex(id))}; make a new one with this module`,
  )
}

/** @throws FramegateError `SNAPSHOT_REFUSED` */
export function refused(reason: string): FramegateError {
  return new FramegateError('SNAPSHOT_REFUSED', reason)
}

// ---- which module

const ids = new WeakMap<WebAssembly.Module, Uint8Array>()

/** The id that the caller gives, or that the linker left in the module: its length, then its bytes. */
function idOf({ module, id }: WasmGuest): Uint8Array {
  if (id !== undefined) return idBytes(id)
  let found = ids.get(module)
  if (found === undefined) {
    const section = WebAssembly.Module.customSections(module, 'build_id')[0]
    if (section === undefined) {
      throw refused(
        'the module has no build_id, so that its snapshots could not be told from another module’s; ' +
          'pass its id (await moduleID(bytes)) with the guest, or link it with --build-id',
      )
    }
    found = idBytes(hex(new Uint8Array(section).subarray(1)))
    ids.set(module, found)
  }
  return found
}

function shortened(id: string): string {
  return `${id.slice(0, 12)}…`
}

function importsFunctions(module: WebAssembly.Module): boolean {
  return moduleImports(module).some(({ kind }) => kind === 'function')
}

// ---- memory

/** Memory from its first byte that is not zero. */
interface Beginning {
  readonly address: number
  readonly bytes: Uint8Array
}

const NOTHING: Beginning = { address: 0, bytes: new Uint8Array(0) }
const beginnings = new WeakMap<WebAssembly.Module, Beginning>()

/** Memory as the module makes it, by an instance that nobody ever calls. */
function beginningOf(guest: WasmGuest): Beginning {
  let beginning = beginnings.get(guest.module)
  if (beginning === undefined) {
    const { memory, exports } = instantiate(guest, NO_GUARD, true)
    const bytes = new Uint8Array(memory.buffer)
    const words = new Int32Array(memory.buffer)
    const end = lengthOfUsed(words)
    // A stack that lies first is blank in every snapshot.
    let address = guest.stackFirst && exports ? stackPointer(exports) & ~(BLOCK - 1) : 0
    while (address < end && isZero(words, address)) address += BLOCK
    beginning = { address, bytes: bytes.slice(address, end) }
    beginnings.set(guest.module, beginning)
  }
  return beginning
}

/** A module without imports calls nobody. */
const NO_GUARD = {
  run: <Result>(_: string, call: () => Result) => call(),
  isRetired: () => false,
  host: <T>(call: T) => call,
}

/** The stretches of blocks that differ from the beginning, apart from those that are blank as a whole. */
function runsOf(memory: Uint8Array, beginning: Beginning, blanks: readonly Run[]): Run[] {
  const runs: { address: number; length: number }[] = []
  const words = new Int32Array(memory.buffer, memory.byteOffset, memory.length >>> 2)
  const first = beginning.address
  const before = new Int32Array(beginning.bytes.buffer, 0, beginning.bytes.length >>> 2)
  for (let address = 0; address < memory.length; address += BLOCK) {
    const blank = blanks.find((each) => address >= each.address && address + BLOCK <= each.address + each.length)
    if (blank !== undefined) {
      address = ((blank.address + blank.length) & ~(BLOCK - 1)) - BLOCK
      continue
    }
    if (isSame(words, address >>> 2, before, (address - first) >> 2)) continue
    const last = runs.at(-1)
    if (last !== undefined && last.address + last.length === address) last.length += BLOCK
    else runs.push({ address, length: BLOCK })
  }
  return runs
}

/** Whether a block is as it was; where there was none it was zero. */
function isSame(words: Int32Array, at: number, before: Int32Array, then: number): boolean {
  const isNew = then < 0 || then >= before.length
  for (let index = 0; index < BLOCK / 4; index++) {
    const was = isNew ? 0 : (before[then + index] as number)
    if (words[at + index] !== was) return false
  }
  return true
}

/** Fills memory with zeros, block by block: one that was never written to takes no memory, and is not to. */
function wipe(bytes: Uint8Array): void {
  const words = new Int32Array(bytes.buffer)
  for (let address = 0; address < bytes.length; address += BLOCK) {
    if (!isZero(words, address)) bytes.fill(0, address, address + BLOCK)
  }
}

function isZero(words: Int32Array, address: number): boolean {
  const end = (address + BLOCK) >>> 2
  let any = 0
  for (let at = address >>> 2; at < end; at += 8) {
    any =
      (words[at] as number) |
      (words[at + 1] as number) |
      (words[at + 2] as number) |
      (words[at + 3] as number) |
      (words[at + 4] as number) |
      (words[at + 5] as number) |
      (words[at + 6] as number) |
      (words[at + 7] as number)
    if (any !== 0) return false
  }
  return true
}

/** Up to the last block that is not zero. */
function lengthOfUsed(words: Int32Array): number {
  let length = words.byteLength
  while (length > 0 && isZero(words, length - BLOCK)) length -= BLOCK
  return length
}

function grow(memory: WebAssembly.Memory, pages: number, { memoryBytes }: Snapshot): void {
  try {
    memory.grow(pages)
  } catch (cause) {
    throw new FramegateError(
      'GUEST_MEMORY_EXHAUSTED',
      `an instance may not have the ${memoryBytes} bytes that its snapshot takes; raise the maximum of its memory`,
      { cause },
    )
  }
}

// ---- globals

function mutableGlobals(exports: WebAssembly.Exports): [index: number, global: WebAssembly.Global][] {
  return Object.values(exports).flatMap((value, index) =>
    value instanceof WebAssembly.Global && isMutableNumber(value)
      ? [[index, value] as [number, WebAssembly.Global]]
      : [],
  )
}

function isMutableNumber(global: WebAssembly.Global): boolean {
  try {
    const { value } = global
    global.value = value
    return typeof value === 'number' || typeof value === 'bigint'
  } catch {
    return false
  }
}

/** At rest, the stack's lowest address in use; below it is what earlier calls left. */
function stackPointer(exports: WebAssembly.Exports): number {
  const pointer = exports.__stack_pointer
  return pointer instanceof WebAssembly.Global ? Number(pointer.value) >>> 0 : 0
}

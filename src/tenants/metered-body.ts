// Puts fuel into one function: at its entry and at the head of each loop stands
//
//   fuel = fuel - cost; if (fuel < 0) unreachable
//
// where cost is what the longest way from there takes, up to the next such place or the end. Ways do not go in circles
// except through the head of a loop, so that a single pass finds it: each point of the code knows the most that it takes
// to get there, and where ways meet the larger counts. A guest pays for the longest of the arms of a switch, not for all.
//
// Instructions that take as long as an operand says (memory.fill and its like) pay for it by a call just before them.

import { MalformedModule, type SectionReader } from '../wasm-sections.ts'
import { blockType, type Length, op, plainInstruction, valueType } from './instructions.ts'
import { joined, leb, signedLeb } from './module-bytes.ts'

/** Of a function's type, how many values. */
export interface Arity {
  readonly parameters: number
  readonly results: number
}

/** What a function's code refers to. */
export interface Surroundings {
  readonly types: readonly Arity[]
  /** The type of each function, imported ones first. */
  readonly functions: readonly number[]
  /** The number of the global that holds the fuel. */
  readonly fuel: number
  /** The functions that take a length, pay for it and return it. */
  readonly payers: Readonly<Record<Length, number>>
}

/** A function of more bytes than this takes a compiler too long. Large ones of Rust and C have some ten thousand. */
const LONGEST_BODY = 262_144
/** Blocks within one another. Compilers of WebAssembly recurse; programs have some dozens. */
const DEEPEST_NESTING = 1_000

/** The whole of ways that begin at one place where fuel is taken: a function's entry, or the head of a loop. */
interface Stretch {
  /** What the longest way takes. */
  longest: number
  /** What the longest way of the stretch around it takes up to this loop; -1 if none gets there. */
  readonly before: number
  /** Which of the chunks takes the fuel. */
  readonly chunk: number
}

interface Block {
  readonly kind: 'block' | 'loop' | 'if' | 'else'
  readonly stretch: number
  /** How many values a branch to it moves. */
  readonly moved: number
  /** How many values it leaves. */
  readonly results: number
  /** The longest way to its beginning, and to its end by branches; -1 if there is none. */
  readonly before: number
  end: number
}

/** The code of one entry of the code section, without the length before it, that takes fuel. */
export function meteredBody(body: SectionReader, type: number, around: Surroundings): Uint8Array {
  if (body.bytes.length > LONGEST_BODY) {
    throw new MalformedModule(`it has a function of ${body.bytes.length} bytes; ${LONGEST_BODY} is the most`)
  }
  return new Pass(body, type, around).run()
}

class Pass {
  readonly #body: SectionReader
  readonly #around: Surroundings
  readonly #own: Arity
  readonly #chunks: Uint8Array[] = []
  readonly #blocks: Block[] = []
  readonly #stretches: Stretch[] = []
  /** The longest way to here from where fuel was taken; -1 where none gets. */
  #here = 0
  #written: number
  /** The number of a local of our own. */
  #local = 0

  constructor(body: SectionReader, type: number, around: Surroundings) {
    this.#body = body
    this.#around = around
    this.#own = arityOf(around, type)
    this.#written = body.offset
  }

  run(): Uint8Array {
    this.#locals()
    const { results } = this.#own
    this.#blocks.push({ kind: 'block', stretch: 0, moved: results, results, before: 0, end: -1 })
    while (this.#blocks.length > 0) this.#instruction()
    if (!this.#body.done) throw new MalformedModule('it has a function that goes on after its end')
    this.#copy()
    return joined(this.#chunks)
  }

  /** The declarations, with a local more. Locals are set to zero at each call, which takes time as well. */
  #locals(): void {
    const groups = this.#body.list(() => ({ count: this.#body.leb(), type: valueType(this.#body) }))
    const count = groups.reduce((total, group) => total + group.count, 0)
    this.#local = this.#own.parameters + count
    const ours = { count: 1, type: 0x7f }
    const declared = [...groups, ours].flatMap((group) => [...leb(group.count), group.type])
    this.#chunks.push(Uint8Array.from([...leb(groups.length + 1), ...declared]))
    this.#written = this.#body.offset
    this.#begin()
    this.#spend(1 + this.#own.parameters + count)
  }

  #instruction(): void {
    const body = this.#body
    const at = body.offset
    const code = body.byte()
    switch (code) {
      case op.block:
      case op.loop:
      case op.if:
        this.#enter(code === op.block ? 'block' : code === op.loop ? 'loop' : 'if')
        return
      case op.else:
        this.#otherwise()
        return
      case op.end:
        this.#leave()
        return
      case op.unreachable:
        this.#spend(1)
        this.#here = -1
        return
      case op.return:
        this.#spend(1 + this.#own.results)
        this.#here = -1
        return
      case op.br:
      case op.brIf:
        this.#branch(body.leb())
        if (code === op.br) this.#here = -1
        return
      case op.brTable: {
        const targets = new Set(body.list(() => body.leb()))
        targets.add(body.leb())
        this.#spend(2)
        const before = this.#here
        for (const target of targets) {
          this.#here = before
          this.#branch(target)
        }
        this.#here = -1
        return
      }
      case op.call:
        this.#call(arityOf(this.#around, this.#around.functions[body.leb()]))
        return
      case op.callIndirect: {
        const type = body.leb()
        body.leb()
        this.#spend(4)
        this.#call(arityOf(this.#around, type))
        return
      }
    }
    const weight = plainInstruction(body, code)
    if (weight === undefined) throw refused(code, body)
    this.#spend(weight.fuel)
    if (weight.length !== undefined) {
      this.#copy(at)
      this.#chunks.push(Uint8Array.from([op.call, ...leb(this.#around.payers[weight.length])]))
    }
  }

  #call({ parameters, results }: Arity): void {
    this.#spend(1 + parameters + results)
  }

  #enter(kind: 'block' | 'loop' | 'if'): void {
    const index = blockType(this.#body)
    const type = index < 0 ? { parameters: 0, results: index === -1 ? 0 : 1 } : arityOf(this.#around, index)
    if (this.#blocks.length >= DEEPEST_NESTING) {
      throw new MalformedModule(`it has more than ${DEEPEST_NESTING} blocks within one another`)
    }
    this.#spend(1 + type.parameters)
    const isLoop = kind === 'loop'
    const before = this.#here
    if (isLoop) {
      this.#begin()
      this.#spend(1 + type.parameters)
    }
    const stretch = this.#stretches.length - 1
    const moved = isLoop ? type.parameters : type.results
    this.#blocks.push({ kind, stretch, moved, results: type.results, before, end: -1 })
  }

  #otherwise(): void {
    const block = this.#blocks.pop()
    if (block === undefined || block.kind !== 'if') throw new MalformedModule('it has an else without an if')
    const end = Math.max(block.end, this.#here)
    this.#here = block.before
    this.#blocks.push({ ...block, kind: 'else', end })
  }

  #leave(): void {
    const block = this.#blocks.pop() as Block
    this.#spend(block.results)
    if (block.kind === 'loop') {
      const reached = this.#here >= 0
      const stretch = this.#stretches.pop() as Stretch
      this.#chunks[stretch.chunk] = this.#taking(stretch.longest)
      this.#here = reached ? stretch.before : -1
    } else {
      const skipped = block.kind === 'if' ? block.before : -1
      this.#here = Math.max(this.#here, block.end, skipped)
      if (this.#blocks.length > 0) return
      const entry = this.#stretches[0] as Stretch
      this.#chunks[entry.chunk] = this.#taking(entry.longest)
    }
  }

  #branch(depth: number): void {
    const target = this.#blocks[this.#blocks.length - 1 - depth]
    if (target === undefined) throw new MalformedModule('it has a branch to where there is no block')
    this.#spend(1 + target.moved)
    // The head of a loop takes fuel anew.
    if (target.kind === 'loop') return
    const inner = this.#stretches[target.stretch + 1]
    // Out of loops: what came within them was paid for at their heads.
    const way = inner === undefined ? this.#here : this.#here < 0 ? -1 : inner.before
    target.end = Math.max(target.end, way)
  }

  /** Takes fuel here; how much is known when all ways from here are. */
  #begin(): void {
    this.#copy()
    this.#chunks.push(new Uint8Array())
    this.#stretches.push({ longest: 0, before: this.#here, chunk: this.#chunks.length - 1 })
    this.#here = 0
  }

  #spend(fuel: number): void {
    if (this.#here < 0) return
    this.#here += fuel
    const stretch = this.#stretches[this.#stretches.length - 1] as Stretch
    if (this.#here > stretch.longest) stretch.longest = this.#here
  }

  #taking(cost: number): Uint8Array {
    return takingFuel(this.#around.fuel, [op.i32Const, ...signedLeb(cost)], this.#local)
  }

  /** Copies what was read and not yet written. */
  #copy(until = this.#body.offset): void {
    if (until > this.#written) this.#chunks.push(this.#body.bytes.subarray(this.#written, until))
    this.#written = until
  }
}

/** Code that takes fuel, as much as the code `cost` says, by means of an i32 local. */
export function takingFuel(fuel: number, cost: readonly number[], local: number): Uint8Array {
  const { globalGet, globalSet, localTee, localGet, i32Const, i32Subtract, i32LessSigned, unreachable, end } = op
  const [global, own] = [leb(fuel), leb(local)]
  return Uint8Array.from([
    ...[globalGet, ...global, ...cost, i32Subtract, localTee, ...own, globalSet, ...global],
    ...[localGet, ...own, i32Const, 0, i32LessSigned, op.if, 0x40, unreachable, end],
  ])
}

function arityOf(around: Surroundings, type: number | undefined): Arity {
  const found = type === undefined ? undefined : around.types[type]
  if (found === undefined) throw new MalformedModule('it names a type that there is not')
  return found
}

function refused(code: number, body: SectionReader): MalformedModule {
  const second = code >= 0xfb ? ` 0x${(body.bytes[body.offset - 1] ?? 0).toString(16)}` : ''
  return new MalformedModule(
    `it has the instruction 0x${code.toString(16)}${second}, which is not among those that a metered guest may have; ` +
      'build it without threads, exceptions, tail calls, garbage collection and relaxed vectors',
  )
}

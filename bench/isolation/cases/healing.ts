/**
 * Abrupt ends in a row, of every kind in turn, and after each one a healthy call that must be right: how long that call
 * takes, which makes the next instance, beside a healthy call that follows a healthy one; and whether memory grows with the
 * number of ends. Memory is read as it is, without a collection that a program would not ask for.
 *
 * An evaluator of the example shop is ended by fuel. A user that is larger than its memory may be is refused with a typed
 * error before the engine is entered, which ends no instance; a growing expression of other specs ends one within. No
 * evaluator can be made to trap or to call the host: these ends are those of the probe. A guest that was given callbacks
 * refuses snapshots, so that this one starts anew.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FramegateError, User } from '../../../src/node.ts'
import { makeUser, projectFolder } from '../../workload.ts'
import { createEvaluator, meteredEngineModule, moduleID, open } from '../built.ts'
import { Latencies } from '../latencies.ts'
import { matching } from '../matching.ts'
import { collect, rss } from '../memory.ts'
import { atMost, type CaseReport, exactly, row } from '../report.ts'
import { expectSame, WrongAnswer } from '../wrong-answer.ts'
import type { Sizes } from './index.ts'

/** A way to end. */
interface Kind {
  readonly title: string
  readonly code: string
  /** Asks what cannot be answered. */
  end(): unknown
  /** A question whose answer is checked. */
  healthy(number: number): void
  /** The number of the instance that answers. */
  generation(): number
}

const warmUp = 500
const mostGrowth = 20
const MiB = 1024 * 1024
const shop = join(projectFolder, 'examples')

export async function measure({ isQuick }: Sizes): Promise<CaseReport> {
  const ends = isQuick ? 1000 : 10_000
  const kinds = [...(await probeKinds()), ...shopKinds(), growingKind()]
  const times = kinds.map(() => ({ ending: new Latencies(), healing: new Latencies(), healthy: new Latencies() }))
  let typed = 0
  const started = kinds.map(() => 0)
  let highest = 0
  const samples: number[] = []
  for (let number = 0; number < ends; number++) {
    const index = number % kinds.length
    const kind = kinds[index]!
    const { ending, healing, healthy } = times[index]!
    const before = kind.generation()
    if (timed(ending, () => endedAs(kind))) typed++
    timed(healing, () => kind.healthy(number))
    started[index]! += kind.generation() - before
    timed(healthy, () => kind.healthy(number))
    if (number + 1 >= warmUp && (number + 1) % 100 === 0) {
      const now = rss()
      samples.push(now)
      highest = Math.max(highest, now)
    }
  }
  const grown = samples.at(-1)! - samples[0]!
  await collect()
  const us = (times: Latencies, percent: number) => times.percentile(percent) * 1000
  return {
    title: 'healing: after abrupt ends',
    sizes: `${ends.toLocaleString('en-US')} ends in a row, ${kinds.length} kinds in turn; memory from after ${warmUp} of them on`,
    rows: [
      row('ends with their typed error', '', typed, exactly(ends)),
      row(
        'new instances',
        '',
        started.reduce((sum, count) => sum + count, 0),
      ),
      row('memory after warm-up', 'MB', samples[0]!),
      row('growth to the end', 'MB', grown, atMost(mostGrowth)),
      row('growth at the highest', 'MB', highest - samples[0]!),
      row('memory at the end, collected', 'MB', rss()),
      ...kinds.flatMap(({ title }, index) => {
        const { ending, healing, healthy } = times[index]!
        return [
          row(`${title}: new instances`, '', started[index]!),
          row(`${title}: the call that ends, p50`, 'µs', us(ending, 50)),
          row(`${title}: the next call, p50`, 'µs', us(healing, 50)),
          row(`${title}: the next call, p99`, 'µs', us(healing, 99)),
          row(`${title}: the next call, longest`, 'µs', healing.highest * 1000),
          row(`${title}: a call after that, p50`, 'µs', us(healthy, 50)),
        ]
      }),
    ],
    notes: [],
  }
}

function timed<Result>(into: Latencies, call: () => Result): Result {
  const began = performance.now()
  const result = call()
  into.record(performance.now() - began)
  return result
}

function endedAs({ title, code, end }: Kind): boolean {
  try {
    end()
  } catch (error) {
    const given = (error as Partial<FramegateError>).code
    if (given === code) return true
    throw new WrongAnswer(`${title} ends as ${given ?? String(error)}, not as ${code}`, { cause: error })
  }
  throw new WrongAnswer(`${title} does not end`)
}

async function probeKinds(): Promise<Kind[]> {
  const bytes = readFileSync(join(projectFolder, 'dist/probe.wasm'))
  const guest = { module: new WebAssembly.Module(bytes), id: await moduleID(bytes) }
  const faults = {
    probe_i32: { parameters: ['i32'], result: 'i32' },
    probe_trap: { parameters: [], result: 'void' },
    probe_recurse: { parameters: ['u32'], result: 'u32' },
  } as const
  const callback = { type: 'callback', parameters: ['i32', 'pointer'], result: 'i32' } as const
  const calling = {
    probe_i32: faults.probe_i32,
    probe_call_i32: { parameters: [callback, 'i32', 'pointer'], result: 'i32' },
  } as const
  const recoveriesPerSecond = Number.POSITIVE_INFINITY
  const faulty = open(guest, faults, { snapshot: open(guest, faults).snapshot(), recoveriesPerSecond })
  const calls = open(guest, calling, { recoveriesPerSecond })
  const throws = (): number => {
    throw new Error('of the host')
  }
  const echo = (library: { readonly symbols: { readonly probe_i32: (value: number) => number } }) => (number: number) =>
    expectSame('the probe', library.symbols.probe_i32(number), number)
  return [
    {
      title: 'probe, trap',
      code: 'GUEST_TRAPPED',
      end: () => faulty.symbols.probe_trap(),
      healthy: echo(faulty),
      generation: () => faulty.generation,
    },
    {
      title: 'probe, full stack',
      code: 'GUEST_STACK_EXHAUSTED',
      end: () => faulty.symbols.probe_recurse(1_000_000_000),
      healthy: echo(faulty),
      generation: () => faulty.generation,
    },
    {
      title: 'probe, exception of the host',
      code: 'GUEST_INTERRUPTED',
      end: () => calls.symbols.probe_call_i32(throws, 1, null),
      healthy: echo(calls),
      generation: () => calls.generation,
    },
  ]
}

function shopKinds(): Kind[] {
  const specs = readFileSync(join(shop, 'shop.specs.json'))
  const lists = join(shop, 'id-lists')
  const idLists = Object.fromEntries(readdirSync(lists).map((name) => [name, readFileSync(join(lists, name), 'utf8')]))
  const source = { specs, idLists, module: meteredEngineModule(), recoveriesPerSecond: Number.POSITIVE_INFINITY }
  const maxBytes = 4 * MiB
  const burning = createEvaluator({ ...source, limits: { fuel: 10_000 } })
  const growing = createEvaluator({ ...source, limits: { maxBytes } })
  const undisturbed = createEvaluator({ specs, idLists })
  const { gates } = undisturbed.list
  const asked = 997
  const right = Array.from({ length: asked }, (_, number) =>
    undisturbed.checkGate(makeUser(number), gates[number % gates.length]!),
  )
  const healthy = (evaluator: { checkGate(user: User, gate: string): boolean }) => (number: number) => {
    const index = number % asked
    const gate = gates[index % gates.length]!
    expectSame(gate, evaluator.checkGate(makeUser(index), gate), right[index])
  }
  const withEmail = gates.find((gate) => undisturbed.fieldsFor(gate, 'gate').some((field) => /email/.test(field)))!
  const large = (bytes: number): User => ({ ...makeUser(1), email: 'x'.repeat(bytes) })
  const burner = large(300_000)
  const tooLarge = large(maxBytes)
  return [
    {
      title: 'shop, fuel',
      code: 'FUEL_EXHAUSTED',
      end: () => burning.checkGate(burner, withEmail),
      healthy: healthy(burning),
      generation: () => burning.generation,
    },
    {
      title: 'shop, a user beyond the cap',
      code: 'GUEST_MEMORY_EXHAUSTED',
      end: () => growing.checkGate(tooLarge, withEmail),
      healthy: healthy(growing),
      generation: () => growing.generation,
    },
  ]
}

/** A gate whose expression keeps a place to go back to for each letter, until there is no memory for another. */
function growingKind(): Kind {
  const evaluator = createEvaluator({
    specs: matching('^(a|b)*\\1c$'),
    recoveriesPerSecond: Number.POSITIVE_INFINITY,
    limits: { maxBytes: 3 * MiB },
  })
  const grower = { userID: 'u', custom: { text: 'ab'.repeat(100_000) } }
  return {
    title: 'expression, cap of memory',
    code: 'GUEST_MEMORY_EXHAUSTED',
    end: () => evaluator.checkGate(grower, 'gate'),
    healthy: (number) => {
      const isOpen = number % 2 === 0
      const given = evaluator.checkGate({ userID: 'u', custom: { text: isOpen ? 'abbc' : 'ab' } }, 'gate')
      expectSame('the gate of the expression', given, isOpen)
    },
    generation: () => evaluator.generation,
  }
}

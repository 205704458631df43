/** Snapshots of any guest: what they hold, what they never hold, what starts from them, and what is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as loader from '@assemblyscript/loader'
import { describe, expect, test } from 'vitest'
import { moduleID, open, openInSlices, Snapshot, Spares } from '../src/ffi/index.ts'
import { projectFolder } from './support/data.ts'
import { compiledWat } from './wat/compile.ts'
import { codeOf, thrownBy } from './wat/thrown.ts'

const definitions = {
  initialized: { parameters: [], result: 'i32' },
  count: { parameters: [], result: 'i64' },
  load: { parameters: ['i32'], result: 'u8' },
  store: { parameters: ['i32', 'i32'], result: 'void' },
  grow: { parameters: ['i32'], result: 'i32' },
  trap: { parameters: [], result: 'void' },
} as const

const guest = { module: compiledWat('state'), id: 'a1b2c3' }
const opened = (options: Parameters<typeof open<typeof definitions>>[2] = {}) => open(guest, definitions, options)

/** A guest with state of every kind, and the snapshot of it. */
function withState() {
  const library = opened()
  const { symbols } = library
  symbols.grow(3)
  symbols.store(65_536, 0x42)
  symbols.store(300_000, 0x43)
  symbols.count()
  return { library, snapshot: library.snapshot(Uint8Array.of(1, 2, 3)) }
}

function expectState({ symbols }: Pick<ReturnType<typeof opened>, 'symbols'>): void {
  expect([symbols.load(65_536), symbols.load(65_537), symbols.load(300_000)]).toEqual([0x42, 's'.charCodeAt(0), 0x43])
  expect(symbols.count()).toBe(7n)
  expect(symbols.initialized()).toBe(1)
}

describe('an instance that others begin in', () => {
  const interchangeable = { ...guest, interchangeable: 0 }
  const bufferOf = (library: ReturnType<typeof opened>) => {
    const frame = library.frame(8)
    const { buffer } = frame.memory.u8
    frame.release()
    return buffer
  }
  const written = (library: ReturnType<typeof opened>) => {
    for (let at = 0; at < library.memoryBytes; at += 512) library.symbols.store(at, 0x99)
    return bufferOf(library)
  }

  test('is as a new one, however it was left', () => {
    const { library, snapshot } = withState()
    using _ = library
    using fresh = opened({ snapshot })
    expectState(fresh)
    const expected = Buffer.from(new Uint8Array(bufferOf(fresh)))
    using used = open(interchangeable, definitions, { snapshot })
    for (let end = 0; end < 5; end++) {
      const buffer = written(used)
      used.symbols.count()
      expect(codeOf(() => used.symbols.trap())).toBe('GUEST_TRAPPED')
      expectState(used)
      expect(bufferOf(used)).toBe(buffer)
      expect(Buffer.from(new Uint8Array(buffer)).equals(expected)).toBe(true)
      expect(used.generation).toBe(end + 2)
    }
  })

  test('is none that was not declared so, has grown, or holds a frame', () => {
    const { library, snapshot } = withState()
    using _ = library
    using plain = opened({ snapshot })
    const plainBuffer = written(plain)
    expect(codeOf(() => plain.symbols.trap())).toBe('GUEST_TRAPPED')
    expectState(plain)
    expect(bufferOf(plain)).not.toBe(plainBuffer)
    using used = open(interchangeable, definitions, { snapshot })
    used.symbols.grow(1)
    const grown = written(used)
    expect(codeOf(() => used.symbols.trap())).toBe('GUEST_TRAPPED')
    expectState(used)
    expect(bufferOf(used)).not.toBe(grown)
    expect(used.memoryBytes).toBe(snapshot.memoryBytes)
    const held = used.frame(64)
    held.memory.u8.fill(0x77, held.base, held.base + 64)
    expect(codeOf(() => used.symbols.trap())).toBe('GUEST_TRAPPED')
    expectState(used)
    expect(bufferOf(used)).not.toBe(held.memory.u8.buffer)
    held.release()
  })

  test('serves other libraries of its kind alone', () => {
    const { library, snapshot } = withState()
    using _ = library
    const spares = new Spares(2)
    const buffers = [0, 1, 2].map((kind) => {
      const left = open({ ...guest, interchangeable: kind }, definitions, { snapshot, spares })
      const buffer = written(left)
      left.close()
      return buffer
    })
    const taken = (kind: number) => {
      const next = open({ ...guest, interchangeable: kind }, definitions, { snapshot, spares })
      expectState(next)
      return bufferOf(next)
    }
    // Two are kept, the latest.
    expect(buffers).not.toContain(taken(0))
    expect(taken(1)).toBe(buffers[1])
    expect(buffers).not.toContain(taken(1))
    expect(taken(2)).toBe(buffers[2])
  })
})

describe('a snapshot', () => {
  test('holds data, memory, growth, globals and the caller’s note, and nothing of the guest runs', () => {
    const { library, snapshot } = withState()
    using _ = library
    using copy = opened({
      snapshot,
      start: () => {
        throw new Error('start ran')
      },
    })
    expectState(copy)
    expect(copy.memoryBytes).toBe(snapshot.memoryBytes)
    expect([...snapshot.note]).toEqual([1, 2, 3])
    expect(snapshot.moduleID).toBe('a1b2c3')
  })

  test('is what the next generations of its own library start from', () => {
    const { library } = withState()
    using _ = library
    library.symbols.store(300_000, 0)
    expect(codeOf(() => library.symbols.trap())).toBe('GUEST_TRAPPED')
    expectState(library)
    expect(library.generation).toBe(2)
    expect(library.stats).toMatchObject({ generation: 2, ends: { GUEST_TRAPPED: 1 } })
    expect(library.stats.peakBytes).toBe(library.memoryBytes)
  })

  test('does not change with the instance that it was taken of', () => {
    const { library, snapshot } = withState()
    using _ = library
    library.symbols.store(65_536, 0)
    using copy = opened({ snapshot })
    expectState(copy)
  })

  test('goes through a file, a SharedArrayBuffer and bytes at any address', () => {
    const { snapshot } = withState()
    const folder = mkdtempSync(join(tmpdir(), 'framegate-snapshot-'))
    try {
      writeFileSync(join(folder, 'state'), snapshot.bytes)
      using fromFile = opened({ snapshot: Snapshot.from(readFileSync(join(folder, 'state'))) })
      expectState(fromFile)
    } finally {
      rmSync(folder, { recursive: true })
    }
    const shared = new SharedArrayBuffer(snapshot.bytes.length + 3)
    const odd = new Uint8Array(shared, 3)
    odd.set(snapshot.bytes)
    using fromShared = opened({ snapshot: Snapshot.from(odd) })
    expectState(fromShared)
  })

  test('opened in slices is the same', async () => {
    const { snapshot } = withState()
    let pauses = 0
    using copy = await openInSlices(guest, definitions, { snapshot }, async () => {
      pauses++
    })
    expectState(copy)
    expect(pauses).toBe(0)
    // A larger one takes several.
    using large = opened()
    large.symbols.grow(50)
    for (let at = 4 * 65_536; at < 50 * 65_536; at += 4096) large.symbols.store(at, 1)
    using again = await openInSlices(guest, definitions, { snapshot: large.snapshot() }, async () => {
      pauses++
    })
    expect(pauses).toBeGreaterThan(3)
    expect(again.symbols.load(40 * 65_536)).toBe(1)
  })

  test('leaves out what the module itself puts into memory, and memory that nobody wrote', () => {
    using library = opened()
    const empty = library.snapshot()
    library.symbols.grow(40)
    library.symbols.store(40 * 65_536, 1)
    const grown = library.snapshot()
    expect(empty.bytes.length).toBeLessThan(4096 + 512)
    expect(grown.bytes.length).toBeLessThan(2 * 4096 + 512)
    expect(grown.memoryBytes).toBeGreaterThan(40 * 65_536)
  })

  test('holds nothing of the frames of earlier calls', () => {
    const module = new WebAssembly.Module(readFileSync(join(projectFolder, 'dist/probe.wasm')))
    using library = open({ module, id: 'probe' }, { probe_text_hash: { parameters: ['cstring'], result: 'u32' } })
    const canary = 'canary-in-a-frame-of-an-earlier-call'
    library.symbols.probe_text_hash(canary)
    expect(Buffer.from(library.snapshot().bytes).includes(canary)).toBe(false)
  })
})

describe('is refused:', () => {
  const { snapshot } = withState()

  test('a snapshot of another module', () => {
    const other = { ...guest, id: 'd4e5f6' }
    expect(codeOf(() => open(other, definitions, { snapshot }))).toBe('SNAPSHOT_MISMATCH')
  })

  test('bytes that are cut off, at any length', () => {
    for (let length = 0; length < snapshot.bytes.length; length += length < 256 ? 1 : 97) {
      expect(codeOf(() => Snapshot.from(snapshot.bytes.slice(0, length)))).toBe('SNAPSHOT_INVALID')
    }
  })

  test('bytes with a bit flipped, anywhere', () => {
    for (let at = 0; at < snapshot.bytes.length; at += at < 512 ? 1 : 89) {
      const damaged = snapshot.bytes.slice()
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8))
      expect(
        codeOf(() => Snapshot.from(damaged)),
        `byte ${at}`,
      ).toBe('SNAPSHOT_INVALID')
    }
  })

  test('bytes of another version, and what is no snapshot', () => {
    const newer = snapshot.bytes.slice()
    newer[4] = 99
    expect(thrownBy(() => Snapshot.from(newer)).message).toMatch(/version 99/)
    expect(codeOf(() => Snapshot.from(new Uint8Array(4096)))).toBe('SNAPSHOT_INVALID')
  })

  test('a snapshot while a frame is held, or a call is in flight', () => {
    using library = opened()
    const frame = library.frame(16)
    expect(codeOf(() => library.snapshot())).toBe('SNAPSHOT_REFUSED')
    frame.release()
    library.snapshot()

    const nested = open(
      { module: compiledWat('nesting'), id: 'b0', imports: { host: { went_on: () => {} } } },
      { import: { parameters: [], result: 'i32' }, call: { parameters: [callback, 'i32'], result: 'i32' } },
    )
    using _ = nested
    const codes: unknown[] = []
    nested.symbols.call((value) => {
      codes.push(codeOf(() => nested.snapshot()))
      return value
    }, 1)
    // Afterwards the guest's table has a function of the host in it, which another instance's would not have.
    codes.push(codeOf(() => nested.snapshot()))
    expect(codes).toEqual(['SNAPSHOT_REFUSED', 'SNAPSHOT_REFUSED'])
  })

  test('a snapshot of a module without an id, with the remedy', () => {
    using library = open({ module: compiledWat('state') }, definitions)
    expect(thrownBy(() => library.snapshot()).message).toMatch(/moduleID\(bytes\)/)
  })

  test('a guest that keeps state where no snapshot reaches', async () => {
    const bytes = readFileSync(join(projectFolder, '.cache/guests/probe-assemblyscript.wasm'))
    const managed = { module: new WebAssembly.Module(bytes), id: await moduleID(bytes), loader }
    const add = { add: { parameters: ['i32', 'i32'], result: 'i32' } } as const
    using library = open(managed, add)
    expect(codeOf(() => library.snapshot())).toBe('SNAPSHOT_REFUSED')
    expect(codeOf(() => open(managed, add, { snapshot: forge(managed.id) }))).toBe('SNAPSHOT_REFUSED')
  })

  function forge(id: string): Snapshot {
    using library = open({ ...guest, id }, definitions)
    return library.snapshot()
  }
})

test('a snapshot that takes more memory than the instance may have is refused, and nothing is lost', () => {
  using library = opened()
  library.symbols.grow(20)
  const snapshot = library.snapshot()
  const small = {
    module: compiledWat('imported'),
    id: guest.id,
    imports: () => ({ env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 4 }) } }),
  }
  const code = codeOf(() => open(small, { one: { parameters: [], result: 'i32' } }, { snapshot }))
  expect(code).toBe('GUEST_MEMORY_EXHAUSTED')
})

const callback = { type: 'callback', parameters: ['i32'], result: 'i32' } as const

describe('fuel', () => {
  const metered = { module: compiledWat('fuel'), id: 'f0', fuel: 'fuel' }
  const turns = {
    turn: { parameters: ['i32'], result: 'i32' },
    done: { parameters: [], result: 'i32' },
    trap: { parameters: [], result: 'void' },
  } as const

  test('is given to each call anew, and ends it at the same place', () => {
    using library = open(metered, turns, { fuel: 100 })
    for (let call = 0; call < 10; call++) expect(library.symbols.turn(98)).toBe(98)
    for (let call = 0; call < 5; call++) {
      expect(thrownBy(() => library.symbols.turn(99_999))).toMatchObject({
        code: 'FUEL_EXHAUSTED',
        message: expect.stringContaining('it had 100'),
      })
      expect(library.symbols.turn(99)).toBe(99)
    }
    expect(codeOf(() => library.symbols.turn(100))).toBe('FUEL_EXHAUSTED')
    expect(library.stats.ends).toEqual({ FUEL_EXHAUSTED: 6 })
  })

  test('that is left does not make another trap one of fuel', () => {
    using library = open(metered, turns, { fuel: 100 })
    expect(codeOf(() => library.symbols.trap())).toBe('GUEST_TRAPPED')
  })

  test('is refused where it is none, or nothing counts it', () => {
    expect(codeOf(() => open(metered, turns, { fuel: 1.5 }))).toBe('ARGUMENT_INVALID')
    expect(codeOf(() => open({ ...metered, fuel: 'diesel' }, turns))).toBe('GUEST_INCOMPATIBLE')
  })
})

describe('a storm of abrupt ends', () => {
  test('is bounded: beyond so many a second, calls are refused with the last cause, and go on later', async () => {
    const told: string[] = []
    using library = opened({ recoveriesPerSecond: 20, onEnd: ({ code }) => told.push(code) })
    const codes = Array.from({ length: 200 }, () => codeOf(() => library.symbols.trap()))
    const trapped = codes.filter((code) => code === 'GUEST_TRAPPED').length
    // The first instance and one for each recovery; some time passes meanwhile.
    expect(trapped).toBeGreaterThanOrEqual(21)
    expect(trapped).toBeLessThan(60)
    expect(told).toHaveLength(trapped)
    const unstable = thrownBy(() => library.symbols.count())
    expect(unstable.code).toBe('ENGINE_UNSTABLE')
    expect(unstable.message).toMatch(/trap trapped: .*answered again in \d+ ms/s)
    expect((unstable.cause as Error).message).toMatch(/trapped/)
    await new Promise((resolve) => setTimeout(resolve, 120))
    expect(library.symbols.count()).toBe(6n)
  })

  test('counts instances whose memory has grown once more for each MiB', () => {
    const trappedOf = (pages: number) => {
      using library = opened({ recoveriesPerSecond: 10 })
      const codes = Array.from({ length: 30 }, () =>
        codeOf(() => {
          library.symbols.grow(pages)
          library.symbols.trap()
        }),
      )
      return codes.filter((code) => code === 'GUEST_TRAPPED').length
    }
    // The first instance, then ten recoveries of one each, or four of three.
    expect(trappedOf(0)).toBeGreaterThanOrEqual(11)
    expect(trappedOf(32)).toBeGreaterThanOrEqual(5)
    expect(trappedOf(32)).toBeLessThan(9)
  })
})

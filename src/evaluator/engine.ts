// An engine that answers: an instance with loaded specs, and what a host knows of them.

import {
  type Frame,
  type FramegateError,
  type Library,
  type NativeGuest,
  type OpenOptions,
  open,
  openInSlices,
  type Snapshot,
  type WasmGuest,
} from '../ffi/index.ts'
import { Catalog } from './catalog.ts'
import { ANSWERING, ENGINE, MOST_BYTES } from './guest.ts'
import { HASH_SIZE, HEAD_SIZE, SLOT_SIZE } from './layout.ts'
import { checkPanic, type Loaded, type LoadInput, loadInto, type ReadOptions, readLoaded } from './load.ts'
import { Slabs } from './slabs.ts'

type AnsweringLibrary = Library<typeof ANSWERING, unknown>
type NativeLibrary = Library<typeof ENGINE, unknown>

/**
 * How instances of an engine run.
 *
 * @internal
 */
export interface RunOptions
  extends Pick<OpenOptions<typeof ANSWERING>, 'fuel' | 'recoveriesPerSecond' | 'spares' | 'onEnd'> {
  /** What the memory of an instance can hold. */
  readonly maxBytes?: number
}

/** Specs that are loaded, and an instance that answers questions about them; for the layers above alone. */
export class Engine {
  /** @internal */
  readonly library: AnsweringLibrary
  /** @internal */
  readonly catalog: Catalog
  /**
   * The first part of reasons.
   *
   * @internal
   */
  readonly source: string
  /**
   * Offsets in this catalog's frames: of the hashes that are kept for bound users, and of the heap.
   *
   * @internal
   */
  readonly hashesStart: number
  /** @internal */
  readonly heapStart: number
  /**
   * What the memory of an instance can hold.
   *
   * @internal
   */
  readonly mostBytes: number
  /**
   * What its instances start from; a shared object has none, nor has an engine that fetches it again.
   *
   * @internal
   */
  readonly snapshot: Snapshot | undefined
  /**
   * Where bound users keep their images.
   *
   * @internal
   */
  readonly slabs = new Slabs()
  readonly #handle: number
  #calls = 0
  #disposed = false

  private constructor(
    library: AnsweringLibrary,
    { handle, catalog, source }: Loaded,
    snapshot?: Snapshot,
    mostBytes = MOST_BYTES,
  ) {
    this.library = library
    this.catalog = catalog
    this.source = source
    this.snapshot = snapshot
    this.mostBytes = mostBytes
    this.#handle = handle
    this.hashesStart = HEAD_SIZE + catalog.fields.length * SLOT_SIZE
    this.heapStart = this.hashesStart + ((catalog.hashes + 1) & ~1) * HASH_SIZE
    if (library.backend === 'native') abandoned.register(this, { library, handle }, this)
  }

  /**
   * An engine that starts from a snapshot.
   *
   * @param again - fetches the snapshot for the instance after one that ended, so that it need not be kept meanwhile
   * @throws {@link FramegateError} `SNAPSHOT_MISMATCH`, `SNAPSHOT_INVALID`, `COUNTRY_TABLE_INVALID`,
   * `GUEST_MEMORY_EXHAUSTED`
   * @internal
   */
  static start(
    guest: WasmGuest,
    snapshot: Snapshot,
    options: ReadOptions,
    running: RunOptions,
    again?: () => Snapshot,
  ): Engine {
    if (again === undefined) {
      const loaded = readLoaded(snapshot, options)
      return new Engine(open(guest, ANSWERING, { ...running, snapshot }), loaded, snapshot, running.maxBytes)
    }
    let given: Snapshot | undefined = snapshot
    const origin = () => {
      const next = given ?? again()
      given = undefined
      return next
    }
    // The catalog alone is kept, not the bytes around it.
    const loaded = readLoaded(snapshot, options, (note) => note.slice())
    return new Engine(open(guest, ANSWERING, { ...running, snapshot: origin }), loaded, undefined, running.maxBytes)
  }

  /**
   * As {@link Engine.start}, in slices between which the event loop goes on.
   *
   * @internal
   */
  static async startInSlices(
    guest: WasmGuest,
    snapshot: Snapshot,
    options: ReadOptions,
    running: RunOptions,
  ): Promise<Engine> {
    const loaded = readLoaded(snapshot, options)
    return new Engine(
      await openInSlices(guest, ANSWERING, { ...running, snapshot }),
      loaded,
      snapshot,
      running.maxBytes,
    )
  }

  /**
   * An engine in a shared object, where all loaded specs lie side by side.
   *
   * @throws {@link FramegateError} as `loadedSnapshot`, `COUNTRY_TABLE_INVALID`, `LIBRARY_NOT_LOADED`
   * @internal
   */
  static native(guest: NativeGuest, input: LoadInput, options: ReadOptions): Engine {
    const library = open(guest, ENGINE)
    const { handle, catalog } = loadInto(library, input)
    const facts = { ...options, receivedAt: Date.now(), payloadBytes: input.specs.length }
    try {
      const loaded = { handle, catalog: new Catalog(catalog, facts), source: options.source ?? 'Bootstrap' }
      return new Engine(library as AnsweringLibrary, loaded)
    } catch (error) {
      unload(library as AnsweringLibrary, handle)
      throw error
    }
  }

  /**
   * Evaluates what a frame asks for, and returns the outcome's flags.
   *
   * @internal
   */
  evaluate(frame: Frame): number {
    const flags = this.library.symbols.framegate_evaluate(this.#handle, frame)
    checkPanic(this.library, flags)
    return flags
  }

  /**
   * A call begins: a user's getter may replace the specs while it runs.
   *
   * @throws {@link FramegateError} `ENGINE_UNSTABLE`, and what keeps the next instance from being made
   * @internal
   */
  enter(): void {
    const refused = this.library.ready()
    if (refused !== undefined) throw refused
    this.#calls++
  }

  /**
   * A call is over, and with the last one an engine that was disposed of meanwhile.
   *
   * @internal
   */
  leave(): void {
    if (--this.#calls === 0 && this.#disposed) this.#end()
  }

  /** Ends the engine, once no call is in flight. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    if (this.#calls === 0) this.#end()
  }

  #end(): void {
    abandoned.unregister(this)
    unload(this.library, this.#handle)
  }
}

/** Native specs of engines that nobody disposed of: their memory is the process's, not the garbage collector's. */
const abandoned = new FinalizationRegistry<{ library: AnsweringLibrary; handle: number }>(({ library, handle }) =>
  unload(library, handle),
)

/** Ends a library; what a shared object holds must be given back, an instance goes as a whole. */
function unload(library: AnsweringLibrary, handle: number): void {
  if ('framegate_unload' in library.symbols) (library as NativeLibrary).symbols.framegate_unload(handle)
  library.close()
}

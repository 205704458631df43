// Functions of the host in the guest's table of function pointers.
//
// A table takes only functions of WebAssembly, so a tiny module that imports one function and exports it again is
// instantiated around each slot's dispatcher. A slot belongs to one function at a time: for a call, or until it is
// disposed of. Slots rest before they are used again, so that a guest that kept a pointer gets an error and not
// somebody else's function.

import { type Callback, staleCallback } from '../callback.ts'
import type { CallbackType, Pointer } from '../definitions.ts'
import { FramegateError } from '../errors.ts'
import { adapterModule, adapterName } from './callback-module.ts'
import { CallbackValues } from './callback-values.ts'
import type { Instance } from './instance.ts'

/** So many slots of a signature rest before the first is used again. */
const RESTING = 16

type HostFunction = (...parameters: never[]) => unknown

interface Slot {
  readonly pointer: Pointer
  readonly signature: string
  call: HostFunction | undefined
}

export class CallbackTable {
  readonly #table: WebAssembly.Table | undefined
  readonly #adapters: WebAssembly.Module | undefined
  readonly #instance: Instance
  readonly #resting = new Map<string, Slot[]>()
  readonly #installed = new Map<Callback, Slot>()

  constructor(table: WebAssembly.Table | undefined, adapters: WebAssembly.Module | undefined, instance: Instance) {
    this.#table = table
    this.#adapters = adapters
    this.#instance = instance
  }

  /** A slot for one call; the caller gives it to {@link leave}. */
  enter(type: CallbackType, call: HostFunction): Slot {
    const signature = adapterName(type)
    const resting = this.#resting.get(signature)
    const slot =
      resting !== undefined && resting.length > RESTING ? (resting.shift() as Slot) : this.#newSlot(type, signature)
    slot.call = call
    return slot
  }

  leave(slot: Slot): void {
    slot.call = undefined
    const resting = this.#resting.get(slot.signature)
    if (resting) resting.push(slot)
    else this.#resting.set(slot.signature, [slot])
  }

  /** Whether the guest's table ever had functions of the host in it: no other instance's table has them. */
  get isUsed(): boolean {
    return this.#resting.size > 0 || this.#installed.size > 0
  }

  /** The pointer of a registered callback in this instance. */
  install(callback: Callback): Pointer {
    let slot = this.#installed.get(callback)
    if (slot === undefined) {
      slot = this.enter(callback.type, callback.call)
      this.#installed.set(callback, slot)
    }
    return slot.pointer
  }

  uninstall(callback: Callback): void {
    const slot = this.#installed.get(callback)
    if (slot === undefined) return
    this.#installed.delete(callback)
    this.leave(slot)
  }

  #newSlot(type: CallbackType, signature: string): Slot {
    const table = this.#table
    if (table === undefined) {
      throw new FramegateError(
        'GUEST_INCOMPATIBLE',
        'the module exports no table, so it cannot call back; build it with --export-table and --growable-table, ' +
          'or by Emscripten with -sALLOW_TABLE_GROWTH -sEXPORTED_RUNTIME_METHODS=wasmTable',
      )
    }
    const slot = { pointer: 0 as Pointer, signature, call: undefined as HostFunction | undefined }
    const host = { [signature]: this.#dispatcher(type, slot) }
    const { exports } = new WebAssembly.Instance(this.#adapterFor(type, signature), { host: this.#allHost(host) })
    try {
      slot.pointer = table.grow(1) as Pointer
    } catch (cause) {
      throw new FramegateError(
        'GUEST_INCOMPATIBLE',
        'the module has a table that cannot grow, so it cannot call back; build it with --growable-table',
        { cause },
      )
    }
    table.set(slot.pointer, exports[signature] as HostFunction)
    return slot
  }

  #adapterFor(type: CallbackType, signature: string): WebAssembly.Module {
    const given = this.#adapters
    if (given !== undefined && WebAssembly.Module.exports(given).some(({ name }) => name === signature)) return given
    try {
      return compiledAdapter(type, signature)
    } catch (cause) {
      throw new FramegateError(
        'GUEST_INCOMPATIBLE',
        'this runtime compiles no WebAssembly from bytes; pass callbackModule(definitions), compiled beforehand, as the guest’s `callbacks`',
        { cause },
      )
    }
  }

  /** A module for several signatures imports them all; only one of them is used in this instance. */
  #allHost(host: Record<string, HostFunction>): Record<string, HostFunction> {
    for (const { name } of this.#adapters ? WebAssembly.Module.imports(this.#adapters) : []) host[name] ??= unused
    return host
  }

  #dispatcher(type: CallbackType, slot: Slot): HostFunction {
    const instance = this.#instance
    const values = new CallbackValues(type)
    return instance.host((...raw: (number | bigint)[]) => {
      const { call } = slot
      if (call === undefined) {
        throw staleCallback('the guest called a callback whose call has returned, or that was disposed of; register it')
      }
      const lifted = values.lift(instance, raw)
      const returned = (call as (...lifted: unknown[]) => unknown)(...lifted)
      // A retired instance's memory is nobody's to write.
      return instance.retired ? undefined : values.lower(instance, raw, lifted, returned)
    })
  }
}

const compiled = new Map<string, WebAssembly.Module>()

function compiledAdapter(type: CallbackType, signature: string): WebAssembly.Module {
  let module = compiled.get(signature)
  if (module === undefined) {
    module = new WebAssembly.Module(adapterModule([type]) as Uint8Array<ArrayBuffer>)
    compiled.set(signature, module)
  }
  return module
}

function unused(): never {
  throw staleCallback('an adapter was called that belongs to no callback')
}

// How an argument of the native backend is handed over in debug mode: as bytes of the host's own between red zones,
// where koffi would have laid it out itself.

import type { FieldType, HandleType, OwnedStringType } from '../definitions.ts'
import type { Koffi, KoffiType, KoffiTypes } from '../native/types.ts'
import { isOwnedOut, type Parameter, pointee, type Signature } from '../signature.ts'
import type { GuardedArea } from './guarded-area.ts'

/** One parameter of a guarded call. */
export interface PassedArgument {
  readonly parameter: Parameter
  /** How messages name it. */
  readonly place: string
  readonly type: KoffiType
  /** The bytes that the guest gets a guarded copy of; undefined for what koffi lays out. */
  bytesOf?(native: unknown): Uint8Array | undefined
  /** Puts what the guest left where the caller's side expects it of koffi. */
  copyBack?(area: GuardedArea, native: unknown): void
}

const encoder = new TextEncoder()

export function guardedArgument(
  parameter: Parameter,
  { name, parameters }: Signature,
  koffi: Koffi,
  types: KoffiTypes,
): PassedArgument {
  const { type, argument } = parameter
  const place = argument >= 0 ? parameter.place : `parameter ${parameters.indexOf(parameter) + 1} of ${name}`
  const plain: PassedArgument = { parameter, place, type: types.parameter(type) }
  if (type === 'cstring') return { ...plain, bytesOf: textBytes }
  if (type === 'buffer') return { ...plain, bytesOf: viewBytes }
  const inner = pointee(type)
  if (inner === undefined || typeof type !== 'object') return plain
  if (inner === 'buffer') {
    return { ...plain, bytesOf: viewBytes, copyBack: ({ bytes }, native) => (native as Uint8Array).set(bytes) }
  }
  // A string within a value would have to be laid out as well, which is left to koffi.
  if (!('out' in type) && holdsText(inner as FieldType)) return plain
  return { ...plain, ...guardedSlot(type, inner, koffi, types) }
}

/** A pointer to a value: koffi encodes it into the guarded bytes and decodes it from there. */
function guardedSlot(
  type: object,
  inner: FieldType | HandleType | OwnedStringType,
  koffi: Koffi,
  types: KoffiTypes,
): Pick<PassedArgument, 'type' | 'bytesOf' | 'copyBack'> {
  const isStruct = typeof inner === 'object' && inner.type === 'struct'
  const pointed = isOwnedOut(inner) ? 'void *' : types.field(inner)
  const size = koffi.sizeof(pointed)
  const bytesOf = (native: unknown) => {
    if (native === null) return undefined
    const bytes = new Uint8Array(new ArrayBuffer(size))
    if (!('out' in type)) koffi.encode(bytes, pointed, isStruct ? native : (native as unknown[])[0])
    return bytes
  }
  if ('in' in type) return { type: 'void *', bytesOf }
  return {
    type: 'void *',
    bytesOf,
    copyBack({ bytes }, native) {
      const value = koffi.decode(bytes, pointed)
      if (isStruct) Object.assign(native as object, value)
      else (native as unknown[])[0] = value
    },
  }
}

function textBytes(native: unknown): Uint8Array | undefined {
  return typeof native === 'string' ? encoder.encode(`${native}\0`) : viewBytes(native)
}

function viewBytes(native: unknown): Uint8Array | undefined {
  return native instanceof Uint8Array ? native : undefined
}

function holdsText(type: FieldType): boolean {
  if (typeof type === 'string') return type === 'cstring'
  return type.type === 'array' ? holdsText(type.of) : Object.values(type.fields).some(holdsText)
}

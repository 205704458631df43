// What a shared object gives by address, copied out.

import type { HandleType } from '../definitions.ts'
import { Handle, type HandleOwner } from '../handle.ts'
import { decodeText } from '../text.ts'
import { addressFromNative, type Koffi } from './types.ts'

export function handleAt(owner: HandleOwner, { name, free }: HandleType, returned: unknown): Handle | null {
  const address = addressFromNative(returned)
  return address === 0 ? null : new Handle(name, address, owner, free)
}

/** koffi puts replacement characters where bytes are not UTF-8; only then are they looked at again. */
export function textAt(koffi: Koffi, address: unknown, place: string): string | null {
  if (address === null) return null
  const text = koffi.decode(address, 'char', -1) as string
  if (!text.includes('\ufffd')) return text
  return decodeText(bytesAt(koffi, address, lengthAt(koffi, address)), place)
}

/** Bytes of the C string at the address, without its NUL. */
export function lengthAt(koffi: Koffi, address: unknown): number {
  let length = 0
  while (koffi.decode((address as bigint) + BigInt(length), 'uint8_t') !== 0) length++
  return length
}

/** A copy of bytes of the guest. */
export function bytesAt(koffi: Koffi, address: unknown, length: number): Uint8Array {
  if (length === 0) return new Uint8Array()
  return new Uint8Array(koffi.decode(address, 'uint8_t', length) as Uint8Array)
}

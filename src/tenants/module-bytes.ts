// Writes the binary format of WebAssembly modules.

/** A number as unsigned LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = []
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left]
    bytes.push((left % 128) | 128)
  }
}

/** A 32-bit number as signed LEB128, as constants are. */
export function signedLeb(value: number): number[] {
  const bytes: number[] = []
  for (let left = value; ; left >>= 7) {
    const low = left & 127
    if ((left >= 0 && left < 64) || (left < 0 && left >= -64)) return [...bytes, low]
    bytes.push(low | 128)
  }
}

/** A name, with its length in bytes before it. */
export function name(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text)
  return joined([leb(bytes.length), bytes])
}

/** A section: its number, its length, its content. */
export function section(id: number, content: Uint8Array): Uint8Array {
  return joined([[id], leb(content.length), content])
}

export function joined(parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

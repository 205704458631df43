// What debug mode writes into memory, and how it sees that somebody else wrote there:
//
//     | red zone 16+ | what the guest may use | red zone 16+ |
//     | FD FD FD ... | CD CD CD, then values  | FD FD FD ... |     while a call holds it
//     | DD DD DD DD DD DD DD DD DD DD DD DD DD DD DD DD DD DD |     after it was released
//
// The bytes are those of Microsoft's debug heap, which people know from dumps. None of them occurs twice in a row in
// UTF-8, so that no text is mistaken for them.

/** The bytes written by debug mode. */
export const FILL = { fresh: 0xcd, released: 0xdd, redZone: 0xfd } as const

/** Bytes before and, at least, after what the guest may use. A multiple of the alignment of any C type. */
export const RED_ZONE = 16

/** From so many bytes on, nothing but the pattern is no coincidence. */
const TELLING = 8

/** A piece of memory within its red zones, as indices of bytes. */
export interface Zone {
  /** Where the red zone before it starts. */
  readonly from: number
  readonly start: number
  /** Behind its last byte. */
  readonly end: number
  /** Where the red zone after it ends. */
  readonly to: number
}

/** Index of the first byte between `from` and `to` that is not `fill`, or -1. */
export function firstOther(bytes: Uint8Array, from: number, to: number, fill: number): number {
  for (let at = from; at < to; at++) if (bytes[at] !== fill) return at
  return -1
}

/** Paints a piece of memory and its red zones. */
export function paint(bytes: Uint8Array, { from, start, end, to }: Zone): void {
  bytes.fill(FILL.redZone, from, start)
  bytes.fill(FILL.fresh, start, end)
  bytes.fill(FILL.redZone, end, to)
}

/**
 * Where something was written into a red zone, from the start of what it guards; undefined if nothing was. The zone is
 * painted again, so that a write is found once.
 */
export function overrunOf(bytes: Uint8Array, { from, start, end, to }: Zone): number | undefined {
  // The byte next to the piece is the one to name: a write before the start comes from there.
  let found = -1
  for (let at = start - 1; at >= from && found < 0; at--) if (bytes[at] !== FILL.redZone) found = at
  if (found < 0) found = firstOther(bytes, end, to, FILL.redZone)
  if (found < 0) return undefined
  bytes.fill(FILL.redZone, from, start)
  bytes.fill(FILL.redZone, end, to)
  return found - start
}

/** Whether bytes are what debug mode leaves in released memory. */
export function isReleasedFill(bytes: Uint8Array): boolean {
  return bytes.length >= TELLING && firstOther(bytes, 0, bytes.length, FILL.released) < 0
}

/** Whether a text starts as released memory does, which UTF-8 cannot. */
export function isReleasedText(first: number | undefined, second: number | undefined): boolean {
  return first === FILL.released && (second === FILL.released || second === 0)
}

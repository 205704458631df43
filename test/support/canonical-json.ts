/**
 * Two canonical texts of a JSON value. The one with the sorted keys is what results are compared by. The other repeats, byte for
 * byte, what Python's `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)` prints, because the expected
 * files keep only the SHA-256 of that text for values over 4 KB.
 */
import { createHash } from 'node:crypto'

/** The value with the keys of every object sorted; equal values give equal texts. */
export function sortedJson(value: unknown): string {
  return print(value, String)
}

/** `{"__sha256_canonical_json": …}` as the expected files write it. */
export function shortened(value: unknown): { __sha256_canonical_json: string } {
  return { __sha256_canonical_json: createHash('sha256').update(print(value, pythonNumber)).digest('hex') }
}

function print(value: unknown, number: (value: number) => string): string {
  if (typeof value === 'number') return number(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map((element) => print(element, number)).join(',')}]`
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${print(member, number)}`).join(',')}}`
}

// Python turns to an exponent below 1e-4 where JavaScript waits until 1e-6, and writes it with two digits.
function pythonNumber(value: number): string {
  const text = value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Text in reports. */
import { printable } from './printable.ts'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text as HTML: a crash's last words, or a name in somebody's specs, may hold anything. */
export function safe(text: string): string {
  return printable(text).replace(/[&<>"]/g, (character) => entities[character] as string)
}

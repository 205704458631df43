/** What C programmers say by the names of functions and parameters: which number is a length, which function frees. */
import type { CParameter } from './c-types.ts'

/** The words of a name, in lower case: `destLen`, `dest_len`, `DestLen`. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split('_')
    .filter((word) => word !== '')
}

/** Whether a parameter is, by its name, the length of what stands before it. */
export function isLengthName(name: string): boolean {
  const words = wordsOf(name)
  return (
    words.some((word) => lengthWords.has(word) || isCountWord(word)) ||
    /(len|length|size|count)$/.test(words.at(-1) ?? '')
  )
}

/** Whether a parameter is, by both names, the number of elements behind a pointer: `count`, `values_count`, `nvalues`. */
export function isCountOf(name: string, pointer: string): boolean {
  const rest = ownPart(name, pointer)
  return lengthWords.has(rest) || isCountWord(rest)
}

/** A name without the other one in it, or its singular: `len` of `data_len` beside `data`. */
function ownPart(name: string, other: string): string {
  const plain = (text: string) => text.replaceAll('_', '').toLowerCase()
  return plain(name).replace(plain(other), '').replace(plain(other).replace(/s$/, ''), '')
}

/** Whether a parameter is, by both names, the length of a text: numbers after one may as well limit or count other things. */
export function isLengthOfText(name: string, text: string): boolean {
  const rest = ownPart(name, text)
  return lengthWords.has(rest) && !countWords.has(rest)
}

/** Whether a buffer is, by its name, only written. */
export function isOutputName(name: string): boolean {
  return wordsOf(name).some((word) => /^(out|output|dst|dest|destination|result|digest)$/.test(word))
}

/** Whether a function is, by its name, what ends an object or gives memory back. */
export function isFreeName(name: string): boolean {
  return wordsOf(name).some((word) => freeWords.has(word) || freeEnding.test(word))
}

/** Whether a function is, by its name, one that makes what it returns. */
export function isMakerName(name: string): boolean {
  return wordsOf(name).some((word) => makerWords.has(word)) || /(alloc|dup|strdup|new|create)$/i.test(name)
}

/** How many words two names share from the start. */
export function sharedWords(one: string, other: string): number {
  const otherWords = wordsOf(other)
  const differing = wordsOf(one).findIndex((word, index) => word !== otherWords[index])
  return differing < 0 ? wordsOf(one).length : differing
}

/** A name for a message: the parameter's own, or its number. */
export function parameterLabel(parameter: CParameter, index: number): string {
  return parameter.name === undefined ? `parameter ${index + 1}` : `\`${parameter.name}\``
}

/** Whether a number, by its name, counts things that may be larger than a byte. */
export function isCountName(name: string): boolean {
  return wordsOf(name).some((word) => countWords.has(word) || isCountWord(word))
}

function isCountWord(word: string): boolean {
  return /^n?(items|memb|members|elems?|elements|values)$/.test(word)
}

/** Whether a parameter is, by its name, an address and not data. */
export function isAddressName(name: string): boolean {
  return wordsOf(name).some((word) => word === 'address' || word === 'addr')
}

const countWords = new Set(['n', 'num', 'count', 'cnt', 'max', 'limit'])
const lengthWords = new Set([...countWords, 'len', 'length', 'size', 'sz', 'bytes', 'nbytes', 'cb', 'cap', 'capacity'])
const freeEnding = /(free|destroy|delete|release|dispose|close|dealloc)$/i
const freeWords = new Set(['drop', 'unref', 'deallocate'])
const makerWords = new Set(
  'alloc allocate malloc calloc new create make dup duplicate clone copy open parse from load read build'.split(' '),
)

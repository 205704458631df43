// The operator `custom:glob` in AssemblyScript: does the user's value match any of the target's patterns? `*` stands for
// any run of characters, `?` for one. A target is a string or an array of strings; what else is in it matches nothing.
// Numbers and booleans match as they are written. Nothing is allocated: both texts are read where they lie.

const QUOTE = 0x22
const BACKSLASH = 0x5c
const STAR = 0x2a
const QUESTION = 0x3f

/** Where the character that was read last ended. */
let after: i32 = 0

/** 1 if the JSON text at `value` matches one of the patterns at `target`, else 0. */
export function framegate_operator(value: i32, valueLength: i32, target: i32, targetLength: i32): i32 {
  if (valueLength === 0) return 0
  const first = load<u8>(value)
  if (first === 0x7b /* { */ || first === 0x5b /* [ */ || first === 0x6e /* null */) return 0
  const isText = first === QUOTE ? 1 : 0
  const text = value + isText
  const textEnd = value + valueLength - isText
  let depth = 0
  for (let at = target; at < target + targetLength; at++) {
    const byte = load<u8>(at)
    if (byte === 0x5b || byte === 0x7b) depth++
    else if (byte === 0x5d || byte === 0x7d) depth--
    else if (byte === QUOTE) {
      const end = closingQuote(at + 1)
      const isPattern = depth === 0 || (depth === 1 && load<u8>(target) === 0x5b)
      if (isPattern && matches(text, textEnd, at + 1, end)) return 1
      at = end
    }
  }
  return 0
}

/** Goes back to the last star only, which is enough: time is at most the product of the lengths. */
function matches(text: i32, textEnd: i32, pattern: i32, patternEnd: i32): bool {
  let star = -1
  let resume = 0
  while (text < textEnd) {
    const wanted = pattern < patternEnd ? character(pattern) : -1
    const afterWanted = after
    if (wanted === STAR) {
      star = afterWanted
      resume = text
      pattern = afterWanted
      continue
    }
    const found = character(text)
    if (wanted === QUESTION || wanted === found) {
      pattern = afterWanted
      text = after
    } else {
      if (star < 0) return false
      character(resume)
      resume = after
      text = resume
      pattern = star
    }
  }
  while (pattern < patternEnd) {
    if (character(pattern) !== STAR) return false
    pattern = after
  }
  return true
}

function closingQuote(at: i32): i32 {
  while (load<u8>(at) !== QUOTE) at += load<u8>(at) === BACKSLASH ? 2 : 1
  return at
}

/** The code point at `at` in a JSON string; `after` is where the next one is. */
function character(at: i32): i32 {
  const byte: i32 = load<u8>(at)
  if (byte === BACKSLASH) return escaped(at + 1)
  const more = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
  after = at + 1 + more
  if (more === 0) return byte
  let code = byte & (0x3f >> more)
  for (let next = at + 1; next < after; next++) code = (code << 6) | (load<u8>(next) & 0x3f)
  return code
}

function escaped(at: i32): i32 {
  after = at + 1
  switch (load<u8>(at)) {
    case 0x62:
      return 8
    case 0x66:
      return 12
    case 0x6e:
      return 10
    case 0x72:
      return 13
    case 0x74:
      return 9
    case 0x75: {
      after = at + 5
      return hexadecimal(at + 1)
    }
    default:
      return load<u8>(at)
  }
}

function hexadecimal(at: i32): i32 {
  let code = 0
  for (let next = at; next < at + 4; next++) {
    const digit: i32 = load<u8>(next)
    code = (code << 4) | (digit < 0x40 ? digit & 15 : (digit & 7) + 9)
  }
  return code
}

/** Writes JSON that a person can read and a diff can show: one line for what fits on it, sets of buckets as filled lines. */

import type { Json } from './conditions.ts'

const WIDTH = 160
const FILLED_SET_FROM = 20

export function layOut(value: Json, indent = ''): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const short = oneLine(value)
  if (indent.length + short.length <= WIDTH) return short
  const deeper = `${indent}  `
  if (Array.isArray(value))
    return `[\n${value.map((item: Json) => deeper + layOut(item, deeper)).join(',\n')}\n${indent}]`
  const members = Object.entries(value)
  if (members.length >= FILLED_SET_FROM && members.every(([, member]) => member === true))
    return `{\n${filled(
      members.map(([key]) => `"${key}": true`),
      deeper,
    )}\n${indent}}`
  return `{\n${members.map(([key, member]) => `${deeper}${JSON.stringify(key)}: ${layOut(member, deeper)}`).join(',\n')}\n${indent}}`
}

function oneLine(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`
  const members = Object.entries(value)
  return members.length === 0
    ? '{}'
    : `{ ${members.map(([key, member]) => `${JSON.stringify(key)}: ${oneLine(member)}`).join(', ')} }`
}

function filled(items: readonly string[], indent: string): string {
  const lines: string[] = []
  let line = ''
  for (const item of items) {
    if (line !== '' && indent.length + line.length + item.length + 2 > WIDTH) {
      lines.push(`${indent}${line},`)
      line = ''
    }
    line += line === '' ? item : `, ${item}`
  }
  return [...lines, indent + line].join('\n')
}

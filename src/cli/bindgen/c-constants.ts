/** The value of a constant expression: the length of an array or the value of an enumerator. */
import type { Node } from 'web-tree-sitter'

/** The value, or undefined for what only a compiler knows (`sizeof`, floating point) and for division by zero. */
export function constantValue(node: Node | null, constants: ReadonlyMap<string, bigint>): bigint | undefined {
  if (node === null) return undefined
  const operand = (field: string) => constantValue(node.childForFieldName(field), constants)
  switch (node.type) {
    case 'number_literal':
      return integerValue(node.text)
    case 'char_literal':
      return characterValue(node.text)
    case 'identifier':
      return constants.get(node.text)
    case 'parenthesized_expression':
      return constantValue(node.namedChild(0), constants)
    case 'cast_expression':
      return operand('value')
    case 'unary_expression': {
      const value = operand('argument')
      const apply = unary[node.childForFieldName('operator')?.text ?? '']
      return value === undefined ? undefined : apply?.(value)
    }
    case 'binary_expression': {
      const left = operand('left')
      const right = operand('right')
      const apply = binary[node.childForFieldName('operator')?.text ?? '']
      return left === undefined || right === undefined ? undefined : apply?.(left, right)
    }
    default:
      return undefined
  }
}

/** The value of an integer as C writes it: `0x1Fu`, `017`, `1'000`, `10UL`. */
export function integerValue(text: string): bigint | undefined {
  const digits = text.replaceAll("'", '').replace(/[uUlL]+$/, '')
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`)
  return /^(0[xX][\da-fA-F]+|0[bB][01]+|\d+)$/.test(digits) ? BigInt(digits.toLowerCase()) : undefined
}

function characterValue(text: string): bigint | undefined {
  const plain = /^'([^\\])'$/.exec(text)?.[1]
  return plain === undefined ? undefined : BigInt(plain.charCodeAt(0))
}

const unary: Readonly<Record<string, (value: bigint) => bigint>> = {
  '+': (value) => value,
  '-': (value) => -value,
  '~': (value) => ~value,
  '!': (value) => (value === 0n ? 1n : 0n),
}

const binary: Readonly<Record<string, (left: bigint, right: bigint) => bigint | undefined>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => (right === 0n ? undefined : left / right),
  '%': (left, right) => (right === 0n ? undefined : left % right),
  '<<': (left, right) => (right < 0n || right > 63n ? undefined : left << right),
  '>>': (left, right) => (right < 0n || right > 63n ? undefined : left >> right),
  '&': (left, right) => left & right,
  '|': (left, right) => left | right,
  '^': (left, right) => left ^ right,
}

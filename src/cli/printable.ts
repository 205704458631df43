/**
 * Text from specs and users on its way to a person's terminal. Names come from outside: a control character in one
 * must not move the cursor, recolour the screen or break a table.
 */

// Controls (Cc), format characters such as those that reverse the direction of text (Cf), line and paragraph separators.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** The text with every control character spelled as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/** `1234567` as `1,234,567`, the same in every locale so that output can be compared. */
export function grouped(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
}

/** One or many: `1 user`, `2,000 users`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** A column of {@link alignedTable}. */
export interface Column {
  readonly title: string
  /** Numbers stand right so that their digits line up. Default left. */
  readonly align?: 'left' | 'right'
}

/** Rows under their titles, columns as wide as their widest cell, two blanks apart; no row, no table. */
export function alignedTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  const cells = [columns.map((column) => column.title), ...rows.map((row) => row.map(printable))]
  const widths = columns.map((_, index) => cells.reduce((widest, row) => Math.max(widest, width(row[index])), 0))
  return cells.map((row) =>
    columns
      .map((column, index) => {
        const cell = row[index] ?? ''
        const blanks = ' '.repeat((widths[index] ?? 0) - width(cell))
        return column.align === 'right' ? blanks + cell : cell + blanks
      })
      .join('  ')
      .trimEnd(),
  )
}

function width(text = ''): number {
  return [...text].length
}

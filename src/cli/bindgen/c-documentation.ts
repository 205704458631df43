/** The texts that go with a function from its header into its definition: the comment before it and its prototype. */
import type { Node } from 'web-tree-sitter'
import { printable } from '../printable.ts'

/** The lines of the comment that stands directly before a declaration: no blank line between, nothing before it on its line. */
export function documentationBefore(siblings: readonly Node[], index: number): string[] {
  let next = siblings[index] as Node
  const comments: string[] = []
  for (let place = index - 1; place >= 0; place--) {
    const comment = siblings[place] as Node
    const touches = comment.type === 'comment' && comment.endPosition.row >= next.startPosition.row - 1
    if (!touches || trails(comment, siblings[place - 1])) break
    comments.unshift(comment.text)
    next = comment
    // Line comments make one text; a block is one by itself.
    if (!comment.text.startsWith('//')) break
  }
  const lines = cleaned(comments.join('\n'))
  return /[@\\]file\b|copyright/i.test(lines.join(' ')) ? [] : lines
}

/** Whether a comment stands on the line of what precedes it, and so speaks of that. */
function trails(comment: Node, before: Node | undefined): boolean {
  return before !== undefined && before.endPosition.row === comment.startPosition.row && before.endPosition.column > 0
}

/** A comment's text without its frame, with Doxygen's commands as TSDoc's. */
function cleaned(comment: string): string[] {
  const lines = comment
    .replace(/^\s*\/\*[*!]?<?/, '')
    .replace(/\*+\/\s*$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*(\/\/[/!]?<?|\*+(?!\/))? ?/, '').trimEnd())
    .map((line) => (/^[-=*_#~\s]+$/.test(line) ? '' : line))
    .map((line) =>
      line
        .replace(/[@\\](brief|short|details)\s+/, '')
        .replace(/[@\\]param(\[[\w, ]+\])?\s/, '@param ')
        .replace(/[@\\](returns?|retval|result)\s/, '@returns ')
        .replace(/[@\\](note|warning|see|sa)\s+/, ''),
    )
  while (lines[0]?.trim() === '') lines.shift()
  while (lines.at(-1)?.trim() === '') lines.pop()
  return lines.map((line) => printable(line.replaceAll('\t', '  ').replaceAll('*/', '*\\/')))
}

/**
 * A prototype on one line, without attributes and comments.
 *
 * @param first - the declaration's first declarator, before which the result's type ends
 */
export function prototypeText(declaration: Node, first: Node, declarator: Node): string {
  const specifiers = declaration.text.slice(0, first.startIndex - declaration.startIndex)
  const text = `${specifiers}${declarator.text}`
    .replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, ' ')
    .replace(/__attribute(__)?\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)/g, ' ')
    .replace(/\b(__asm(__)?|asm|__declspec)\s*\([^()]*\)/g, ' ')
    .replace(/\[\[.*?\]\]/g, ' ')
    .replace(/\bextern\s/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/([([]) /g, '$1')
    .replace(/ ([),\]])/g, '$1')
    .replace(/,(?! )/g, ', ')
    .replace(/(?<![\d\]] )\* (?=[A-Za-z_])/g, '*')
    .replace(/ (?=\((?!\*))/, '')
    // What stdbool.h makes of bool.
    .replace(/\b_Bool\b/g, 'bool')
  return printable(text.trim())
}

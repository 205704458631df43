/** The C grammar of tree-sitter, loaded once. */
import { createRequire } from 'node:module'
import { Language, type Node, Parser } from 'web-tree-sitter'

const require = createRequire(import.meta.url)

/** Parses C. The tree says with error nodes where the text is none. */
export async function parseC(text: string): Promise<Node> {
  await Parser.init()
  const parser = new Parser()
  parser.setLanguage(await Language.load(require.resolve('tree-sitter-c/tree-sitter-c.wasm')))
  const tree = parser.parse(text)
  if (tree === null) throw new Error('the C parser gave no tree')
  return tree.rootNode
}

/** Whether a declaration says a word such as `const` or `static` of what it declares. */
export function says(node: Node, kind: 'type_qualifier' | 'storage_class_specifier', word: string): boolean {
  return node.namedChildren.some((child) => child?.type === kind && child.text === word)
}

/** The texts of the attributes of a node, wherever they stand among its children. */
export function attributesOf(node: Node): string {
  return node.namedChildren
    .filter((child) => child !== null && /^attribute|^alignas/.test(child.type))
    .map((child) => child?.text)
    .join(' ')
}

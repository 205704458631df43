/**
 * Ends engine modules with what a host reads before it instantiates them:
 *
 *     framegate.memory   initial pages of the memory to import, u32 little-endian; only where a memory is imported
 *     build_id           length (LEB128) and SHA-256 of all bytes before this section
 *
 * `build_id` is that of WebAssembly's tool conventions. A snapshot of one build must not be restored into another: it
 * holds addresses of functions and of data.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { externalKinds, sectionIds, sectionsOf } from '../src/wasm-sections.ts'

export const memorySection = 'framegate.memory'
export const buildIdSection = 'build_id'

/** The module with its last sections. Throws where it has a build id. */
export function sealed(module: Uint8Array): Uint8Array {
  if (hasBuildId(module)) throw new Error('it has a build id')
  const pages = importedPages(module)
  const described = pages === undefined ? module : Buffer.concat([module, memoryDescription(pages)])
  return Buffer.concat([described, customSection(buildIdSection, leb(32), sha256(described))])
}

/** Initial pages of the memory that is a module's only import; undefined where that is not so. */
export function importedPages(module: Uint8Array): number | undefined {
  for (const { id, content } of sectionsOf(module)) {
    if (id !== sectionIds.import) continue
    if (content.leb() !== 1) return undefined
    content.name()
    content.name()
    if (content.byte() !== externalKinds.memory) return undefined
    content.byte() // which limits there are
    return content.leb()
  }
  return undefined
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

export function customSection(name: string, ...content: Uint8Array[]): Buffer {
  const encoded = Buffer.from(name)
  const body = Buffer.concat([leb(encoded.length), encoded, ...content])
  return Buffer.concat([Buffer.of(sectionIds.custom), leb(body.length), body])
}

function memoryDescription(pages: number): Buffer {
  const content = Buffer.alloc(4)
  content.writeUInt32LE(pages)
  return customSection(memorySection, content)
}

function hasBuildId(module: Uint8Array): boolean {
  return [...sectionsOf(module)].some(
    ({ id, content }) => id === sectionIds.custom && content.name() === buildIdSection,
  )
}

/** LEB128, unsigned. */
function leb(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const path of process.argv.slice(2)) writeFileSync(path, sealed(readFileSync(path)))
}

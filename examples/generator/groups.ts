/** How units are dealt out: groups of experiments and buckets of layers. */

import { bucketSet, type Json } from './conditions.ts'
import type { Group } from './project.ts'
import { Random } from './random.ts'

/** What visitors see before they sign in is decided by device: without a user ID they would all share one bucket. */
export const BY_DEVICE = { idType: 'stableID' }

/** Two groups of the same size. */
export function halves(control: Group['value'], test: Group['value']): Group[] {
  return [
    { name: 'Control', share: 50, value: control },
    { name: 'Test', share: 50, value: test },
  ]
}

/** Deals a layer's 1,000 buckets out, shuffled, in hands of the given sizes. */
export function deal(layer: string, ...sizes: number[]): Json[] {
  const random = new Random(layer.length, layer.charCodeAt(0))
  const buckets = Array.from({ length: 1000 }, (_, index) => ({ index, key: random.bits() }))
  const shuffled = buckets.sort((a, b) => a.key - b.key).map(({ index }) => index)
  return sizes.map((size) => bucketSet(shuffled.splice(0, size)))
}

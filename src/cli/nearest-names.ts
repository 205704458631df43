/**
 * The known names that come nearest to one that is not known, by edit distance without regard to case, so that a typing
 * error in an option or a gate name is answered with what was probably meant.
 */

/**
 * Up to `limit` names within a third of the wanted name's length (at least two edits), nearest first; names that
 * contain the wanted one, or are contained in it, come after those.
 */
export function nearestNames(wanted: string, known: Iterable<string>, limit = 3): string[] {
  const target = wanted.toLowerCase()
  const farthest = Math.max(2, Math.floor(target.length / 3))
  const candidates: { name: string; distance: number }[] = []
  for (const name of known) {
    const other = name.toLowerCase()
    const distance = editDistance(target, other, farthest)
    if (distance <= farthest) candidates.push({ name, distance })
    else if (target.length > 2 && (other.includes(target) || (other.length > 2 && target.includes(other))))
      candidates.push({ name, distance: farthest + 1 })
  }
  candidates.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
  return candidates.slice(0, limit).map((candidate) => candidate.name)
}

/** The end of a sentence on an unknown name: `; did you mean "a" or "b"?`, or just `.` when nothing comes near. */
export function didYouMean(wanted: string, known: Iterable<string>): string {
  const names = nearestNames(wanted, known).map((name) => `"${name}"`)
  const last = names.pop()
  if (last === undefined) return '.'
  return `; did you mean ${names.length > 0 ? `${names.join(', ')} or ${last}` : last}?`
}

/** Levenshtein distance, given up (as `farthest + 1`) once it cannot come down to `farthest`: payloads hold thousands of names. */
function editDistance(a: string, b: string, farthest: number): number {
  if (Math.abs(a.length - b.length) > farthest) return farthest + 1
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    let [diagonal = 0] = previous
    let left = row
    let smallest = row
    const current = [row]
    for (const [column, above] of previous.slice(1).entries()) {
      left = Math.min(diagonal + (a[row - 1] === b[column] ? 0 : 1), above + 1, left + 1)
      diagonal = above
      current.push(left)
      smallest = Math.min(smallest, left)
    }
    if (smallest > farthest) return farthest + 1
    previous = current
  }
  return previous.at(-1) ?? 0
}

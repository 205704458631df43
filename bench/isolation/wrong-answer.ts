/** A wrong answer ends the run: how fast it came is of no interest. */
export class WrongAnswer extends Error {}

export function expectSame(what: string, given: unknown, right: unknown): void {
  if (given !== right) throw new WrongAnswer(`${what}: ${String(given)} instead of ${String(right)}`)
}

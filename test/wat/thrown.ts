import { expect } from 'vitest'
import { FramegateError } from '../../src/ffi/index.ts'

/** What a call throws, which must be one of the library's own errors: an error without a code fails the test. */
export function thrownBy(call: () => unknown): FramegateError {
  let returned: unknown
  try {
    returned = call()
  } catch (error) {
    if (error instanceof FramegateError) return error
    throw new Error(`an error without a code came out: ${String(error)}`, { cause: error })
  }
  return expect.fail(`the call returned ${String(returned).slice(0, 100)}`)
}

/** The code of what a call throws. */
export function codeOf(call: () => unknown): string {
  return thrownBy(call).code
}

/** The causes of an error, from the outermost: what `message` and `code` each had. */
export function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = []
  for (let each = error; each instanceof Error; each = each.cause) causes.push(each)
  return causes
}

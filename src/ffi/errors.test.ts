import { describe, expect, test } from 'vitest'
import { FramegateError, refusal } from './errors.ts'

describe('a refusal', () => {
  test('is an error like any other, without a stack, and leaves those of others alone', () => {
    const before = Error.stackTraceLimit
    const cause = new Error('the last end')
    const error = refusal('RATE_LIMITED', 'too many', { cause })
    expect(error).toBeInstanceOf(FramegateError)
    expect(error).toMatchObject({ code: 'RATE_LIMITED', message: 'too many', cause })
    expect(error.stack).toBe('FramegateError: too many')
    expect(Object.keys(error)).toEqual(Object.keys(new FramegateError('RATE_LIMITED', 'too many')))
    expect(Error.stackTraceLimit).toBe(before)
    expect(new FramegateError('DISPOSED', 'gone').stack).toContain('errors.test.ts')
  })

  test('has one where the limit of stacks cannot be changed', () => {
    const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') as PropertyDescriptor
    Object.defineProperty(Error, 'stackTraceLimit', { ...limit, writable: false })
    try {
      expect(refusal('RATE_LIMITED', 'too many').code).toBe('RATE_LIMITED')
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', limit)
    }
  })
})

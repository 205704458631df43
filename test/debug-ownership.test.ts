/** Debug mode: what is given back twice, never, or used afterwards is a typed error with the symbol and the stack. */
import { describe, expect, test } from 'vitest'
import type { FramegateError } from '../src/ffi/index.ts'
import { backends } from './support/backends.ts'
import { bytes, debugging, expectFault, onNumber } from './support/debugging.ts'
import { thrownBy } from './wat/thrown.ts'

describe.each(backends)('in debug mode on the %s backend', (backend) => {
  describe('a double free', () => {
    test('through the symbol that frees names both calls with their stacks', () => {
      const library = debugging(backend)
      const { symbols } = library
      const address = symbols.new_block(1, 2)
      symbols.probe_free(address)
      const error = expectFault(
        'DOUBLE_FREE',
        /probe_free got the address 0x.* in a call of probe_free; give it back once/,
        () => symbols.probe_free(address),
      )
      expect(error.message.match(/probe_free was called here:\n[^\n]*debug-ownership\.test\.ts/g)).toHaveLength(2)
      library.close()
    })

    test('of what the guest returns as owned, but has got back, names both symbols', () => {
      const library = debugging(backend)
      const { symbols } = library
      const address = symbols.new_block(0, 0)
      symbols.probe_free(address)
      const error = expectFault(
        'DOUBLE_FREE',
        /the result of owned_text_at is 0x.*, which probe_free had got back/,
        () => symbols.owned_text_at(address),
      )
      expect(error.message).toContain('probe_free was called here')
      expect(error.message).toContain('owned_text_at was called here')
      library.close()
    })

    test('of an object, by its handle and by its symbol, is told', () => {
      const library = debugging(backend)
      const object = library.symbols.probe_counter_new(5n)
      library.symbols.probe_counter_free(object)
      expectFault('DOUBLE_FREE', /probe_counter_free got the address/, () => object?.dispose())
      library.close()
    })
  })

  describe('close', () => {
    test('tells an address that was never freed', () => {
      const library = debugging(backend)
      library.symbols.new_block(1, 2)
      expectFault('LEAKED', /^1 thing was never .*\n- an address that new_block returned: give it to probe_free/, () =>
        library.close(),
      )
    })

    test('tells a handle that was never disposed of', () => {
      const library = debugging(backend)
      const object = library.symbols.probe_counter_new(5n)
      expect(library.symbols.probe_counter_value(object)).toBe(5n)
      expectFault('LEAKED', /a Counter that probe_counter_new returned: dispose of it/, () => library.close())
    })

    test('tells a frame that was never released', async () => {
      const library = debugging(backend)
      library.frame(40)
      await Promise.resolve()
      expectFault('LEAKED', /a frame of 40 bytes: release it/, () => library.close())
    })

    test('tells a frame that was given to a call and never released', () => {
      const library = debugging(backend)
      library.symbols.keep_frame(library.frame(40))
      expectFault('LEAKED', /a frame of 40 bytes: release it/, () => library.close())
    })

    test('says nothing of a frame that is being written when it is called', () => {
      const library = debugging(backend)
      const frame = library.frame(40)
      library.close()
      frame.release()
    })

    test('tells a callback that was never disposed of', () => {
      const library = debugging(backend)
      library.callback(onNumber, () => 1)
      expectFault('LEAKED', /a callback: dispose of it/, () => library.close())
    })

    test('lists the first ten, and counts the others', () => {
      const library = debugging(backend)
      for (let block = 0; block < 25; block++) library.symbols.new_block(1, 2)
      const { message } = expectFault('LEAKED', /^25 things were never given back:[\s\S]*\nand 15 more$/, () =>
        library.close(),
      )
      expect(message.match(/^- /gm)).toHaveLength(10)
    })

    test('has really closed when it throws, and throws once', () => {
      const library = debugging(backend)
      library.symbols.new_block(1, 2)
      expect(thrownBy(() => library.close()).code).toBe('LEAKED')
      expect(thrownBy(() => library.symbols.probe_add_i32(1, 2)).code).toBe('DISPOSED')
      library.close()
    })

    test('tells a leak beside what else it finds', () => {
      const library = debugging(backend)
      library.symbols.new_block(1, 2)
      library.symbols.keep(bytes(8))
      library.symbols.kept_write(3, 0x21)
      expectFault('WRITE_AFTER_RELEASE', /\nand LEAKED: 1 thing/, () => library.close())
    })
  })

  test('a handle that was disposed of tells where it was made', () => {
    const { symbols } = debugging(backend)
    const object = symbols.probe_counter_new(5n)
    object?.dispose()
    expectFault(
      'HANDLE_DISPOSED',
      /Counter that was disposed of.*this Counter was made here[\s\S]*debug-ownership\.test\.ts/,
      () => symbols.probe_counter_value(object),
    )
  })

  test('a function pointer that the guest kept never calls another function', () => {
    const { symbols } = debugging(backend)
    symbols.probe_store_callback(() => 1, null)
    for (let call = 0; call < 100; call++) expect(symbols.probe_call_i32(() => 2, 1, null)).toBe(2)
    const error = thrownBy(() => symbols.probe_call_stored(1))
    expect(error.code).toBe('GUEST_INTERRUPTED')
    const { code, message, cause } = error.cause as FramegateError
    expect([code, message]).toEqual(['CALLBACK_STALE', expect.stringContaining('a callback of probe_store_callback')])
    expect((cause as Error).stack).toContain('debug-ownership.test.ts')
    symbols.probe_clear_callback()
  })

  test('nor does one of a callback that was disposed of', () => {
    const library = debugging(backend)
    const { symbols } = library
    const callback = library.callback(onNumber, () => 1)
    symbols.probe_store_callback(callback, null)
    expect(symbols.probe_call_stored(1)).toBe(1)
    callback.dispose()
    for (let call = 0; call < 100; call++) library.callback(onNumber, () => 2).dispose()
    expect((thrownBy(() => symbols.probe_call_stored(1)).cause as FramegateError).code).toBe('CALLBACK_STALE')
    symbols.probe_clear_callback()
    library.close()
  })

  test('a sound program reports nothing', () => {
    const library = debugging(backend)
    const { symbols } = library
    for (let round = 1; round <= 500; round++) {
      expect(symbols.probe_alloc(BigInt(round))).toMatch(new RegExp(`^${round}`))
      expect(symbols.after(`round ${round}`, 6)).toBe(`${round}`)
      expect(symbols.after('ü'.repeat(round), 2)).toBe('ü'.repeat(round - 1))
      expect(symbols.text_out('a copy')).toEqual([true, 'a copy'])
      expect(symbols.digit_name(1)[0]).toBe(true)
      expect(symbols.probe_bytes(round, 1)[0]).toHaveLength(round)
      expect(symbols.new_point(round, -round)).toEqual({ x: round, y: -round })
      expect(symbols.change_point({ x: 1, y: 2 })).toEqual({ x: 2, y: 4 })
      const address = symbols.new_block(round, 1)
      expect(symbols.point_at(address)).toEqual({ x: round, y: 1 })
      symbols.probe_free(address)
      using object = symbols.probe_counter_new(BigInt(round))
      expect(symbols.probe_counter_value(object)).toBe(BigInt(round))
      const frame = library.frame(round)
      const buffer = new Uint8Array(round)
      symbols.probe_buffer_fill(buffer, 3)
      symbols.keep_frame(frame)
      const nested = () => (symbols.after('nested', 3) === 'ted' ? 5 : 0)
      if (round % 10 === 0) expect(symbols.probe_call_i32(nested, 1, null)).toBe(5)
      frame.release()
    }
    library.close()
  })
})

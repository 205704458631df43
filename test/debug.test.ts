/** Debug mode: every write and read where a call has no memory is a typed error with the symbol and the stack, and a sound program has none. */
import { describe, expect, test } from 'vitest'
import type { FramegateError, Pointer } from '../src/ffi/index.ts'
import { backends } from './support/backends.ts'
import { bytes, debugging, expectFault, offset } from './support/debugging.ts'
import { thrownBy } from './wat/thrown.ts'

describe.each(backends)('in debug mode on the %s backend', (backend) => {
  describe('a write past the end', () => {
    test('of a string is found right after its NUL', () => {
      const { symbols } = debugging(backend)
      symbols.past_text('four', 3, 0x21)
      symbols.past_text('four', 4, 0)
      const message = /past_text wrote past the end of argument 1 of past_text: at offset 5 of 5 bytes/
      expectFault('FRAME_OVERRUN', message, () => symbols.past_text('four', 5, 0))
    })

    test.each([0, 1, 7, 8, 13, 100_000])('of a buffer is found at its end (%i bytes)', (length) => {
      const { symbols } = debugging(backend)
      const message = new RegExp(`past the end of argument 1 of past_buffer: at offset ${length} of ${length} bytes`)
      expectFault('FRAME_OVERRUN', message, () => symbols.past_buffer(bytes(length), 0x21))
    })

    test('of a buffer that is changed in place is found, and the buffer has what fits', () => {
      const { symbols } = debugging(backend)
      const buffer = bytes(3)
      symbols.past_inout(buffer, 2, 0x21)
      expect(buffer).toEqual(Uint8Array.of(0, 1, 0x21))
      expectFault('FRAME_OVERRUN', /argument 1 of past_inout/, () => symbols.past_inout(buffer, 3, 0x21))
    })

    test('of an out slot is found at the end of its type', () => {
      const { symbols } = debugging(backend)
      expect(symbols.past_out(1, 0x21)).toEqual([0x2100])
      expectFault('FRAME_OVERRUN', /parameter 1 of past_out: at offset 2 of 2/, () => symbols.past_out(2, 0x21))
    })

    test('of a struct is found', () => {
      const { symbols } = debugging(backend)
      symbols.past_in({ x: 1, y: 2 }, 15, 0x21)
      expectFault('FRAME_OVERRUN', /argument 1 of past_in: at offset 16/, () => symbols.past_in({ x: 1, y: 2 }, 16, 1))
    })

    test('of a frame that the caller took is found', () => {
      const library = debugging(backend)
      const frame = library.frame(24)
      library.symbols.past_frame(frame, 23, 0x21)
      expectFault('FRAME_OVERRUN', /past_frame wrote past the end of the frame of 24 bytes: at offset 24/, () =>
        library.symbols.past_frame(frame, 24, 0x21),
      )
      frame.release()
    })

    test('of a frame by the host is found when it is released', () => {
      const frame = debugging(backend).frame(24)
      const { buffer, byteOffset } = frame.memory.u8
      new Uint8Array(buffer, byteOffset)[frame.base + 24] = 1
      expectFault('FRAME_OVERRUN', /past the end of the frame of 24 bytes: at offset 24/, () => frame.release())
      expect(thrownBy(() => frame.release()).code).toBe('FRAME_STALE')
    })

    test('is told once, and the library goes on', () => {
      const library = debugging(backend)
      expectFault('FRAME_OVERRUN', /past_buffer/, () => library.symbols.past_buffer(bytes(4), 1))
      expect(library.symbols.after('still here', 6)).toBe('here')
      expect(library.generation).toBe(1)
      library.close()
    })

    test('of an argument of an outer call names both calls', () => {
      const { symbols } = debugging(backend)
      let error: FramegateError | undefined
      const callback = (text: Pointer | null) => {
        error = expectFault(
          'FRAME_OVERRUN',
          /^store wrote past the end of argument 2 of call_text: at offset 6 of 6/,
          () => symbols.store(offset(text, 6), 1),
        )
        return 5
      }
      expect(symbols.call_text(callback, 'outer', null)).toBe(5)
      expect(error).toBeDefined()
    })
  })

  test('a write before the start is found', () => {
    const { symbols } = debugging(backend)
    const message = /before_buffer wrote before the start of argument 1 of before_buffer: at offset -1 of 4 bytes/
    expectFault('FRAME_OVERRUN', message, () => symbols.before_buffer(bytes(4), 0x21))
  })

  describe('a write after release', () => {
    test('into a call’s frame is told with that call and its stack', () => {
      const library = debugging(backend)
      library.symbols.keep(bytes(8))
      library.symbols.kept_write(3, 0x21)
      expectFault('WRITE_AFTER_RELEASE', /the frame of a call of keep, at offset \d+/, () => library.close())
    })

    test('into a frame that the caller took is told', () => {
      const library = debugging(backend)
      const frame = library.frame(64)
      library.symbols.keep_frame(frame)
      library.symbols.kept_write(63, 0x21)
      frame.release()
      library.symbols.kept_write(63, 0x21)
      expectFault('WRITE_AFTER_RELEASE', /the frame of a call of library.frame/, () => library.close())
    })

    test('into a large frame is told', () => {
      const library = debugging(backend)
      library.symbols.keep(bytes(200_000))
      library.symbols.kept_write(150_000, 0x21)
      expectFault('WRITE_AFTER_RELEASE', /the frame of a call of keep/, () => library.close())
    })

    test('into a string that was given back is told', () => {
      const library = debugging(backend)
      const address = library.symbols.new_block(0.5, 0.5)
      expect(library.symbols.owned_text_at(address)).toBe('')
      library.symbols.store(address, 0x21)
      expectFault('WRITE_AFTER_RELEASE', /probe_free got in a call of owned_text_at, at offset 0/, () =>
        library.close(),
      )
    })

    test('is told at the latest when the memory is used again', () => {
      const { symbols } = debugging(backend)
      const address = symbols.new_block(0.5, 0.5)
      symbols.owned_text_at(address)
      symbols.store(address, 0x21)
      expectFault('WRITE_AFTER_RELEASE', /owned_text_at/, () => {
        for (let call = 0; call < 1000; call++) symbols.probe_alloc(1n)
      })
    })
  })

  describe('a read after release', () => {
    test('of a frame’s memory by the host is refused, also through an object that was kept', () => {
      const frame = debugging(backend).frame(16)
      const { memory } = frame
      memory.u8[frame.base] = 1
      frame.release()
      expectFault('READ_AFTER_RELEASE', /the memory of a frame was used after/, () => frame.memory.u8[frame.base])
      for (const view of ['u8', 'i32', 'f64'] as const) {
        expectFault('READ_AFTER_RELEASE', /copy out what you need/, () => memory[view])
      }
    })

    const readers = ['address', 'text_at', 'bytes_at', 'point_at'] as const
    test.each(readers)('through an address in a released frame is told (%s)', (name) => {
      const library = debugging(backend)
      const { symbols } = library
      const frame = library.frame(32)
      const address = symbols.frame_address(frame)
      frame.memory.u8.set([0x68, 0x69, 0], frame.base)
      expect(symbols.text_at(address)).toBe('hi')
      expect(symbols[name](address)).not.toBeNull()
      frame.release()
      const message = new RegExp(`the result of ${name} is 0x[0-9a-f]+, in the frame of a call of library.frame`)
      expectFault('READ_AFTER_RELEASE', message, () => symbols[name](address))
    })

    test('through an address in the call’s own frame is told, where the caller keeps it', () => {
      const { symbols } = debugging(backend)
      expect(symbols.after('one two', 4)).toBe('two')
      expectFault('READ_AFTER_RELEASE', /the result of after_pointer is .* frame of the very call/, () =>
        symbols.after_pointer('one two', 4),
      )
    })

    test('through an owned address in the call’s own frame is told, and the guest need not free it', () => {
      const library = debugging(backend)
      expectFault('READ_AFTER_RELEASE', /the result of after_owned is .* frame of the very call/, () =>
        library.symbols.after_owned('one two', 4),
      )
      library.close()
    })

    test('through an address that was freed is told', () => {
      const { symbols } = debugging(backend)
      const address = symbols.new_block(1, 2)
      symbols.probe_free(address)
      expectFault('READ_AFTER_RELEASE', /text_at .* probe_free got in a call of probe_free/, () =>
        symbols.text_at(address),
      )
    })

    test('of contents that are nothing but the pattern is told', () => {
      const library = debugging(backend)
      const { symbols } = library
      const frame = library.frame(32)
      const released = symbols.frame_address(frame)
      frame.release()
      const copy = symbols.new_block(0, 0)
      symbols.copy(released, 16, copy, 16)
      const message = /the result of (bytes|point)_at is nothing but the pattern 0xDD/
      expectFault('READ_AFTER_RELEASE', message, () => symbols.bytes_at(copy))
      expectFault('READ_AFTER_RELEASE', message, () => symbols.point_at(copy))
      symbols.store(offset(copy, 15), 0)
      expectFault('READ_AFTER_RELEASE', /text_at is nothing but the pattern/, () => symbols.text_at(copy))
      symbols.probe_free(copy)
      library.close()
    })
  })
})

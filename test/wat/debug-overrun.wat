;; A guest without an allocator, whose memory ends at 1.25 MiB: frames are all that is in it. It writes where it should not.
(module
  (memory (export "memory") 1 20)

  ;; Writes behind the buffer and traps; -1 for neither.
  (func (export "overrun_trap") (param $at i32) (param $offset i32) (result i32)
    (if (i32.eq (local.get $offset) (i32.const -1)) (then (return (i32.const 0))))
    (i32.store8 (i32.add (local.get $at) (local.get $offset)) (i32.const 1))
    unreachable)

  ;; Grows memory, which detaches the host's views, and writes behind the buffer.
  (func (export "overrun_grow") (param $at i32) (param $offset i32)
    (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
    (i32.store8 (i32.add (local.get $at) (local.get $offset)) (i32.const 1)))

  (func (export "take_frame") (param $at i32)))

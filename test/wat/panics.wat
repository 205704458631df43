;; Leaves the text of a panic where it says, with the length that it says.
(module
  (memory (export "memory") 2)
  (global $at (mut i32) (i32.const 1024))
  (func (export "panic_at") (result i32) (global.get $at))
  (func (export "panic_nowhere") (result i32) (i32.const -2))
  (func (export "panic_at_end") (result i32) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 2)))
  (func (export "panic_traps") (result i32) unreachable)
  (func (export "panic") (param $length i32) (param $byte i32)
    (i32.store (global.get $at) (local.get $length))
    (memory.fill (i32.add (global.get $at) (i32.const 4)) (local.get $byte) (i32.const 60000))
    unreachable)
  (func (export "echo") (param $text i32) (result i32) (local.get $text)))

;; A reactor, whose constructors run in `_initialize`: they do what the host says.
(module
  (import "host" "constructor" (func $constructor (result i32)))
  (memory (export "memory") 1)
  (func $descend (result i32) (i32.add (call $descend) (i32.const 1)))
  (func (export "_initialize")
    (local $what i32)
    (local.set $what (call $constructor))
    (if (i32.eq (local.get $what) (i32.const 1)) (then unreachable))
    (if (i32.eq (local.get $what) (i32.const 2)) (then (drop (call $descend)))))
  (global $broken (mut i32) (i32.const 0))
  (func (export "break") (global.set $broken (i32.const 1)) unreachable)
  (func (export "broken") (result i32) (global.get $broken))
  (func (export "echo") (param $text i32) (result i32) (local.get $text)))

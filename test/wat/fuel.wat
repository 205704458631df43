;; A metered guest, as Binaryen's log-execution makes them: each function and each turn of a loop counts down.
(module
  (memory (export "memory") 1)
  (global $fuel (export "fuel") (mut i32) (i32.const 0x7fffffff))
  (func $burn
    (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))
    (if (i32.lt_s (global.get $fuel) (i32.const 0)) (then unreachable)))
  ;; Turns that were done are counted in memory, so that the place of the end can be seen.
  (func (export "turn") (param $times i32) (result i32)
    (local $done i32)
    (call $burn)
    (loop $again
      (call $burn)
      (local.set $done (i32.add (local.get $done) (i32.const 1)))
      (i32.store (i32.const 8) (local.get $done))
      (br_if $again (i32.lt_u (local.get $done) (local.get $times))))
    (local.get $done))
  (func (export "done") (result i32) (i32.load (i32.const 8)))
  (func (export "trap") unreachable))

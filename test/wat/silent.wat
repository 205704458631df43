;; A guest that leaves alone what it was given to fill in: whoever reads it sees what was there before.
(module
  (memory (export "memory") 2)
  (func (export "nothing_1") (param i32))
  (func (export "nothing_2") (param i32 i32))
  (func (export "number_1") (param i32) (result i32) (i32.const 7))
  (func (export "number_2") (param i32 i32) (result i32) (i32.const 7))
  (func (export "address") (param $at i32) (result i32) (local.get $at))
  ;; Keeps what it gets in memory of its own, far from the frames.
  (func (export "keep") (param $from i32) (param $length i32)
    (memory.copy (i32.const 1024) (local.get $from) (local.get $length))))

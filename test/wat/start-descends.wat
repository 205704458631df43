;; Recurses for ever while it is instantiated.
(module
  (memory (export "memory") 1)
  (func $descend (result i32) (i32.add (call $descend) (i32.const 1)))
  (func $start (drop (call $descend)))
  (start $start)
  (func (export "one") (result i32) (i32.const 1)))

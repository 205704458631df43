;; A guest with state wherever a guest can have some: data, memory beyond it, an exported mutable global, memory grown.
(module
  (memory (export "memory") 2 64)
  (global $count (export "count_global") (mut i64) (i64.const 5))
  (global $frozen (export "frozen") i32 (i32.const 3))
  (data (i32.const 65536) "as the module says")
  (func (export "_initialize")
    ;; Nothing may run in an instance that starts from a snapshot.
    (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1))))
  (func (export "initialized") (result i32) (i32.load (i32.const 1024)))
  (func (export "count") (result i64)
    (global.set $count (i64.add (global.get $count) (i64.const 1)))
    (global.get $count))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "trap") unreachable))

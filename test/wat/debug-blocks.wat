;; A guest that tells what becomes of its blocks: how the function that frees them finds them, and when it is called.
(module
  ;; Told the first byte of each block that is freed.
  (import "host" "freed" (func $freed (param i32)))
  (memory (export "memory") 4)
  ;; Blocks are 64 bytes apart and are given out once.
  (global $next (mut i32) (i32.const 1024))
  (func $new (param $first i32) (result i32)
    (local $block i32)
    (local.set $block (global.get $next))
    (global.set $next (i32.add (local.get $block) (i32.const 64)))
    (i32.store8 (local.get $block) (local.get $first))
    (i32.store8 (i32.add (local.get $block) (i32.const 1)) (i32.const 0x21))
    (local.get $block))

  (func (export "make") (param $first i32) (result i32) (call $new (local.get $first)))
  ;; Reads the block before it frees it, as destructors do.
  (func $end (export "end") (param $block i32) (call $freed (i32.load8_u (local.get $block))))
  ;; Says how it went.
  (func (export "end_told") (param $block i32) (result i32)
    (call $end (local.get $block))
    (i32.const 7))
  (func (export "same") (param $block i32) (result i32) (local.get $block)))

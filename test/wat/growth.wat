;; A guest whose memory grows in the middle of calls, which detaches every view that the host has on it.
(module
  (import "host" "grows" (func $grows))
  (memory (export "memory") 1 512)
  (table (export "__indirect_function_table") 1 funcref)
  (type $callback (func (param i32) (result i32)))

  (func $grow (param $pages i32)
    (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then unreachable)))
  (func (export "grow") (param $pages i32) (call $grow (local.get $pages)))

  ;; An allocator that grows memory for every block, and gives nothing back.
  (func $alloc (export "alloc") (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.mul (memory.size) (i32.const 65536)))
    (call $grow (i32.add (i32.shr_u (local.get $size) (i32.const 16)) (i32.const 1)))
    (call $grows)
    (local.get $at))
  (func (export "free") (param $at i32) (param $size i32) (call $grow (i32.const 1)))

  ;; Each grows memory first, then does what it says.
  (func (export "echo") (param $text i32) (param $pages i32) (result i32)
    (call $grow (local.get $pages))
    (local.get $text))
  (func (export "fill") (param $at i32) (param $length i32) (param $byte i32) (param $pages i32)
    (call $grow (local.get $pages))
    (memory.fill (local.get $at) (local.get $byte) (local.get $length)))
  (func (export "out") (param $pages i32) (param $out i32)
    (call $grow (local.get $pages))
    (f64.store (local.get $out) (f64.const 42.5)))
  (func (export "point") (param $out i32) (param $pages i32)
    (call $grow (local.get $pages))
    (f64.store (local.get $out) (f64.const 1.5))
    (f64.store offset=8 (local.get $out) (f64.const -2.5)))
  (func (export "new_text") (param $pages i32) (result i32)
    (local $at i32)
    (call $grow (local.get $pages))
    ;; The last 4 bytes of memory: "new", and the NUL.
    (local.set $at (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)))
    (i32.store (local.get $at) (i32.const 0x0077656e))
    (local.get $at))
  (func (export "free_text") (param $at i32) (call $grow (i32.const 1)))

  ;; Calls back in between; answers with the text of before.
  (func (export "around") (param $text i32) (param $callback i32) (param $pages i32) (result i32)
    (call $grow (local.get $pages))
    (drop (call_indirect (type $callback) (local.get $text) (local.get $callback)))
    (call $grow (local.get $pages))
    (local.get $text)))

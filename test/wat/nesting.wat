;; A guest that ends badly in the middle of nested calls, keeps callbacks that are over, and tells the host when it went
;; on although it should not have.
(module
  (import "host" "went_on" (func $went_on))
  (memory (export "memory") 2)
  (table (export "__indirect_function_table") 1 funcref)
  (type $callback (func (param i32) (result i32)))
  (type $on_text (func (param i32)))
  (type $on_two (func (param i32 i32)))

  ;; Set before every bad end: an instance that shows it was entered again after one.
  (global $broken (mut i32) (i32.const 0))
  (func (export "broken") (result i32) (global.get $broken))

  (global $calls (mut i32) (i32.const 0))
  (func (export "count") (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (global.get $calls))
  (func (export "echo") (param $text i32) (result i32) (local.get $text))
  (func (export "first") (param $a i32) (param $b i32) (result i32) (local.get $a))

  (func $trap (export "trap") (global.set $broken (i32.const 1)) unreachable)
  (func (export "trap_with") (param $text i32) (result i32) (call $trap) (local.get $text))
  (func $descend (export "descend") (result i32)
    (global.set $broken (i32.const 1))
    (i32.add (call $descend) (i32.const 1)))
  (func (export "beyond") (result i32) (global.set $broken (i32.const 1)) (i32.load (i32.const -4)))

  ;; Calls back once, then tells the host that it went on.
  (func (export "call") (param $callback i32) (param $value i32) (result i32)
    (local $result i32)
    (local.set $result (call_indirect (type $callback) (local.get $value) (local.get $callback)))
    (call $went_on)
    (local.get $result))
  (func (export "call_with") (param $text i32) (param $callback i32) (param $value i32) (result i32)
    (drop (call_indirect (type $callback) (local.get $value) (local.get $callback)))
    (call $went_on)
    (local.get $text))
  (func (export "import") (result i32) (call $went_on) (i32.const 1))
  ;; Hands a text of its own choice to a callback, or a place for what the callback returns.
  (func (export "say") (param $callback i32) (param $at i32)
    (call_indirect (type $on_text) (local.get $at) (local.get $callback)))

  (func (export "say_bytes") (param $callback i32) (param $at i32) (param $length i32)
    (call_indirect (type $on_two) (local.get $at) (local.get $length) (local.get $callback)))

  ;; Keeps a callback's address, and calls what is kept.
  (global $kept (mut i32) (i32.const 0))
  (func (export "keep") (param $callback i32) (global.set $kept (local.get $callback)))
  (func (export "call_kept") (param $value i32) (result i32)
    (call_indirect (type $callback) (local.get $value) (global.get $kept)))
  (func (export "call_at") (param $pointer i32) (param $value i32) (result i32)
    (call_indirect (type $callback) (local.get $value) (local.get $pointer))))

;; A guest that prints through WASI, from wherever the test says.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 2 32)
  (func (export "write") (param i32 i32 i32 i32) (result i32)
    (call $fd_write (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  ;; One vector, at address 16: what it says is the caller's lie.
  (func (export "print") (param $text i32) (param $length i32) (result i32)
    (i32.store (i32.const 16) (local.get $text))
    (i32.store (i32.const 20) (local.get $length))
    (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))
  ;; As many vectors as there may be, each of them almost all of memory.
  (func (export "print_everything") (result i32)
    (local $at i32)
    (local.set $at (i32.const 16))
    (loop $next
      (i32.store (local.get $at) (i32.const 0))
      (i32.store offset=4 (local.get $at) (i32.const 130000))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 8208))))
    (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1024) (i32.const 8)))
  (func (export "written") (result i32) (i32.load (i32.const 8)))
  (func (export "exit") (param i32) (call $proc_exit (local.get 0)))
  (func (export "echo") (param $text i32) (result i32) (local.get $text)))

;; A guest that lies about what it returns: addresses where nothing is, lengths that it does not have. It exports no
;; allocator, so the shim takes pages of its own behind the two that are here.
(module
  (memory (export "memory") 2 16)

  ;; The address that it was given, whatever that is: as a string, as bytes, as a struct.
  (func (export "address") (param $at i32) (result i32) (local.get $at))
  (func (export "bytes") (param $at i32) (param $length i32) (result i32) (local.get $at))
  (func (export "length") (param $at i32) (param $length i32) (result i32) (local.get $length))
  (func (export "bytes_f64") (param $at i32) (param $length f64) (result i32) (local.get $at))
  (func (export "bytes_i64") (param $at i32) (param $length i64) (result i32) (local.get $at))

  ;; The length through an out-parameter.
  (func (export "bytes_out") (param $at i32) (param $length i32) (param $out i32) (result i32)
    (i32.store (local.get $out) (local.get $length))
    (local.get $at))
  (func (export "bytes_out_f64") (param $at i32) (param $length f64) (param $out i32) (result i32)
    (f64.store (local.get $out) (local.get $length))
    (local.get $at))

  ;; An address through an out-parameter.
  (func (export "address_out") (param $at i32) (param $out i32) (i32.store (local.get $out) (local.get $at)))

  ;; The address of an argument that lies in the call's own frame.
  (func (export "echo") (param $text i32) (result i32) (local.get $text))
  (func (export "echo_bytes") (param $bytes i32) (param $length i32) (result i32) (local.get $bytes))
  (func (export "echo_struct") (param $struct i32) (result i32) (local.get $struct))

  ;; The address of the argument of the call before, whose frame is released.
  (global $before (mut i32) (i32.const 0))
  (func (export "echo_before") (param $text i32) (result i32)
    (global.get $before)
    (global.set $before (local.get $text)))

  (func (export "store") (param $at i32) (param $byte i32) (i32.store8 (local.get $at) (local.get $byte)))
  (func (export "size") (result i32) (i32.mul (memory.size) (i32.const 65536)))

  ;; Every byte there is, the shim's frames among them.
  (func (export "overwrite") (param $byte i32)
    (memory.fill (i32.const 0) (local.get $byte) (i32.mul (memory.size) (i32.const 65536))))
  (func (export "overwrite_argument") (param $text i32) (param $byte i32) (result i32)
    (memory.fill (i32.const 0) (local.get $byte) (i32.mul (memory.size) (i32.const 65536)))
    (local.get $text))

  (global $freed (mut i32) (i32.const 0))
  (func (export "release") (param $at i32) (global.set $freed (i32.add (global.get $freed) (i32.const 1))))
  (func (export "freed") (result i32) (global.get $freed)))

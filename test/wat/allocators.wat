;; Allocators that no guest should have. A test names the one it wants; all but the bad ones take the next bytes.
(module
  (import "host" "within" (func $within))
  (memory (export "memory") 4 64)
  (table (export "__indirect_function_table") 1 funcref)
  (type $callback (func (param i32) (result i32)))

  (global $next (mut i32) (i32.const 4096))
  (func $bump (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $next))
    (global.set $next
      (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15)) (i32.const -16)))
    (block $enough
      (loop $more
        (br_if $enough (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
        (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
        (return (i32.const 0))))
    (local.get $at))
  (func (export "bump") (param $size i32) (result i32) (call $bump (local.get $size)))

  ;; How the faulty one behaves from now on: 0 as it should.
  (global $fault (mut i32) (i32.const 0))
  (func (export "be") (param $fault i32) (global.set $fault (local.get $fault)))
  (global $first (mut i32) (i32.const 0))
  (global $last (mut i32) (i32.const 0))

  (func $faulty (param $size i32) (result i32)
    (local $at i32)
    (if (i32.eq (global.get $fault) (i32.const 1)) (then (return (i32.const 0))))
    (if (i32.eq (global.get $fault) (i32.const 2)) (then unreachable))
    ;; 3, 4, 5: beyond memory; partly beyond; in the highest bytes of 32 bits
    (if (i32.eq (global.get $fault) (i32.const 3)) (then (return (i32.const 0x7fff0000))))
    (if (i32.eq (global.get $fault) (i32.const 4))
      (then (return (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 16)))))
    (if (i32.eq (global.get $fault) (i32.const 5)) (then (return (i32.const -16))))
    ;; 6: the region of the frames, which is the block that was asked for first; 7: the block of before
    (if (i32.eq (global.get $fault) (i32.const 6)) (then (return (global.get $first))))
    (if (i32.and (i32.eq (global.get $fault) (i32.const 7)) (i32.ne (global.get $last) (i32.const 0)))
      (then (return (global.get $last))))
    ;; 8: recurses for ever
    (if (i32.eq (global.get $fault) (i32.const 8)) (then (return (call $endless))))
    ;; 9: calls the host
    (if (i32.eq (global.get $fault) (i32.const 9)) (then (call $within)))
    (local.set $at (call $bump (local.get $size)))
    (if (i32.eqz (global.get $first))
      (then (global.set $first (local.get $at)))
      (else (global.set $last (local.get $at))))
    (local.get $at))
  (func $endless (result i32) (i32.add (call $endless) (i32.const 1)))
  (func (export "faulty") (param $size i32) (result i32) (call $faulty (local.get $size)))

  ;; Faulty from the first call on.
  (func (export "faulty_1") (param i32) (result i32) (global.set $fault (i32.const 1)) (call $faulty (i32.const 0)))
  (func (export "faulty_2") (param i32) (result i32) (global.set $fault (i32.const 2)) (call $faulty (i32.const 0)))
  (func (export "faulty_3") (param i32) (result i32) (global.set $fault (i32.const 3)) (call $faulty (i32.const 0)))
  (func (export "faulty_4") (param i32) (result i32) (global.set $fault (i32.const 4)) (call $faulty (i32.const 0)))
  (func (export "faulty_5") (param i32) (result i32) (global.set $fault (i32.const 5)) (call $faulty (i32.const 0)))
  (func (export "faulty_8") (param i32) (result i32) (global.set $fault (i32.const 8)) (call $faulty (i32.const 0)))

  (global $freed (mut i32) (i32.const 0))
  (func $count_free (global.set $freed (i32.add (global.get $freed) (i32.const 1))))
  (func (export "freed") (result i32) (global.get $freed))
  (func (export "free") (param i32 i32) (call $count_free))
  (func (export "free_traps") (param i32 i32) unreachable)

  ;; What the caller owns, and two ways to give it back.
  (func (export "new_text") (param $byte i32) (result i32)
    (local $at i32)
    (local.set $at (call $bump (i32.const 8)))
    (i32.store (local.get $at) (local.get $byte))
    (local.get $at))
  (func (export "new_texts") (param $first i32) (param $second i32) (param $a i32) (param $b i32) (result i32)
    (i32.store (local.get $a) (call $bump (i32.const 8)))
    (i32.store (i32.load (local.get $a)) (local.get $first))
    (i32.store (local.get $b) (call $bump (i32.const 8)))
    (i32.store (i32.load (local.get $b)) (local.get $second))
    (i32.const 64))
  (func (export "end") (param i32) (call $count_free))
  (func (export "end_traps") (param i32) (call $count_free) unreachable)

  (func (export "echo") (param $text i32) (result i32) (local.get $text))
  (func (export "echo_around") (param $text i32) (param $callback i32) (result i32)
    (drop (call_indirect (type $callback) (i32.const 0) (local.get $callback)))
    (local.get $text))
  (func (export "differ") (param $a i32) (param $b i32) (result i32) (i32.ne (local.get $a) (local.get $b)))
  (func (export "trap") unreachable))

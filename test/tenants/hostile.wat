;; An operator that does what the letter in the value says: "a" is the JSON text of three bytes. Any other letter: it
;; answers 1, as operators do that mean well. At address 8 it counts how often it went around.
(module
  (type $operator (func (param i32 i32 i32 i32) (result i32)))
  (type $many (func (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64 i64 i64 i64 i64 i64 i64 i64)))
  (memory (export "memory") 1)
  (table $table 1 funcref)
  (elem (i32.const 0) $again)

  (func $count
    (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1))))
  (func $again (type $operator)
    (call $count)
    (call_indirect (type $operator)
      (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 0)))
  (func $recurse (param i32) (result i32)
    (call $count)
    (i32.add (call $recurse (local.get 0)) (i32.const 1)))
  (func $same (type $many)
    (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6) (local.get 7))

  (func (export "framegate_operator") (type $operator)
    (local $letter i32) (local $left i32)
    (local.set $letter (i32.load8_u offset=1 (local.get 0)))
    (block $default
      (block $p (block $o (block $n (block $m (block $l (block $k (block $j (block $i
      (block $h (block $g (block $f (block $e (block $d (block $c (block $b (block $a
        (br_table $a $b $c $d $e $f $g $h $i $j $k $l $m $n $o $p $default
          (i32.sub (local.get $letter) (i32.const 97))))
      ;; a: an endless loop
      (loop $forever (call $count) (br $forever)))
      ;; b: endless recursion
      (return (call $recurse (i32.const 0))))
      ;; c: grows page by page, and goes on when it cannot
      (loop $grow (call $count) (drop (memory.grow (i32.const 1))) (br $grow)))
      ;; d: needs more than anybody gets
      (if (i32.eq (memory.grow (i32.const 60000)) (i32.const -1)) (then (unreachable)))
      (return (i32.const 0)))
      ;; e: grows its table
      (loop $grow (call $count) (drop (table.grow $table (ref.null func) (i32.const 1000))) (br $grow)))
      ;; f: fills all of its memory again and again
      (loop $fill
        (call $count)
        (memory.fill (i32.const 4096) (i32.const 0xa5) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4096)))
        (br $fill)))
      ;; g: traps
      (return (i32.div_u (i32.const 1) (i32.const 0))))
      ;; h: answers 7
      (return (i32.const 7)))
      ;; i: overwrites both of its texts
      (memory.fill (local.get 0) (i32.const 0xff) (local.get 1))
      (memory.fill (local.get 2) (i32.const 0xff) (local.get 3))
      (return (i32.const 1)))
      ;; j: goes around by a br_table, from within two loops
      (loop $outer (loop $inner
        (call $count)
        (br_table $inner $outer $inner $outer (i32.rem_u (i32.load (i32.const 8)) (i32.const 5))))))
      ;; k: hopes to be paid for lengths below zero
      (loop $pay (call $count) (drop (table.grow $table (ref.null func) (i32.const -1))) (br $pay)))
      ;; l: fills nothing
      (loop $fill (call $count) (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) (br $fill)))
      ;; m: endless recursion through its table
      (return (call $again (local.get 0) (local.get 1) (local.get 2) (local.get 3))))
      ;; n: writes where there is no memory
      (memory.fill (i32.const 0) (i32.const 0) (i32.const -1)))
      ;; o: moves values in circles
      (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)
      (loop $move (type $many) (call $count) (call $same) (call $same) (br $move))
      drop drop drop drop drop drop drop drop)
      ;; p: a loop that is left and entered anew from outside
      (loop $outer
        (block $out (loop $inner (call $count) (br $out)))
        (br $outer)))
    (i32.const 1)))

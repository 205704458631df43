;; What engine.metered.wasm runs at each function's entry and end and in each round of a loop: one unit of fuel burns.
;; Where none is left it traps; a host that finds framegate_fuel below zero after a trap knows why.
(module
  (global $fuel (export "framegate_fuel") (mut i32) (i32.const 0x7fffffff))
  (func (export "log_execution") (param $place i32)
    (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))
    (if (i32.lt_s (global.get $fuel) (i32.const 0)) (then (unreachable)))))

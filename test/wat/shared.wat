;; A memory that threads share: growth does not detach views on it, and no text decoder reads it.
(module
  (memory (export "memory") 1 4 shared)
  (func (export "one") (result i32) (i32.const 1)))

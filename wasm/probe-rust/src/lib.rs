//! A Rust guest built by wasm-pack, which framegate/ffi is tested with: functions with a plain C ABI ([`abi`]), and
//! functions and a class that are reached through wasm-bindgen's generated JavaScript ([`glue`]).
//!
//! A panic aborts and so traps; before it does, its message is left where `rust_panic_message` says.

pub mod abi;
pub mod glue;
mod panic;

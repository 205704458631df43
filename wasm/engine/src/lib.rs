//! framegate's evaluation engine: specs in, decisions out, bit for bit as Statsig's server engine decides.
//!
//! It has no imports: time, seeds and users arrive in the call's frame ([`frame`]), so the same frame gives the same
//! answer everywhere. [`load`] turns a payload into [`specs`], [`plan`] says what each spec can read, [`evaluate`] walks
//! the rules, and [`abi`] is what a host sees.

pub mod abi;
mod catalog;
mod dates;
mod evaluate;
pub mod frame;
pub mod json;
mod lists;
mod load;
mod memo;
mod memory;
mod pattern;
mod plan;
mod reading;
mod sha256;
mod specs;
mod target;
mod texts;
pub mod user_agent;

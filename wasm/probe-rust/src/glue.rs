//! What is reached through wasm-bindgen's glue.

use std::cell::Cell;

use wasm_bindgen::prelude::*;

thread_local! {
    static COUNTERS: Cell<i32> = const { Cell::new(0) };
}

/// A greeting.
#[wasm_bindgen]
pub fn greet(name: &str) -> String {
    format!("Hello, {name}!")
}

/// The text's first character, if it has one.
#[wasm_bindgen]
pub fn first_character(text: &str) -> Option<String> {
    text.chars().next().map(String::from)
}

/// The bytes from last to first.
#[wasm_bindgen]
pub fn reversed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.reverse();
    bytes
}

/// The sum.
#[wasm_bindgen]
pub fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

/// Multiplies the values in place.
#[wasm_bindgen]
pub fn scale(values: &mut [f64], factor: f64) {
    for value in values {
        *value *= factor;
    }
}

/// The sum of 64-bit numbers, which wraps around.
#[wasm_bindgen]
pub fn add_u64(a: u64, b: u64) -> u64 {
    a.wrapping_add(b)
}

/// The quotient; throws an `Error` where `b` is 0.
#[wasm_bindgen]
pub fn divide(a: i32, b: i32) -> Result<i32, JsError> {
    a.checked_div(b).ok_or_else(|| JsError::new("division by zero"))
}

/// Panics with the text.
#[wasm_bindgen]
pub fn panic(message: &str) {
    crate::panic::message();
    panic!("{message}");
}

/// Takes memory and gives it back: views on memory from before it are stale.
#[wasm_bindgen]
pub fn grow(mebibytes: usize) -> usize {
    vec![1u8; mebibytes << 20].iter().map(|&byte| usize::from(byte)).sum()
}

/// How many counters there are.
#[wasm_bindgen]
pub fn live_counters() -> i32 {
    COUNTERS.get()
}

/// An object of the guest.
#[wasm_bindgen]
pub struct Counter {
    value: i32,
}

#[wasm_bindgen]
impl Counter {
    #[wasm_bindgen(constructor)]
    pub fn new(start: i32) -> Counter {
        COUNTERS.set(COUNTERS.get() + 1);
        Counter { value: start }
    }

    pub fn add(&mut self, by: i32) {
        self.value = self.value.wrapping_add(by);
    }

    #[wasm_bindgen(getter)]
    pub fn value(&self) -> i32 {
        self.value
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        COUNTERS.set(COUNTERS.get() - 1);
    }
}

/// Takes the object over, if there is one: its value, or -1.
#[wasm_bindgen]
pub fn consume(counter: Option<Counter>) -> i32 {
    counter.map_or(-1, |counter| counter.value)
}

/// An object of another class, in a block of the same size as a [`Counter`].
#[wasm_bindgen]
pub struct Label {
    length: i32,
}

#[wasm_bindgen]
impl Label {
    #[wasm_bindgen(constructor)]
    pub fn new(length: i32) -> Label {
        Label { length }
    }

    #[wasm_bindgen(getter)]
    pub fn length(&self) -> i32 {
        self.length
    }
}

#[wasm_bindgen]
extern "C" {
    /// A function of the host.
    pub type Callable;

    #[wasm_bindgen(method, catch, js_name = call)]
    fn try_call(this: &Callable, receiver: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, js_name = call)]
    fn call(this: &Callable, receiver: &JsValue) -> JsValue;

    /// A promise of the host.
    pub type Awaited;

    #[wasm_bindgen(method)]
    fn then(this: &Awaited, next: &JsValue);
}

/// Calls the function; what it throws is returned, and thrown by the glue.
#[wasm_bindgen]
pub fn try_calling(function: &Callable) -> Result<JsValue, JsValue> {
    function.try_call(&JsValue::UNDEFINED)
}

/// Calls the function; what it throws goes through the guest.
#[wasm_bindgen]
pub fn calling(function: &Callable) -> JsValue {
    function.call(&JsValue::UNDEFINED)
}

/// A function of the guest that counts on from `start`, for the host to keep.
#[wasm_bindgen]
pub fn counting(start: i32) -> JsValue {
    let mut count = start;
    Closure::<dyn FnMut() -> i32>::new(move || {
        count += 1;
        count
    })
    .into_js_value()
}

/// Calls a function of the guest when the promise is fulfilled.
#[wasm_bindgen]
pub fn count_after(promise: &Awaited) {
    promise.then(&counting(0));
}

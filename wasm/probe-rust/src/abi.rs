//! The C ABI: no glue is needed, only the memory.

use std::alloc::Layout;
use std::ffi::{CStr, CString, c_char};

use crate::panic::{Message, message};

/// `size` bytes at a multiple of 8, owned by the caller until [`rust_free`]; null where there are none left.
#[unsafe(no_mangle)]
pub extern "C" fn rust_alloc(size: usize) -> *mut u8 {
    let Some(layout) = layout(size) else {
        return std::ptr::null_mut();
    };
    // SAFETY: the layout has a size.
    unsafe { std::alloc::alloc(layout) }
}

/// Gives back what [`rust_alloc`] returned for the same size.
///
/// # Safety
/// `block` must come from `rust_alloc(size)`, or from a function that says so, and not have been given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rust_free(block: *mut u8, size: usize) {
    if let Some(layout) = layout(size) {
        // SAFETY: as the caller says.
        unsafe { std::alloc::dealloc(block, layout) }
    }
}

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.max(1), 8).ok()
}

/// The sum, which wraps around.
#[unsafe(no_mangle)]
pub extern "C" fn rust_add(a: i32, b: i32) -> i32 {
    a.wrapping_add(b)
}

/// The sum of 64-bit numbers, which wraps around.
#[unsafe(no_mangle)]
pub extern "C" fn rust_add_u64(a: u64, b: u64) -> u64 {
    a.wrapping_add(b)
}

/// The number of characters, which are not bytes.
///
/// # Safety
/// `text` must be a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rust_characters(text: *const c_char) -> usize {
    // SAFETY: as the caller says.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_string_lossy().chars().count()
}

/// The text in capitals, owned by the caller until [`rust_text_free`].
///
/// # Safety
/// `text` must be a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rust_capitals(text: *const c_char) -> *mut c_char {
    // SAFETY: as the caller says.
    let text = unsafe { CStr::from_ptr(text) };
    let capitals = text.to_string_lossy().to_uppercase();
    CString::new(capitals).map_or(std::ptr::null_mut(), CString::into_raw)
}

/// Gives back a text of [`rust_capitals`].
///
/// # Safety
/// `text` must come from `rust_capitals` and not have been given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rust_text_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: as the caller says.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// The bytes from last to first, owned by the caller until `rust_free(address, length)`; null where memory is exhausted.
///
/// # Safety
/// `bytes` must point to `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rust_reversed(bytes: *const u8, length: usize) -> *mut u8 {
    let out = rust_alloc(length);
    if !out.is_null() {
        for index in 0..length {
            // SAFETY: both blocks have `length` bytes.
            unsafe { out.add(index).write(bytes.add(length - 1 - index).read()) };
        }
    }
    out
}

/// Where the last panic's message is: a 32-bit length and that many bytes of UTF-8. Ask before something panics.
#[unsafe(no_mangle)]
pub extern "C" fn rust_panic_message() -> *const Message {
    message()
}

/// Panics with the text.
///
/// # Safety
/// `text` must be a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rust_panic(text: *const c_char) {
    // SAFETY: as the caller says.
    let text = unsafe { CStr::from_ptr(text) };
    panic!("{}", text.to_string_lossy());
}

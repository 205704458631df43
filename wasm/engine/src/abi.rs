//! The C ABI. All memory that crosses is the host's: it hands in frames and bytes, and the engine copies into them.
//! This is the only module with `unsafe` besides the allocator.
//!
//! A panic aborts the wasm build, which traps, and so does memory that cannot be had; a host that kept
//! [`framegate_panic_message`] finds the message there. The
//! shared object unwinds up to the boundary and returns [`PANICKED`]; [`framegate_panic`] then tells the message.

use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::catalog::catalog;
use crate::evaluate::{Frame, TEMPORARY, evaluate};
use crate::frame::{Head, Input};
use crate::json::write_string;
use crate::load::{LoadError, load};
use crate::memory;
use crate::specs::Specs;

/// What [`framegate_evaluate`] returns when the engine panicked instead of answering.
pub const PANICKED: u32 = 1 << 31;

const MESSAGE_SIZE: usize = 508;

/// A length and that many bytes of text.
#[repr(C)]
pub struct Message {
    length: Cell<u32>,
    bytes: UnsafeCell<[u8; MESSAGE_SIZE]>,
}

thread_local! {
    static MESSAGE: Message = const { Message { length: Cell::new(0), bytes: UnsafeCell::new([0; MESSAGE_SIZE]) } };
    static LOAD_ERROR: Cell<Option<String>> = const { Cell::new(None) };
}

static HOOK: Once = Once::new();

fn install_hook() {
    HOOK.call_once(|| std::panic::set_hook(Box::new(|info| leave_message(format_args!("{info}")))));
}

/// Writes a message where the host finds it, without allocating: memory may be what ran out.
pub(crate) fn leave_message(text: std::fmt::Arguments<'_>) {
    MESSAGE.with(|message| {
        // SAFETY: the buffer is this thread's, and nothing else on this thread writes it meanwhile.
        let bytes = unsafe { &mut *message.bytes.get() };
        let mut writer = crate::reading::Writer::new(bytes);
        // A message that does not fit is cut where it ends.
        let _ = std::fmt::Write::write_fmt(&mut writer, text);
        message.length.set(writer.finish().len() as u32);
    });
}

/// Runs `work`; a panic becomes `otherwise` where panics unwind.
fn guarded<T>(otherwise: T, work: impl FnOnce() -> T) -> T {
    install_hook();
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(otherwise)
}

/// The version of this interface: of the frame's layout and of the catalog.
#[unsafe(no_mangle)]
pub extern "C" fn framegate_abi_version() -> u32 {
    6
}

/// Where the calling thread's last panic message is: a 32-bit length and that many bytes of UTF-8.
#[unsafe(no_mangle)]
pub extern "C" fn framegate_panic_message() -> *const Message {
    MESSAGE.with(std::ptr::from_ref)
}

/// Copies the calling thread's last panic message and returns its length; copies nothing where `capacity` is smaller.
///
/// # Safety
/// `out` must point to `capacity` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framegate_panic(out: *mut u8, capacity: usize) -> usize {
    MESSAGE.with(|message| {
        // SAFETY: the buffer is this thread's, and nothing on this thread writes it meanwhile.
        let bytes = unsafe { &*message.bytes.get() };
        // SAFETY: as the caller says.
        unsafe { copy(&bytes[..message.length.get() as usize], out, capacity) }
    })
}

/// `size` bytes at a multiple of 8, owned by the caller until [`framegate_free`]; null when there are none.
#[unsafe(no_mangle)]
pub extern "C" fn framegate_alloc(size: usize) -> *mut u8 {
    let Ok(layout) = std::alloc::Layout::from_size_align(size.max(1), 8) else {
        return std::ptr::null_mut();
    };
    memory::for_host(layout)
}

/// Gives back what [`framegate_alloc`] returned for the same size.
///
/// # Safety
/// `block` must come from `framegate_alloc(size)` and not have been given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framegate_free(block: *mut u8, size: usize) {
    if let (false, Ok(layout)) = (block.is_null(), std::alloc::Layout::from_size_align(size.max(1), 8)) {
        // SAFETY: the caller says it is a block of this layout.
        unsafe { std::alloc::dealloc(block, layout) }
    }
}

/// How often the calling thread has asked the system for memory; evaluating does not change it.
#[unsafe(no_mangle)]
pub extern "C" fn framegate_allocations() -> f64 {
    memory::allocations() as f64
}

/// Announces a payload of `length` bytes, before the host asks for memory for it: what is kept of it has room below.
#[unsafe(no_mangle)]
pub extern "C" fn framegate_prepare(length: usize) {
    memory::prepare(length);
}

/// Loads a payload; null when it is refused, and [`framegate_load_error`] says why. `app_id` may be null.
///
/// # Safety
/// `payload` and `app_id` must point to as many bytes as is said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framegate_load(
    payload: *const u8,
    length: usize,
    app_id: *const u8,
    app_id_length: usize,
) -> *mut Specs {
    LOAD_ERROR.set(None);
    guarded(std::ptr::null_mut(), || {
        // SAFETY: as the caller says.
        let payload = unsafe { bytes(payload, length) };
        // SAFETY: as the caller says.
        let app_id = (!app_id.is_null()).then(|| unsafe { bytes(app_id, app_id_length) });
        let app_id = app_id.and_then(|bytes| std::str::from_utf8(bytes).ok());
        match load(payload, app_id) {
            Ok(specs) => Box::into_raw(Box::new(specs)),
            Err(error) => {
                LOAD_ERROR.set(Some(describe(&error)));
                std::ptr::null_mut()
            }
        }
    })
}

/// Brings loaded specs into the form in which they are evaluated, once the catalog was copied and the ID lists were applied,
/// and returns them. A module's memory in use then ends at [`framegate_memory_end`]; of all that was allocated before, the
/// first block alone, the host's for its frames, may be used or given back.
///
/// # Safety
/// `specs` must be loaded and not be used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framegate_seal(specs: *mut Specs) -> *const Specs {
    guarded(std::ptr::null(), || {
        // SAFETY: as the caller says.
        Box::into_raw(unsafe { Box::from_raw(specs) }.sealed())
    })
}

/// Where a module's memory in use ends, once specs were sealed and while nothing lies behind them; 0: where memory does.
#[unsafe(no_mangle)]
pub extern "C" fn framegate_memory_end() -> usize {
    memory::end()
}

/// Frees what [`framegate_load`] returned.
///
/// # Safety
/// `specs` must come from `framegate_load` or `framegate_seal` and not be used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framegate_unload(specs: *mut Specs) {
    if !specs.is_null() {
        // SAFETY: as the caller says.
        drop(unsafe { Box::from_raw(specs) });
    }
}

/// Copies the reason of the calling thread's last refused payload, `{"code", "offset"?, "message"}`, and returns its
/// length; copies nothing where `capacity` is smaller.
///
/// # Safety
/// `out` must point to `capacity` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framegate_load_error(out: *mut u8, capacity: usize) -> usize {
    let text = LOAD_ERROR.take().unwrap_or_default();
    // SAFETY: as the caller says.
    let length = unsafe { copy(text.as_bytes(), out, capacity) };
    LOAD_ERROR.set(Some(text));
    length
}

/// Copies the catalog (see `catalog.rs`) and returns its length; copies nothing where `capacity` is smaller.
///
/// # Safety
/// `specs` must be loaded, and `out` point to `capacity` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framegate_catalog(specs: *const Specs, out: *mut u8, capacity: usize) -> usize {
    // SAFETY: as the caller says.
    guarded(0, || unsafe { copy(&catalog(&*specs), out, capacity) })
}

/// Applies lines of `+<8 characters>` and `-<8 characters>` to the ID list called `name`.
///
/// # Safety
/// `specs` must be loaded and in no other use; `name` and `lines` must point to as many bytes as is said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framegate_id_list(
    specs: *mut Specs,
    name: *const u8,
    name_length: usize,
    lines: *const u8,
    length: usize,
) -> u32 {
    guarded(PANICKED, || {
        // SAFETY: as the caller says.
        let (specs, name, lines) = unsafe { (&mut *specs, bytes(name, name_length), bytes(lines, length)) };
        specs.lists.apply(&String::from_utf8_lossy(name), lines);
        0
    })
}

/// Evaluates what `frame` asks for (see `frame.rs`), writes the outcome there and returns its flags.
///
/// # Safety
/// `specs` must be loaded. `frame` must be 8-byte aligned, in no other use, and as long as its head says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framegate_evaluate(specs: *const Specs, frame: *mut u8) -> u32 {
    guarded(PANICKED, || {
        assert!(!specs.is_null(), "the specs were unloaded");
        // SAFETY: as the caller says; the head is plain numbers.
        let (specs, mut head) = unsafe { (&*specs, frame.cast::<Head>().read()) };
        let (heap_end, length) = (head.heap_end as usize, head.length as usize);
        let entities = &specs.entities[[0, 1, 1, 2][head.kind as usize]];
        let words: usize = specs.plans[entities[head.entity as usize].plan as usize]
            .words()
            .iter()
            .sum();
        // In 64 bits, so that no sum wraps on wasm32: what is borrowed below rests on this check.
        let temporary = heap_end as u64 + words as u64 * 4;
        let fits =
            heap_end >= specs.heap_offset() && heap_end % 8 == 0 && temporary + TEMPORARY as u64 <= length as u64;
        assert!(
            fits,
            "a frame of {length} bytes with its heap up to {heap_end} is too small for this spec"
        );
        let temporary = temporary as usize;
        // SAFETY: the three pieces do not overlap and lie inside the frame, which was just checked.
        let pieces = unsafe {
            Frame {
                head: &mut head,
                input: Input::new(std::slice::from_raw_parts(frame, heap_end)),
                words: std::slice::from_raw_parts_mut(frame.add(heap_end).cast::<u32>(), words),
                words_offset: heap_end,
                temporary: std::slice::from_raw_parts_mut(frame.add(temporary), length - temporary),
            }
        };
        let learned = evaluate(specs, pieces);
        let flags = head.flags;
        // SAFETY: nothing borrows the frame any more, and all hashes lie before its heap.
        unsafe {
            for (place, hash) in learned.iter() {
                frame.add(specs.hash_offset(place)).cast::<u64>().write(hash);
            }
            frame.cast::<Head>().write(head);
        }
        flags
    })
}

/// # Safety
/// `start` must point to `length` bytes, or `length` be 0.
unsafe fn bytes<'a>(start: *const u8, length: usize) -> &'a [u8] {
    // SAFETY: as the caller says.
    if length == 0 {
        &[]
    } else {
        unsafe { std::slice::from_raw_parts(start, length) }
    }
}

/// # Safety
/// `out` must point to `capacity` writable bytes.
unsafe fn copy(bytes: &[u8], out: *mut u8, capacity: usize) -> usize {
    if bytes.len() <= capacity {
        // SAFETY: as the caller says.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), out, bytes.len()) };
    }
    bytes.len()
}

fn describe(error: &LoadError) -> String {
    let mut text = String::from("{\"code\":");
    write_string(error.code, &mut text);
    if let Some(offset) = error.offset {
        text.push_str(&format!(",\"offset\":{offset}"));
    }
    text.push_str(",\"message\":");
    write_string(&error.message, &mut text);
    text.push('}');
    text
}

/// `wasm-bindgen` refuses a crate without a single export of its own.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn framegate_wasm_bindgen_anchor() {}

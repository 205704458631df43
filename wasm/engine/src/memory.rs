//! The engine's allocator: the system's, counted, so that tests and hosts can see that evaluating does not allocate.
//!
//! In a module, memory that is given back is zeroed. Nothing of what was loaded or asked before lingers there, and an image
//! of the memory at rest, which leaves out what is zero, holds hardly more than what is in use. Without that it is twice as
//! large: a payload of 488 kB leaves 119 blocks of 4 KiB behind instead of 238.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counted;

#[global_allocator]
static MEMORY: Counted = Counted;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// How often this thread has asked the system for memory.
pub fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// Memory for the host, which is told with null when there is none; given back as all other memory is.
pub fn for_host(layout: Layout) -> *mut u8 {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    // SAFETY: callers give a layout with a size.
    unsafe { System.alloc(layout) }
}

#[cfg(not(target_arch = "wasm32"))]
// SAFETY: everything is the system allocator's; counting does not allocate.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        for_host(layout)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.realloc(block, layout, size) }
    }
}

#[cfg(target_arch = "wasm32")]
// SAFETY: everything is the system allocator's; a block is zeroed while it is still the caller's to give.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = for_host(layout);
        if block.is_null() {
            exhausted(layout.size());
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe {
            block.write_bytes(0, layout.size());
            System.dealloc(block, layout);
        }
    }

    /// Always elsewhere: the system's would leave the end of a block that shrinks, and the whole of one that moves.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            moved.copy_from_nonoverlapping(block, layout.size().min(size));
            self.dealloc(block, layout);
            moved
        }
    }
}

/// The standard library would end without a word.
#[cfg(target_arch = "wasm32")]
#[cold]
fn exhausted(size: usize) -> ! {
    crate::abi::leave_message(format_args!("memory allocation of {size} bytes failed"));
    core::arch::wasm32::unreachable()
}

//! The engine's allocator, counted, so that tests and hosts can see that evaluating does not allocate. A shared object's is
//! the system's; a module has heaps of its own (`memory/stages.rs`), by which loaded specs come to lie side by side.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;

#[cfg(target_arch = "wasm32")]
mod loading;
#[cfg(target_arch = "wasm32")]
mod stages;
#[cfg(target_arch = "wasm32")]
use stages as system;

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
    unsafe { system::alloc(layout) }
}

/// A copy of what was loaded, to be kept when the module's memory at rest is captured: it lies side by side, and whatever
/// else was allocated since [`prepare`] may be neither used nor given back. In a shared object it is what was loaded.
pub fn keep<Loaded: Clone>(loaded: Loaded) -> Loaded {
    system::keep(loaded)
}

/// Room for what is kept of a payload of `length` bytes, below all that is allocated until then.
pub fn prepare(length: usize) {
    system::prepare(length);
}

/// Where memory that is in use ends, once something was kept and while nothing was allocated behind it; otherwise 0, for
/// then all of memory may be in use.
pub fn end() -> usize {
    system::end()
}

// SAFETY: everything is the system allocator's, or that of the module's stages; counting does not allocate.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = for_host(layout);
        #[cfg(target_arch = "wasm32")]
        if block.is_null() {
            exhausted(layout.size());
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { system::dealloc(block, layout) }
    }

    #[cfg(not(target_arch = "wasm32"))]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { system::realloc(block, layout, size) }
    }
}

/// The standard library would end without a word.
#[cfg(target_arch = "wasm32")]
#[cold]
fn exhausted(size: usize) -> ! {
    crate::abi::leave_message(format_args!("memory allocation of {size} bytes failed"));
    core::arch::wasm32::unreachable()
}

/// A shared object's memory is the system's; nobody captures it.
#[cfg(not(target_arch = "wasm32"))]
mod system {
    use std::alloc::{GlobalAlloc, Layout, System};

    pub unsafe fn alloc(layout: Layout) -> *mut u8 {
        unsafe { System.alloc(layout) }
    }

    pub unsafe fn dealloc(block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }

    pub unsafe fn realloc(block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe { System.realloc(block, layout, size) }
    }

    pub fn keep<Loaded>(loaded: Loaded) -> Loaded {
        loaded
    }

    pub fn prepare(_length: usize) {}

    pub fn end() -> usize {
        0
    }
}

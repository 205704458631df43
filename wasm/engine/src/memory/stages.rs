//! Where a module's memory comes from, in the stages of an instance's life:
//!
//! ```text
//!   opening    the first block, which is the host's for its frames, lies at the start of the heap
//!   loading    a heap above room that is left free: the payload, the specs as they are read, and all that is thrown away
//!   keeping    what is kept is copied into that room, block after block without gaps or headers
//!   running    a heap behind what was kept
//!
//!   | stack, data | frames | kept specs | running heap ...
//!                          | room                  | tables | room | loading heap ... |
//! ```
//!
//! An image of the memory ends where the kept specs do: it and the instances that start from it are as small as these are,
//! whatever loading took. In the instance that loaded them, nothing that was allocated while loading may be used or given
//! back once something was kept.
//!
//! Memory that is given back is zeroed, so that nothing of what was loaded or asked before lingers.

use std::alloc::Layout;
use std::cell::{Cell, UnsafeCell};

use dlmalloc::{Allocator, Dlmalloc};

use super::loading::LoadingHeap;

pub const PAGE: usize = 65_536;
/// The running heap asks for memory by these: what is left of the last page serves it first.
const LEAST_ASKED: usize = 4096;

/// Where `framegate_load` and `framegate_seal` have their stack and the data that only they read (`build/load-data.ts`).
const TABLES: std::ops::Range<usize> = 0xa_0000..0x16_0000;

unsafe extern "C" {
    /// The linker's: the first address behind stack and data.
    static __heap_base: u8;
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Opening,
    Opened,
    Loading,
    Keeping,
    Running,
}

struct Stages {
    stage: Stage,
    /// Where the next block that is kept begins.
    next: usize,
    /// Where the room for such blocks ends, and the loading heap begins.
    limit: usize,
    /// From where on blocks are kept that had no room; all of memory's end before.
    overflow: usize,
    /// Where what was kept ends; 0 before.
    end: usize,
    loading: LoadingHeap,
    /// The running heap.
    heap: Dlmalloc<Pages>,
}

struct Shared(UnsafeCell<Stages>);

// SAFETY: a module's instance has one thread.
unsafe impl Sync for Shared {}

static STAGES: Shared = Shared(UnsafeCell::new(Stages {
    stage: Stage::Opening,
    next: 0,
    limit: 0,
    overflow: usize::MAX,
    end: 0,
    loading: LoadingHeap::new(),
    heap: Dlmalloc::new_with_allocator(Pages::new(0, 0)),
}));

/// # Safety
/// The reference must be gone before anything allocates or is given back.
#[allow(clippy::mut_from_ref)]
unsafe fn stages<'a>() -> &'a mut Stages {
    // SAFETY: there is one thread, and the caller sees to it that there is one reference.
    unsafe { &mut *STAGES.0.get() }
}

/// Null where there is no memory.
pub unsafe fn alloc(layout: Layout) -> *mut u8 {
    // SAFETY: nothing below allocates in another way.
    let stages = unsafe { stages() };
    match stages.stage {
        Stage::Running => unsafe { stages.heap.malloc(layout.size(), layout.align()) },
        Stage::Loading => stages.load(layout),
        Stage::Keeping => stages.keep(layout),
        Stage::Opening => {
            stages.next = &raw const __heap_base as usize;
            stages.limit = usize::MAX;
            stages.stage = Stage::Opened;
            stages.keep(layout)
        }
        Stage::Opened => {
            stages.begin_loading(0);
            stages.load(layout)
        }
    }
}

pub unsafe fn dealloc(block: *mut u8, layout: Layout) {
    // SAFETY: the block is the caller's to give; nothing below allocates in another way.
    let stages = unsafe {
        block.write_bytes(0, layout.size());
        stages()
    };
    let address = block as usize;
    match stages.stage {
        Stage::Running if address >= stages.end => unsafe {
            stages.heap.free(block, layout.size(), layout.align());
        },
        Stage::Loading | Stage::Keeping if (stages.limit..stages.overflow).contains(&address) => {
            stages.unload(block, layout)
        }
        // What is kept stays where it is.
        _ => {}
    }
}

/// See [`super::prepare`].
pub fn prepare(length: usize) {
    // SAFETY: nothing below allocates.
    let stages = unsafe { stages() };
    match stages.stage {
        Stage::Opening => stages.next = &raw const __heap_base as usize,
        Stage::Opened => {}
        _ => return,
    }
    stages.begin_loading(length);
}

/// See [`super::keep`].
pub fn keep<Loaded: Clone>(loaded: Loaded) -> Loaded {
    prepare(0);
    // SAFETY: the reference is gone when something is made.
    unsafe {
        if stages().stage != Stage::Loading {
            return loaded;
        }
        stages().stage = Stage::Keeping;
    }
    let made = loaded.clone();
    std::mem::forget(loaded);
    // SAFETY: nothing below allocates.
    let stages = unsafe { stages() };
    stages.end = stages.next.next_multiple_of(16);
    stages.loading = LoadingHeap::new();
    stages.heap = Dlmalloc::new_with_allocator(Pages::new(stages.end, stages.end.next_multiple_of(PAGE)));
    stages.heap.set_granularity(LEAST_ASKED);
    stages.stage = Stage::Running;
    made
}

/// See [`super::end`].
pub fn end() -> usize {
    // SAFETY: nothing allocates.
    let stages = unsafe { stages() };
    if stages.heap.allocator().has_grown() {
        0
    } else {
        stages.end
    }
}

impl Stages {
    fn begin_loading(&mut self, payload: usize) {
        // What is kept of a payload takes half its length. A module that was given less memory makes do with less room,
        // and keeps what does not fit behind the loading heap.
        let room = payload / 4 * 3;
        let wanted = self.next + room;
        let wanted = if wanted > TABLES.start {
            TABLES.end + room
        } else {
            TABLES.end
        };
        if !reach(wanted) && !reach(TABLES.end) {
            super::exhausted(TABLES.end);
        }
        self.limit = memory_end();
        self.stage = Stage::Loading;
    }

    /// A block of the loading heap.
    fn load(&mut self, layout: Layout) -> *mut u8 {
        if layout.align() <= LoadingHeap::ALIGN {
            return self.loading.take(layout.size());
        }
        let base = self.loading.take(layout.size() + layout.align());
        // SAFETY: a null stays what it is, and the block has room to be moved to where it is aligned.
        unsafe {
            if base.is_null() {
                base
            } else {
                base.add(base.align_offset(layout.align()))
            }
        }
    }

    /// Where more alignment was asked for than blocks have, it is not known where the block began.
    fn unload(&mut self, block: *mut u8, layout: Layout) {
        if layout.align() <= LoadingHeap::ALIGN {
            // SAFETY: `load` gave it.
            unsafe { self.loading.give_back(block, layout.size()) };
        }
    }

    /// A block that is kept, behind the last.
    fn keep(&mut self, layout: Layout) -> *mut u8 {
        let mut start = self.next.next_multiple_of(layout.align());
        if start < TABLES.end && start + layout.size() > TABLES.start {
            start = TABLES.end;
        }
        if self.overflow == usize::MAX && start + layout.size() > self.limit {
            start = memory_end();
            self.overflow = start;
        }
        if !reach(start + layout.size()) {
            return std::ptr::null_mut();
        }
        self.next = start + layout.size();
        start as *mut u8
    }
}

pub fn memory_end() -> usize {
    core::arch::wasm32::memory_size(0) * PAGE
}

/// Makes memory reach up to `end`; whether it could.
pub fn reach(end: usize) -> bool {
    let missing = end.saturating_sub(memory_end()).div_ceil(PAGE);
    missing == 0 || core::arch::wasm32::memory_grow(0, missing) != usize::MAX
}

/// Where a heap gets its memory: once what is left of a page, then by growing.
struct Pages {
    left: Cell<(usize, usize)>,
    has_grown: Cell<bool>,
}

impl Pages {
    const fn new(start: usize, end: usize) -> Self {
        Pages {
            left: Cell::new((start, end)),
            has_grown: Cell::new(false),
        }
    }

    fn has_grown(&self) -> bool {
        self.has_grown.get()
    }
}

// SAFETY: nobody else has what growing adds, nor what is left behind that which was kept.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let (start, end) = self.left.take();
        if size <= end - start {
            return (start as *mut u8, end - start, 0);
        }
        self.has_grown.set(true);
        let at = memory_end();
        // The last byte of the address space has no address behind it.
        match at.checked_add(size.next_multiple_of(PAGE)) {
            Some(end) if reach(end) => (at as *mut u8, end - at, 0),
            _ => (std::ptr::null_mut(), 0, 0),
        }
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        std::ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    /// What was given back to the other heap is zero too, but for what that wrote itself.
    fn allocates_zeros(&self) -> bool {
        false
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

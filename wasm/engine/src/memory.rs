//! The engine's allocator: the system's, except inside [`within`], where memory comes from a piece that the caller
//! owns. Library code that cannot work without allocating (a regular expression's search) so works in the frame of
//! the call that needs it: nothing is kept, and the heap neither grows nor fragments while evaluating.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Memory;

#[global_allocator]
static MEMORY: Memory = Memory;

/// The arena in force on this thread: its start, the next free byte, its end. All zero when there is none.
#[derive(Clone, Copy)]
struct Arena {
    start: usize,
    next: usize,
    end: usize,
}

const NO_ARENA: Arena = Arena {
    start: 0,
    next: 0,
    end: 0,
};

thread_local! {
    static ARENA: Cell<Arena> = const { Cell::new(NO_ARENA) };
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// How often this thread has asked the system for memory.
pub fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// Runs `work` with its allocations taken from `memory` as long as that lasts, and from the system beyond. What it
/// allocates must not outlive it; what it returns must therefore own no heap memory.
pub fn within<T>(memory: &mut [u8], work: impl FnOnce() -> T) -> T {
    measured(memory, work).0
}

/// As [`within`]; also how many bytes of `memory` were taken.
pub fn measured<T>(memory: &mut [u8], work: impl FnOnce() -> T) -> (T, usize) {
    struct Restore(Arena);
    impl Drop for Restore {
        fn drop(&mut self) {
            ARENA.set(self.0);
        }
    }
    let start = memory.as_mut_ptr() as usize;
    let outer = ARENA.replace(Arena {
        start,
        next: start,
        end: start + memory.len(),
    });
    let restore = Restore(outer);
    let result = work();
    let used = ARENA.get().next - start;
    drop(restore);
    (result, used)
}

// SAFETY: every block handed out is either the system's or a part of the arena that no other block overlaps, because
// `next` only moves up while the arena is in force. Blocks are told apart by address: arenas are borrowed from memory
// that is itself allocated, so no system block lies inside one.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let arena = ARENA.get();
        if arena.end != 0 {
            let block = arena.next.next_multiple_of(layout.align());
            if block + layout.size() <= arena.end {
                ARENA.set(Arena {
                    next: block + layout.size(),
                    ..arena
                });
                return block as *mut u8;
            }
        }
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let arena = ARENA.get();
        if !(arena.start..arena.end).contains(&(block as usize)) {
            unsafe { System.dealloc(block, layout) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_come_from_the_arena_until_it_is_full() {
        let mut memory = vec![0u8; 1000];
        let before = allocations();
        let (sum, used) = measured(&mut memory, || {
            let numbers: Vec<u64> = (0..50).collect();
            numbers.iter().sum::<u64>()
        });
        assert_eq!((sum, allocations()), (1225, before));
        assert!((400..1000).contains(&used));
        let sum = within(&mut memory, || (0..5000u64).collect::<Vec<_>>().iter().sum::<u64>());
        assert_eq!(sum, 12_497_500);
        assert!(allocations() > before);
    }
}

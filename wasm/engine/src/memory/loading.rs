//! The heap that loading has: blocks of four sizes to each doubling, those given back in a list for each size. It is thrown
//! away as a whole, so nothing is ever joined or split, and its code is a tenth of a general heap's: loading is the first
//! that a process does, in code that is compiled as it runs.

use super::stages::{PAGE, memory_end, reach};

/// Pages asked for at a time, where there are so many.
const GROWTH: usize = 4 * PAGE;
/// Blocks are multiples of it, and lie at such.
const LEAST: usize = 16;
const CLASSES: usize = 4 * usize::BITS as usize;

pub struct LoadingHeap {
    /// By class, the first block that was given back; each begins with the address of the next.
    free: [usize; CLASSES],
    /// What has not been given out.
    next: usize,
    end: usize,
}

impl LoadingHeap {
    pub const ALIGN: usize = LEAST;

    pub const fn new() -> Self {
        LoadingHeap {
            free: [0; CLASSES],
            next: 0,
            end: 0,
        }
    }

    /// A block at a multiple of 16; null where there is no memory.
    pub fn take(&mut self, size: usize) -> *mut u8 {
        let Some(size) = rounded(size) else {
            return std::ptr::null_mut();
        };
        let first = &mut self.free[class(size)];
        let block = *first;
        if block != 0 {
            // SAFETY: it begins with the address of the next, as `give_back` wrote it.
            unsafe {
                *first = (block as *const usize).read();
                (block as *mut usize).write(0);
            }
            return block as *mut u8;
        }
        self.fresh(size)
    }

    /// # Safety
    /// The block must be of `take(size)` and not have been given back.
    pub unsafe fn give_back(&mut self, block: *mut u8, size: usize) {
        let Some(size) = rounded(size) else {
            return;
        };
        let first = &mut self.free[class(size)];
        // SAFETY: blocks have room for an address, and this one is nobody's.
        unsafe { block.cast::<usize>().write(*first) };
        *first = block as usize;
    }

    fn fresh(&mut self, size: usize) -> *mut u8 {
        if size > self.end - self.next && !self.grow(size) {
            return std::ptr::null_mut();
        }
        let block = self.next;
        self.next += size;
        block as *mut u8
    }

    fn grow(&mut self, size: usize) -> bool {
        let at = memory_end();
        // What was left is part of the next block unless somebody else has grown memory.
        let start = if at == self.end { self.next } else { at };
        let Some(least) = start
            .checked_add(size)
            .and_then(|end| end.checked_next_multiple_of(PAGE))
        else {
            return false;
        };
        let more = least.saturating_add(GROWTH - PAGE);
        let end = if reach(more) { more } else { least };
        if !reach(end) {
            return false;
        }
        (self.next, self.end) = (start, end);
        true
    }
}

/// What a block of `size` bytes takes.
fn rounded(size: usize) -> Option<usize> {
    if size <= 4 * LEAST {
        return Some(size.max(1).next_multiple_of(LEAST));
    }
    let step = 1 << ((size - 1).ilog2() - 2);
    size.checked_next_multiple_of(step)
}

fn class(rounded: usize) -> usize {
    let double = rounded.ilog2();
    (4 * double) as usize + (rounded >> (double - 2) & 3)
}

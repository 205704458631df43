//! Which blocks something keeps of those that it allocates while it is made. Compiling a regular expression gives most of them
//! back; made again from the same text it allocates the same, so that those which stay can be told beforehand.

use std::alloc::Layout;

/// Blocks that are told apart; what comes after them counts as kept.
const MOST: u32 = 1 << 16;

/// By number of the block, whether it was given back.
#[derive(Clone, Default)]
pub struct Recording(Box<[u64]>);

impl Recording {
    pub fn of(bits: &[u64], count: u32) -> Self {
        Recording(bits[..count.min(MOST).div_ceil(64) as usize].into())
    }
}

/// Before each block of the loading heap: its number within its session.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Header {
    session: u32,
    number: u32,
}

impl Header {
    /// Bytes before a block that keep it aligned.
    pub fn room(layout: Layout) -> usize {
        size_of::<Header>().max(layout.align())
    }
}

/// A stretch of allocations that is recorded, or replayed.
pub struct Session {
    /// Distinguishes its blocks from those of others, which had 0 or another number.
    session: u32,
    sessions: u32,
    /// Blocks so far.
    count: u32,
    /// Blocks of the loading heap that are in use.
    open: u32,
    /// Which were given back: to be written, and as it was.
    records: *mut u64,
    replays: *const [u64],
}

impl Session {
    pub const fn none() -> Self {
        Session {
            session: 0,
            sessions: 0,
            count: 0,
            open: 0,
            records: std::ptr::null_mut(),
            replays: std::ptr::slice_from_raw_parts(std::ptr::null(), 0),
        }
    }

    /// What a recording is written to.
    pub fn bits() -> Box<[u64]> {
        vec![0; MOST as usize / 64].into()
    }

    /// Records into `bits`, which must stay until it stops.
    pub fn record(&mut self, bits: &mut [u64]) {
        self.start();
        self.records = bits.as_mut_ptr();
    }

    /// Replays a recording, which must stay until it stops.
    pub fn replay(&mut self, recording: &Recording) {
        self.start();
        self.replays = &raw const *recording.0;
    }

    fn start(&mut self) {
        *self = Session {
            session: self.sessions + 1,
            sessions: self.sessions + 1,
            ..Session::none()
        };
    }

    /// Ends; how many blocks there were when it was a recording, or how many are in use that should not be.
    pub fn stop(&mut self) -> u32 {
        let told = if self.records.is_null() { self.open } else { self.count };
        *self = Session {
            sessions: self.sessions,
            ..Session::none()
        };
        told
    }

    /// Whether the next block was given back when it was recorded.
    pub fn is_given_back(&self) -> bool {
        // SAFETY: the recording stays until the session stops.
        let bits = unsafe { &*self.replays };
        bits.get(self.count as usize / 64)
            .is_some_and(|word| word >> (self.count % 64) & 1 == 1)
    }

    /// Passes a block that is kept.
    pub fn skip(&mut self) {
        self.count += 1;
    }

    /// The header of the next block of the loading heap.
    pub fn next(&mut self) -> Header {
        let number = self.count;
        self.count += 1;
        self.open += 1;
        Header {
            session: self.session,
            number,
        }
    }

    pub fn given_back(&mut self, Header { session, number }: Header) {
        if session == 0 || session != self.session {
            return;
        }
        self.open -= 1;
        if !self.records.is_null() && number < MOST {
            // SAFETY: there are `MOST` bits, which stay until the session stops.
            unsafe { *self.records.add(number as usize / 64) |= 1 << (number % 64) };
        }
    }
}

//! Where a search by back-tracking is: the alternatives that wait, the slots, and what these held when an alternative began to
//! wait.

/// Alternatives that may wait at once before a search is given up.
const MOST_WAITING: usize = 1_000_000;

/// What slots hold before anything is saved there.
pub const UNSET: usize = usize::MAX;

/// Room for what searches write.
#[derive(Clone, Copy)]
pub struct Reserved {
    pub slots: usize,
    /// As many alternatives, and as many slots that they restore.
    pub waiting: usize,
}

/// An alternative that is tried when what comes before it fails.
struct Waiting {
    step: usize,
    at: usize,
    /// How many slots have changed since the one before.
    changed: usize,
}

pub struct State {
    /// Positions and counts; behind them a stack, the first of which is its height.
    pub slots: Vec<usize>,
    stack: usize,
    reserved: Reserved,
    waiting: Vec<Waiting>,
    /// Slots, and what they held before.
    changes: Vec<(usize, usize)>,
    /// How many slots have changed since the last alternative began to wait.
    changed: usize,
}

impl State {
    pub fn new(slots: usize, reserved: Reserved) -> State {
        State {
            slots: Vec::with_capacity(reserved.slots),
            stack: slots,
            reserved,
            waiting: Vec::with_capacity(reserved.waiting),
            changes: Vec::with_capacity(reserved.waiting),
            changed: 0,
        }
    }

    pub fn begin(&mut self) {
        self.slots.clear();
        self.slots.resize(self.stack, UNSET);
        self.waiting.clear();
        self.changes.clear();
        self.changed = 0;
    }

    /// Gives back what it took beyond what is reserved.
    pub fn end(&mut self) {
        let most = self.waiting.capacity().max(self.changes.capacity());
        if most > self.reserved.waiting || self.slots.capacity() > self.reserved.slots {
            *self = State::new(self.stack, self.reserved);
        }
    }

    /// How many alternatives wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// `None` when too many wait.
    pub fn wait(&mut self, step: usize, at: usize) -> Option<()> {
        if self.waiting.len() == MOST_WAITING {
            return None;
        }
        let changed = std::mem::take(&mut self.changed);
        self.waiting.push(Waiting { step, at, changed });
        Some(())
    }

    /// Goes on with the alternative that began to wait last; its step and position.
    pub fn resume(&mut self) -> (usize, usize) {
        for (slot, held) in self.changes.drain(self.changes.len() - self.changed..).rev() {
            self.slots[slot] = held;
        }
        let Some(Waiting { step, at, changed }) = self.waiting.pop() else {
            unreachable!("a program resumes what waits");
        };
        self.changed = changed;
        (step, at)
    }

    pub fn save(&mut self, slot: usize, value: usize) {
        let since = self.changes.len() - self.changed;
        if !self.changes[since..].iter().any(|(changed, _)| *changed == slot) {
            self.changes.push((slot, self.slots[slot]));
            self.changed += 1;
        }
        self.slots[slot] = value;
    }

    pub fn push_slot(&mut self, value: usize) {
        if self.slots.len() == self.stack {
            self.slots.push(self.stack + 1);
        }
        let top = self.slots[self.stack];
        if self.slots.len() == top {
            self.slots.push(value);
        } else {
            self.save(top, value);
        }
        self.save(self.stack, top + 1);
    }

    pub fn pop_slot(&mut self) -> usize {
        let top = self.slots[self.stack] - 1;
        self.save(self.stack, top);
        self.slots[top]
    }

    /// Drops the alternatives that wait behind the first `count`. Slots stay as they are; what they held before is kept once.
    pub fn cut(&mut self, count: usize) {
        if self.waiting.len() == count {
            return;
        }
        let later: usize = self.waiting[count + 1..].iter().map(|waiting| waiting.changed).sum();
        let end = self.changes.len() - self.changed - later;
        let begin = end - self.waiting[count].changed;
        let mut kept = end;
        for change in end..self.changes.len() {
            let slot = self.changes[change].0;
            if !self.changes[begin..kept].iter().any(|(changed, _)| *changed == slot) {
                self.changes.swap(kept, change);
                kept += 1;
            }
        }
        self.waiting.truncate(count);
        self.changes.truncate(kept);
        self.changed = kept - begin;
    }
}

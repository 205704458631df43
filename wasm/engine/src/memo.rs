//! The gates that one call has already evaluated, in the call's own frame: open addressing over a power of two of
//! five-word entries, at most half of them taken.

/// What is known of a gate in this call.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Known {
    Nothing,
    /// It is being evaluated, so meeting it again is a cycle.
    Open,
    Done(Decided),
}

/// A gate's outcome as its nesting spec needs it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Decided {
    pub value: bool,
    pub recognized: bool,
    /// Text number of its rule id.
    pub rule: u32,
    /// The stretch of the exposure log that it made.
    pub log: [u32; 2],
    /// The question within the call that it was decided for.
    pub question: u32,
}

pub struct Memo<'f>(&'f mut [u32]);

const ENTRY: usize = 5;
const OPEN: u32 = 1;
const DONE: u32 = 2;
const VALUE: u32 = 4;
const RECOGNIZED: u32 = 8;
const QUESTION: u32 = 4;

impl<'f> Memo<'f> {
    /// Words for a call that may meet `gates` gates.
    pub fn words(gates: u32) -> usize {
        if gates == 0 {
            0
        } else {
            (2 * gates as usize).next_power_of_two() * ENTRY
        }
    }

    /// An empty memo in `words`.
    pub fn new(words: &'f mut [u32]) -> Self {
        // The keys alone: filling all of it calls out of compiled code.
        words.iter_mut().step_by(ENTRY).for_each(|key| *key = 0);
        Memo(words)
    }

    pub fn get(&self, gate: u32) -> Known {
        let Some(at) = self.place(gate) else {
            return Known::Nothing;
        };
        let entry = &self.0[at..at + ENTRY];
        if entry[0] == 0 {
            return Known::Nothing;
        }
        match entry[1] & (OPEN | DONE) {
            OPEN => Known::Open,
            DONE => Known::Done(Decided {
                value: entry[1] & VALUE != 0,
                recognized: entry[1] & RECOGNIZED != 0,
                rule: entry[2],
                log: [entry[3], entry[4]],
                question: entry[1] >> QUESTION,
            }),
            _ => Known::Nothing,
        }
    }

    pub fn open(&mut self, gate: u32) {
        self.set(gate, [OPEN, 0, 0, 0]);
    }

    pub fn forget(&mut self, gate: u32) {
        self.set(gate, [0; 4]);
    }

    pub fn done(&mut self, gate: u32, decided: Decided) {
        let bits = if decided.value { VALUE } else { 0 } | if decided.recognized { RECOGNIZED } else { 0 };
        let state = DONE | bits | decided.question << QUESTION;
        self.set(gate, [state, decided.rule, decided.log[0], decided.log[1]]);
    }

    /// Forgets what was decided for a question.
    pub fn forget_question(&mut self, question: u32) {
        for entry in self.0.chunks_exact_mut(ENTRY) {
            if entry[0] != 0 && entry[1] & DONE != 0 && entry[1] >> QUESTION == question {
                entry[1] = 0;
            }
        }
    }

    fn set(&mut self, gate: u32, state: [u32; 4]) {
        if let Some(at) = self.place(gate) {
            self.0[at] = gate + 1;
            self.0[at + 1..at + ENTRY].copy_from_slice(&state);
        }
    }

    /// Where the gate's entry is or belongs; nowhere in a call that nests none.
    fn place(&self, gate: u32) -> Option<usize> {
        let slots = self.0.len() / ENTRY;
        if slots == 0 {
            return None;
        }
        let mut slot = gate.wrapping_mul(0x9e37_79b1) as usize & (slots - 1);
        loop {
            let key = self.0[slot * ENTRY];
            if key == 0 || key == gate + 1 {
                return Some(slot * ENTRY);
            }
            slot = (slot + 1) & (slots - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_what_was_decided() {
        let mut words = vec![1; Memo::words(3)];
        let mut memo = Memo::new(&mut words);
        let decided = Decided {
            value: true,
            recognized: true,
            rule: 9,
            log: [2, 5],
            question: 7,
        };
        assert_eq!(memo.get(1), Known::Nothing);
        memo.open(1);
        memo.open(9);
        assert_eq!(memo.get(1), Known::Open);
        memo.done(1, decided);
        assert_eq!(memo.get(1), Known::Done(decided));
        memo.forget_question(6);
        assert_eq!(memo.get(1), Known::Done(decided));
        memo.forget_question(7);
        assert_eq!(memo.get(1), Known::Nothing);
        assert_eq!(memo.get(9), Known::Open);
    }

    #[test]
    fn a_call_that_nests_nothing_has_none() {
        let mut memo = Memo::new(&mut []);
        memo.open(1);
        assert_eq!(memo.get(1), Known::Nothing);
    }
}

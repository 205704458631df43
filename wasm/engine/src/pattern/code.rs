//! Thompson's automaton of an expression as words, of which a copy is one block:
//!
//! ```text
//!   RANGE  | low << 8 | high << 16, next               a byte of the classes from low to high
//!   SPARSE | count << 8, (low | high << 8, next) ...   likewise, by the range that has it
//!   LOOK   | look << 8, next                           when that lies around
//!   UNION  | count << 8, next ...                      all of them, the first preferred
//!   MATCH, FAIL
//! ```

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;

pub const RANGE: u32 = 0;
pub const SPARSE: u32 = 1;
pub const LOOK: u32 = 2;
pub const UNION: u32 = 3;
pub const MATCH: u32 = 4;
const FAIL: u32 = 5;

pub struct Code {
    pub words: Vec<u32>,
    pub start: u32,
    /// How many states a byte can lead to.
    pub targets: usize,
    /// How many branches all unions have together.
    pub branches: usize,
}

impl Code {
    /// Of the states that `start` leads to. Groups are not recorded.
    pub fn of(nfa: &NFA, start: StateID) -> Code {
        let mut layout = Layout::of(nfa);
        let start = layout.place(start);
        let mut next = 0;
        while let Some(state) = layout.order.get(next) {
            each_next(nfa.state(*state), |next| {
                layout.place(next);
            });
            next += 1;
        }
        layout.written(start)
    }
}

/// Where each state that is reached has its words.
struct Layout<'a> {
    nfa: &'a NFA,
    order: Vec<StateID>,
    places: Vec<u32>,
    end: u32,
}

const NOWHERE: u32 = u32::MAX;

impl<'a> Layout<'a> {
    fn of(nfa: &'a NFA) -> Self {
        Layout {
            nfa,
            order: Vec::new(),
            places: vec![NOWHERE; nfa.states().len()],
            end: 0,
        }
    }

    /// The place of a state, which it gets if it has none.
    fn place(&mut self, state: StateID) -> u32 {
        let mut state = state;
        while let State::Capture { next, .. } = self.nfa.state(state) {
            state = *next;
        }
        let place = &mut self.places[state];
        if *place == NOWHERE {
            *place = self.end;
            self.end += match self.nfa.state(state) {
                State::Sparse(sparse) => 1 + 2 * sparse.transitions.len() as u32,
                State::Union { alternates } => 1 + alternates.len() as u32,
                State::BinaryUnion { .. } => 3,
                State::Match { .. } | State::Fail => 1,
                _ => 2,
            };
            self.order.push(state);
        }
        *place
    }

    fn written(mut self, start: u32) -> Code {
        let mut words = Vec::with_capacity(self.end as usize);
        let classes = self.nfa.byte_classes();
        let range = |low, high| u32::from(classes.get(low)) | u32::from(classes.get(high)) << 8;
        let (mut branches, mut is_target) = (0, vec![false; self.end as usize]);
        for number in 0..self.order.len() {
            match self.nfa.state(self.order[number]) {
                State::ByteRange { trans } => {
                    let next = self.place(trans.next);
                    words.extend([RANGE | range(trans.start, trans.end) << 8, next]);
                    is_target[next as usize] = true;
                }
                State::Sparse(sparse) => {
                    words.push(SPARSE | (sparse.transitions.len() as u32) << 8);
                    for trans in &*sparse.transitions {
                        let next = self.place(trans.next);
                        words.extend([range(trans.start, trans.end), next]);
                        is_target[next as usize] = true;
                    }
                }
                State::Look { look, next } => words.extend([LOOK | look.as_repr() << 8, self.place(*next)]),
                state @ (State::Union { .. } | State::BinaryUnion { .. }) => {
                    let head = words.len();
                    words.push(UNION);
                    each_next(state, |next| words.push(self.place(next)));
                    let count = words.len() - head - 1;
                    words[head] |= (count as u32) << 8;
                    branches += count;
                }
                State::Match { .. } => words.push(MATCH),
                State::Fail => words.push(FAIL),
                State::Dense(_) | State::Capture { .. } => unreachable!("the compiler makes none, or it was skipped"),
            }
        }
        Code {
            words,
            start,
            targets: is_target.iter().filter(|is| **is).count(),
            branches,
        }
    }
}

/// The states that one leads to, the preferred first.
fn each_next(state: &State, mut each: impl FnMut(StateID)) {
    match state {
        State::ByteRange { trans } => each(trans.next),
        State::Sparse(sparse) => sparse.transitions.iter().for_each(|trans| each(trans.next)),
        State::Look { next, .. } | State::Capture { next, .. } => each(*next),
        State::Union { alternates } => alternates.iter().for_each(|next| each(*next)),
        State::BinaryUnion { alt1, alt2 } => [*alt1, *alt2].into_iter().for_each(each),
        State::Dense(_) | State::Match { .. } | State::Fail => {}
    }
}

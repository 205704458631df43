//! Searches by back-tracking, for expressions with look-around, back-references, word boundaries and atomic groups: the
//! program is the crate's, and so is each step of running it, with the same limits. Two things differ: only whether there is
//! a match is told, and what the program hands over to automata goes to those whose memory is reserved.

use fancy_regex::Assertion;
use regex_automata::util::look::LookMatcher;

use super::automaton::Table;
use super::folding;
use super::program::{Program, Step};
use super::state::{State, UNSET};

/// Alternatives tried before a search is given up.
const MOST_TRIED: usize = 1_000_000;

/// What searches with a program write.
pub struct Scratch {
    tables: Box<[Table]>,
    state: State,
}

impl Program {
    /// Whether there is a match in `text`; also false when a limit is reached.
    pub fn is_in(&self, text: &str, scratch: &mut Scratch) -> bool {
        scratch.state.begin();
        let found = self.run(text, scratch);
        scratch.state.end();
        found.unwrap_or(false)
    }

    /// `None` when a limit is reached.
    fn run(&self, text: &str, scratch: &mut Scratch) -> Option<bool> {
        let Scratch { tables, state } = scratch;
        let bytes = text.as_bytes();
        let (mut step, mut at, mut tried) = (0, 0, 0);
        loop {
            // Left where an alternative fails.
            'fails: loop {
                match self.steps[step] {
                    Step::End => return Some(true),
                    Step::Any => match bytes.get(at) {
                        Some(byte) => at += width(*byte),
                        None => break 'fails,
                    },
                    Step::AnyButFeed => match bytes.get(at) {
                        Some(byte) if *byte != b'\n' => at += width(*byte),
                        _ => break 'fails,
                    },
                    Step::Assertion(assertion) => {
                        if !holds(assertion, bytes, at) {
                            break 'fails;
                        }
                    }
                    Step::Text(ref literal) => {
                        if !bytes[at..].starts_with(literal.as_bytes()) {
                            break 'fails;
                        }
                        at += literal.len();
                    }
                    Step::Split(first, second) => {
                        state.wait(second, at)?;
                        step = first;
                        continue;
                    }
                    Step::Jump(target) => {
                        step = target;
                        continue;
                    }
                    Step::Save(slot) => state.save(slot, at),
                    Step::SaveZero(slot) => state.save(slot, 0),
                    Step::Restore(slot) => at = state.slots[slot],
                    Step::Repeat {
                        least,
                        most,
                        next,
                        count,
                        greedy,
                    } => {
                        let repeated = state.slots[count];
                        if repeated == most {
                            step = next;
                            continue;
                        }
                        state.save(count, repeated + 1);
                        if repeated >= least {
                            if !greedy {
                                state.wait(step + 1, at)?;
                                step = next;
                                continue;
                            }
                            state.wait(next, at)?;
                        }
                    }
                    Step::RepeatEmpty {
                        least,
                        next,
                        count,
                        check,
                        greedy,
                    } => {
                        let repeated = state.slots[count];
                        if repeated > 0 && state.slots[check] == at {
                            step = next;
                            continue;
                        }
                        state.save(count, repeated + 1);
                        if repeated >= least {
                            state.save(check, at);
                            if !greedy {
                                state.wait(step + 1, at)?;
                                step = next;
                                continue;
                            }
                            state.wait(next, at)?;
                        }
                    }
                    Step::GoBack(count) => {
                        for _ in 0..count {
                            if at == 0 {
                                break 'fails;
                            }
                            at = text.floor_char_boundary(at - 1);
                        }
                    }
                    Step::FailNegative => {
                        // What looks around matched: all that waits in it goes, up to what would go on behind it.
                        while state.resume().0 != step + 1 {}
                        break 'fails;
                    }
                    Step::Reference { slot, ignores_case } => {
                        let (begin, end) = (state.slots[slot], state.slots[slot + 1]);
                        if begin == UNSET || end == UNSET {
                            break 'fails;
                        }
                        // A group that refers to itself ends before it begins.
                        let Some(group) = text.get(begin..end) else {
                            break 'fails;
                        };
                        let repeats = bytes[at..].starts_with(group.as_bytes())
                            || ignores_case && folding::repeats(group, text, at);
                        if !repeats {
                            break 'fails;
                        }
                        at += group.len();
                    }
                    Step::HasGroup(group) => {
                        if state.slots[group * 2] == UNSET {
                            break 'fails;
                        }
                    }
                    Step::BeginAtomic => state.push_slot(state.waiting()),
                    Step::EndAtomic => {
                        let waiting = state.pop_slot();
                        state.cut(waiting);
                    }
                    Step::Automaton(number) => match self.automata[number].end_from(at, text, &mut tables[number]) {
                        Some(end) => at = end,
                        None => break 'fails,
                    },
                    Step::AtBegin { gives_up } => {
                        if at > 0 {
                            if gives_up && state.waiting() == 1 {
                                return Some(false);
                            }
                            break 'fails;
                        }
                    }
                }
                step += 1;
            }
            if state.waiting() == 0 {
                return Some(false);
            }
            tried += 1;
            if tried > MOST_TRIED {
                return None;
            }
            (step, at) = state.resume();
        }
    }
}

impl Scratch {
    pub fn of(program: &Program) -> Scratch {
        Scratch {
            tables: program.automata.iter().map(Table::of).collect(),
            state: State::new(program.slots, program.reserved),
        }
    }
}

fn holds(assertion: Assertion, text: &[u8], at: usize) -> bool {
    let look = LookMatcher::new();
    let by_words = match assertion {
        Assertion::StartText => Ok(look.is_start(text, at)),
        Assertion::EndText => Ok(look.is_end(text, at)),
        Assertion::StartLine { crlf: false } => Ok(look.is_start_lf(text, at)),
        Assertion::StartLine { crlf: true } => Ok(look.is_start_crlf(text, at)),
        Assertion::EndLine { crlf: false } => Ok(look.is_end_lf(text, at)),
        Assertion::EndLine { crlf: true } => Ok(look.is_end_crlf(text, at)),
        Assertion::LeftWordBoundary => look.is_word_start_unicode(text, at),
        Assertion::RightWordBoundary => look.is_word_end_unicode(text, at),
        Assertion::LeftWordHalfBoundary => look.is_word_start_half_unicode(text, at),
        Assertion::RightWordHalfBoundary => look.is_word_end_half_unicode(text, at),
        Assertion::WordBoundary => look.is_word_unicode(text, at),
        Assertion::NotWordBoundary => look.is_word_unicode_negate(text, at),
    };
    // The tables of words are compiled in.
    by_words.unwrap_or(false)
}

/// Bytes of the character that begins with one.
fn width(first: u8) -> usize {
    match first {
        ..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    }
}

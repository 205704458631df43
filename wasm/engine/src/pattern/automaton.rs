//! A search by a finite automaton in memory that is reserved when the expression is loaded.
//!
//! A search walks over a table whose rows are sets of its states in order of preference. Rows are made when they are first
//! entered; once there is no room for more, all are dropped but the one that the search is in. What lies around a position
//! is known when the byte behind it is read, so a match is told by the transition that leaves its end.

use std::ops::RangeInclusive;

use regex_automata::nfa::thompson::{Compiler, Config, NFA, WhichCaptures};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;

use super::code::{Code, LOOK, MATCH, RANGE, SPARSE, UNION};

/// Entries of the table: not yet made; that the position before was a match's end; no row, for nothing can match any more.
/// Others are the place of a row, of which the first is 1.
const UNKNOWN: u16 = 0;
const MATCHED: u16 = 1 << 15;
const DEAD: u16 = MATCHED - 1;

/// How many entries a table has, and rows, between which the size of the automaton decides. Most have few classes of bytes
/// and 64 rows: 2 kB where there are 16 classes. A counted repetition needs a row for each count.
const ENTRIES: RangeInclusive<usize> = 4096..=DEAD as usize - 1;
const ROWS: RangeInclusive<usize> = 64..=256;
const LEAST_ROWS: usize = 16;
/// States of a row that there is room for, and rows of as many states as there can be.
const STATES: usize = 8;
const LARGEST_ROWS: usize = 4;

/// The crate's own limit of an expression's size, and from where on it is asked whether it takes an expression.
const SIZE_LIMIT: usize = 10 << 20;
const LARGE: usize = 1 << 20;

/// What lies on one side of a position, as far as the expression looks at it.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Edge,
    Feed,
    Other,
}

/// An automaton; what searching writes is its [`Table`].
#[derive(Clone)]
pub struct Automaton {
    words: Box<[u32]>,
    start: u32,
    /// By byte. The end of the text has a class of its own, the last.
    classes: Box<[u8; 256]>,
    stride: usize,
    is_reverse: bool,
    looks: bool,
    looks_at_lines: bool,
    /// Bounds of a row's states, and of the branches that wait while one is made.
    most_states: usize,
    most_branches: usize,
}

impl Automaton {
    /// For searches anywhere in a text. `None` where the crate that defines the dialect refuses the expression.
    pub fn anywhere(expression: &str) -> Option<Self> {
        let config = Config::new()
            .which_captures(WhichCaptures::All)
            .nfa_size_limit(Some(SIZE_LIMIT));
        let nfa = thompson(expression, config)?;
        // It also limits what it makes besides.
        if nfa.memory_usage() > LARGE && regex_automata::meta::Regex::new(expression).is_err() {
            return None;
        }
        if nfa.is_always_start_anchored() {
            return Some(Self::of(&nfa, nfa.start_anchored()));
        }
        // What can match at the text's end only is looked for from there: most texts then end the search at once.
        if expression.contains('$') {
            let config = Config::new().which_captures(WhichCaptures::None).reverse(true);
            let backwards = thompson(expression, config)?;
            if backwards.is_always_start_anchored() {
                return Some(Self::of(&backwards, backwards.start_anchored()));
            }
        }
        Some(Self::of(&nfa, nfa.start_unanchored()))
    }

    /// For searches from a position, forwards or backwards, with an expression that the crate has taken.
    pub fn from_position(expression: &str, is_reverse: bool) -> Option<Self> {
        let config = Config::new().which_captures(WhichCaptures::None).reverse(is_reverse);
        let nfa = thompson(expression, config)?;
        Some(Self::of(&nfa, nfa.start_anchored()))
    }

    /// Whether there is a match in `text`.
    pub fn is_in(&self, text: &str, table: &mut Table) -> bool {
        let bytes = text.as_bytes().iter();
        if self.is_reverse {
            self.run(bytes.rev(), Side::Edge, true, table).is_some()
        } else {
            self.run(bytes, Side::Edge, true, table).is_some()
        }
    }

    /// Where the preferred match that begins at `position` ends: before it, if the automaton goes backwards.
    pub fn end_from(&self, position: usize, text: &str, table: &mut Table) -> Option<usize> {
        let (before, after) = text.as_bytes().split_at(position);
        if self.is_reverse {
            let side = after.first().map_or(Side::Edge, |byte| self.side(self.class(*byte)));
            Some(position - self.run(before.iter().rev(), side, false, table)?)
        } else {
            let side = before.last().map_or(Side::Edge, |byte| self.side(self.class(*byte)));
            Some(position + self.run(after.iter(), side, false, table)?)
        }
    }

    /// How many of the bytes the preferred match takes, or the first that is found.
    fn run<'t>(
        &self,
        bytes: impl Iterator<Item = &'t u8>,
        before: Side,
        first: bool,
        table: &mut Table,
    ) -> Option<usize> {
        let mut found = None;
        let mut row = self.begin(before, table);
        let mut taken = 0;
        for byte in bytes {
            let class = self.class(*byte);
            let mut entry = table.entries[usize::from(row) + class];
            // Most bytes lead nowhere else, and what is foreseen need not be waited for: 1.4 ns a byte, 2.6 without.
            if entry == row {
                taken += 1;
                continue;
            }
            if entry.wrapping_sub(1) >= DEAD - 1 {
                if entry == UNKNOWN {
                    entry = self.step(row, class, table);
                }
                if entry & MATCHED != 0 {
                    found = Some(taken);
                    if first {
                        return found;
                    }
                    entry &= !MATCHED;
                }
                if entry == DEAD {
                    return found;
                }
            }
            row = entry;
            taken += 1;
        }
        let end = self.stride - 1;
        let mut entry = table.entries[usize::from(row) + end];
        if entry == UNKNOWN {
            entry = self.step(row, end, table);
        }
        if entry & MATCHED != 0 { Some(taken) } else { found }
    }

    fn class(&self, byte: u8) -> usize {
        usize::from(self.classes[usize::from(byte)])
    }

    fn side(&self, class: usize) -> Side {
        if class == self.stride - 1 {
            Side::Edge
        } else if self.looks_at_lines && class == self.class(b'\n') {
            Side::Feed
        } else {
            Side::Other
        }
    }

    /// The entry of the row that a search begins in.
    fn begin(&self, before: Side, table: &mut Table) -> u16 {
        let before = if self.looks { before } else { Side::Other };
        if table.starts[before as usize] == UNKNOWN {
            if table.is_full(self.most_states) {
                table.drop_rows(None, self.stride);
            }
            let end = table.bounds[table.rows] as usize;
            table.states[end] = self.start;
            table.starts[before as usize] = self.row(end + 1, before, table);
        }
        table.starts[before as usize]
    }

    /// Makes an entry of the table. The row itself may be elsewhere afterwards.
    #[cold]
    fn step(&self, place: u16, class: usize, table: &mut Table) -> u16 {
        let mut row = (usize::from(place) - 1) / self.stride;
        if table.is_full(self.most_states) {
            table.drop_rows(Some(row), self.stride);
            row = 0;
        }
        table.visited.fill(0);
        table.entered.fill(0);
        let (before, behind) = (table.sides[row], self.side(class));
        let begin = table.bounds[table.rows] as usize;
        let mut end = begin;
        let mut matched = 0;
        'states: for state in table.bounds[row]..table.bounds[row + 1] {
            table.branches[0] = table.states[state as usize];
            let mut waiting = 1;
            while waiting > 0 {
                waiting -= 1;
                let at = table.branches[waiting] as usize;
                if !is_new(at, &mut table.visited) {
                    continue;
                }
                let (word, count) = (self.words[at], (self.words[at] >> 8) as usize);
                let next = match word & 0xff {
                    RANGE if has(word >> 8, class) => self.words[at + 1],
                    SPARSE => {
                        let ranges = &self.words[at + 1..at + 1 + 2 * count];
                        match ranges.chunks_exact(2).find(|range| has(range[0], class)) {
                            Some(range) => range[1],
                            None => continue,
                        }
                    }
                    UNION => {
                        for next in self.words[at + 1..at + 1 + count].iter().rev() {
                            table.branches[waiting] = *next;
                            waiting += 1;
                        }
                        continue;
                    }
                    LOOK => {
                        if self.holds(word >> 8, before, behind) {
                            table.branches[waiting] = self.words[at + 1];
                            waiting += 1;
                        }
                        continue;
                    }
                    MATCH => {
                        matched = MATCHED;
                        break 'states;
                    }
                    _ => continue,
                };
                if is_new(next as usize, &mut table.entered) {
                    table.states[end] = next;
                    end += 1;
                }
            }
        }
        let side = if self.looks { behind } else { Side::Other };
        let entry = if end == begin { DEAD } else { self.row(end, side, table) } | matched;
        table.entries[1 + row * self.stride + class] = entry;
        entry
    }

    /// The entry of the row of the states that lie behind the last row's, up to `end`.
    fn row(&self, end: usize, side: Side, table: &mut Table) -> u16 {
        let bounds = &mut table.bounds;
        let (known, new) = table.states[..end].split_at(bounds[table.rows] as usize);
        let same =
            |row: &usize| table.sides[*row] == side && known[bounds[*row] as usize..bounds[*row + 1] as usize] == *new;
        let row = (0..table.rows).find(same).unwrap_or(table.rows);
        if row == table.rows {
            table.sides[row] = side;
            table.rows += 1;
            bounds[table.rows] = end as u32;
        }
        (1 + row * self.stride) as u16
    }

    fn holds(&self, look: u32, before: Side, behind: Side) -> bool {
        match Look::from_repr(look) {
            Some(Look::Start) => before == Side::Edge,
            Some(Look::End) => behind == Side::Edge,
            Some(Look::StartLF) => matches!(before, Side::Edge | Side::Feed),
            Some(Look::EndLF) => matches!(behind, Side::Edge | Side::Feed),
            // The dialect has no lines that end otherwise, and words need back-tracking.
            _ => false,
        }
    }

    fn of(nfa: &NFA, start: StateID) -> Self {
        let classes = nfa.byte_classes();
        let mut by_byte = Box::new([0; 256]);
        (0..=u8::MAX).for_each(|byte| by_byte[usize::from(byte)] = classes.get(byte));
        let code = Code::of(nfa, start);
        Automaton {
            start: code.start,
            classes: by_byte,
            stride: classes.alphabet_len(),
            is_reverse: nfa.is_reverse(),
            looks: !nfa.look_set_any().is_empty(),
            looks_at_lines: nfa.look_set_any().contains_anchor_line(),
            most_states: code.targets + 1,
            most_branches: code.branches + 1,
            words: code.words.into(),
        }
    }
}

/// What searches with an automaton write, made as large as it can get.
#[derive(Clone)]
pub struct Table {
    /// By row and class.
    entries: Box<[u16]>,
    rows: usize,
    /// By row, what lay before it, and where its states are: from its bound up to the next.
    sides: Box<[Side]>,
    bounds: Box<[u32]>,
    states: Box<[u32]>,
    /// The entry of the row that a search begins in, by what lies before.
    starts: [u16; 3],
    /// While a row is made: states whose branches wait, those that were visited, those that the row has.
    branches: Box<[u32]>,
    visited: Box<[u32]>,
    entered: Box<[u32]>,
}

impl Table {
    pub fn of(automaton: &Automaton) -> Self {
        let within = |bounds: RangeInclusive<usize>| automaton.words.len().clamp(*bounds.start(), *bounds.end());
        let rows = (within(ENTRIES) / automaton.stride).clamp(LEAST_ROWS, within(ROWS));
        let bits = automaton.words.len().div_ceil(32);
        Table {
            entries: vec![UNKNOWN; 1 + rows * automaton.stride].into(),
            rows: 0,
            sides: vec![Side::Edge; rows].into(),
            bounds: vec![0; rows + 1].into(),
            states: vec![0; (rows * STATES).max(LARGEST_ROWS * automaton.most_states)].into(),
            starts: [UNKNOWN; 3],
            branches: vec![0; automaton.most_branches].into(),
            visited: vec![0; bits].into(),
            entered: vec![0; bits].into(),
        }
    }

    /// Whether there may be no room for another row.
    fn is_full(&self, most_states: usize) -> bool {
        self.rows == self.sides.len() || self.states.len() - (self.bounds[self.rows] as usize) < most_states
    }

    /// Drops all rows but one, which becomes the first.
    fn drop_rows(&mut self, kept: Option<usize>, stride: usize) {
        self.entries[..1 + self.rows * stride].fill(UNKNOWN);
        self.starts = [UNKNOWN; 3];
        self.rows = 0;
        if let Some(row) = kept {
            let (begin, end) = (self.bounds[row], self.bounds[row + 1]);
            self.states.copy_within(begin as usize..end as usize, 0);
            self.sides[0] = self.sides[row];
            self.bounds[1] = end - begin;
            self.rows = 1;
        }
    }
}

fn thompson(expression: &str, config: Config) -> Option<NFA> {
    Compiler::new().configure(config).build(expression).ok()
}

/// Whether a range, its low class in the lowest byte, has a class.
fn has(range: u32, class: usize) -> bool {
    ((range & 0xff) as usize..=(range >> 8 & 0xff) as usize).contains(&class)
}

/// Sets a bit; whether it was not set.
fn is_new(at: usize, bits: &mut [u32]) -> bool {
    let (word, bit) = (&mut bits[at / 32], 1 << (at % 32));
    let is_new = *word & bit == 0;
    *word |= bit;
    is_new
}

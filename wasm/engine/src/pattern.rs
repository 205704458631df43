//! Regular expressions in the dialect of the `fancy-regex` crate. A search works on a copy of the compiled expression
//! in the call's own memory (the copy shares the program and owns its caches), so no search leaves anything behind
//! and the engine's memory stays as it was after loading.

use fancy_regex::{Regex, RegexBuilder};

use crate::memory;

/// A compiled expression.
pub struct Pattern {
    regex: Regex,
    memory: usize,
}

/// Memory for one search is at most this; what a search needs beyond it comes from the heap and goes back there.
const MOST_MEMORY: usize = 256 * 1024;

impl Pattern {
    /// `None` for a text that is no valid expression: it matches nothing.
    pub fn compile(text: &str) -> Option<Pattern> {
        // A lazy DFA pays off over many searches with one cache; here each search has its own.
        let regex = RegexBuilder::new(text).delegate_dfa_size_limit(0).build().ok()?;
        let mut trial = vec![0; MOST_MEMORY];
        let haystack = "user.name+tag@mail.example.com ".repeat(8);
        let (_, used) = memory::measured(&mut trial, || regex.clone().is_match(&haystack));
        Some(Pattern {
            regex,
            memory: (2 * used).min(MOST_MEMORY),
        })
    }

    /// Temporary bytes that a search wants.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// Whether `text` holds a match; also false when the back-tracking budget runs out.
    pub fn matches(&self, text: &str, temporary: &mut [u8]) -> bool {
        memory::within(temporary, || self.regex.clone().is_match(text).unwrap_or(false))
    }
}

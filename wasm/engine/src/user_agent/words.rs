//! The words of an agent, four at a time: the current one and the three that follow it.

/// How many words are in sight at once; the longest mark plus its number is that long.
pub(super) const WINDOW: usize = 4;

/// A window that slides over the words of an agent.
pub(super) struct Words<'a> {
    /// A ring whose first word is at `start`: turning it costs less than moving the words.
    window: [Option<&'a str>; WINDOW],
    start: usize,
    /// What follows the last word in sight; `None` when that one ends the agent.
    rest: Option<&'a str>,
}

impl<'a> Words<'a> {
    pub(super) fn of(agent: &'a str) -> Self {
        let mut words = Self {
            window: [None; WINDOW],
            start: 0,
            rest: Some(agent),
        };
        words.pass(WINDOW);
        words
    }

    /// The word in sight at `place`, below [`WINDOW`], 0 being the current one; empty beyond the end of the agent.
    pub(super) fn at(&self, place: usize) -> &'a str {
        self.window[(self.start + place) % WINDOW].unwrap_or("")
    }

    /// Whether there is no current word any more.
    pub(super) fn ended(&self) -> bool {
        self.window[self.start].is_none()
    }

    /// Moves on by `count` words.
    pub(super) fn pass(&mut self, count: usize) {
        for _ in 0..count {
            self.window[self.start] = self.next_word();
            self.start = (self.start + 1) % WINDOW;
        }
    }

    /// Words end at `;` and at a space, at no other white space. Two separators in a row have an empty word between
    /// them, which keeps its place in the window: `Windows  NT` is not `Windows NT`.
    fn next_word(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let end = rest.bytes().position(|byte| byte == b' ' || byte == b';');
        self.rest = end.map(|end| &rest[end + 1..]);
        Some(strip(end.map_or(rest, |end| &rest[..end])))
    }
}

/// A word without the punctuation around it.
pub(super) fn strip(word: &str) -> &str {
    // By bytes: `trim_matches` decodes characters, which took a tenth of a parse.
    let is_text = |byte: &u8| !matches!(byte, b'(' | b')' | b';' | b',' | b'+' | b'_' | b'"');
    let bytes = word.as_bytes();
    let start = bytes.iter().position(is_text).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(is_text).map_or(start, |last| last + 1);
    &word[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_at_semicolons_and_spaces_and_empty_ones_keep_their_place() {
        let mut words = Words::of("a;(b) \tc  d");
        assert_eq!([0, 1, 2, 3].map(|place| words.at(place)), ["a", "b", "\tc", ""]);
        words.pass(4);
        assert_eq!((words.at(0), words.at(1), words.ended()), ("d", "", false));
        words.pass(1);
        assert!(words.ended());
    }

    #[test]
    fn an_empty_agent_is_one_empty_word() {
        let mut words = Words::of("");
        assert!(!words.ended());
        words.pass(1);
        assert!(words.ended());
    }

    #[test]
    fn punctuation_is_stripped_at_both_ends_only() {
        assert_eq!(strip("(+\"a,b_\";)"), "a,b");
        assert_eq!(strip("(;)"), "");
        assert_eq!(strip("[a]"), "[a]");
    }
}

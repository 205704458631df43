//! Regular expressions in the dialect of the `fancy-regex` crate.
//!
//! Loading searches a few texts with each expression, which makes its caches and gives them their size: searching then
//! takes 25 to 60 ns and allocates nothing, but for these: a cache that only a match needs is made by the first match;
//! texts beyond 256 bytes make caches grow once, to a bounded size; look-around, back-references and word boundaries keep
//! their back-tracking stack on the heap while they search.

use fancy_regex::{Regex, RegexBuilder};

use crate::memory::{self, Recording};

/// A compiled expression, and what it keeps of what compiling it allocates. A clone is compiled anew, because an expression's
/// parts cannot be copied, and what compiling throws away must not lie between things that are kept.
pub struct Pattern(Regex, Recording);

impl Clone for Pattern {
    fn clone(&self) -> Self {
        let Pattern(regex, recording) = self;
        memory::kept_as(recording, || match compiled(regex.as_str()) {
            Some(regex) => Pattern(regex, Recording::default()),
            None => unreachable!("it was compiled before"),
        })
    }
}

/// Bytes of the texts that caches are made for.
const WARM: usize = 256;

impl Pattern {
    /// `None` for a text that is no valid expression: it matches nothing.
    pub fn compile(text: &str) -> Option<Pattern> {
        if names_absurd_group(text) {
            return None;
        }
        let (regex, recording) = memory::recorded(|| compiled(text));
        Some(Pattern(regex?, recording))
    }

    /// Whether `text` holds a match; also false when the back-tracking budget runs out.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text).unwrap_or(false)
    }
}

fn compiled(text: &str) -> Option<Regex> {
    // A lazy DFA grows with every new text; without memory for one, the engines of fixed size are used.
    let regex = RegexBuilder::new(text).delegate_dfa_size_limit(0).build().ok()?;
    for piece in ["user.name+tag@mail.example.com ", "aA0-", text] {
        let warm: String = piece
            .chars()
            .cycle()
            .take(if piece.is_empty() { 0 } else { WARM })
            .collect();
        // Whether it matches does not matter, nor whether the back-tracking budget was enough.
        let _ = regex.is_match(&warm);
    }
    Some(regex)
}

/// Whether a back-reference or condition names a group by a number of more than four digits. The crate sizes a bit set
/// by that number before it looks whether there is such a group.
fn names_absurd_group(text: &str) -> bool {
    ["\\k<", "\\k'", "(?(", "(?P=", "\\"].iter().any(|start| {
        text.match_indices(start).any(|(at, _)| {
            let number = text[at + start.len()..].trim_start_matches(['<', '\'', '+', '-']);
            number.bytes().take_while(u8::is_ascii_digit).count() > 4
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory;

    #[test]
    fn plain_expressions_search_without_the_heap() {
        for expression in [
            r"@(?:students?|alumni)\.",
            r"(?i)^[\w.+-]+@.*mail",
            r"^\d+$",
            r"[a-z]+\.(com|org)$",
        ] {
            let pattern = Pattern::compile(expression).unwrap();
            let texts = [
                "",
                "a@b.edu",
                "someone@students.example",
                "ÄÖÜ 123",
                "x@mail",
                &"long".repeat(WARM / 4),
            ];
            for text in texts {
                pattern.matches(text);
            }
            let before = memory::allocations();
            for text in texts {
                pattern.matches(text);
                pattern.matches(text.trim_end_matches('g'));
            }
            assert_eq!(memory::allocations(), before, "{expression}");
        }
    }

    #[test]
    fn the_dialect_is_the_one_of_statsigs_engine() {
        let matches =
            |expression: &str, text| Pattern::compile(expression).is_some_and(|pattern| pattern.matches(text));
        for (expression, text) in [
            (r"(?<=a+)b", "aab"),
            (r"a\Kb", "ab"),
            (r"\h", "f"),
            (r"(?<n>a)\k<n>", "aa"),
            (r"a\Z", "a\n"),
            (r"(?i)ß", "ẞ"),
        ] {
            assert!(matches(expression, text), "{expression}");
        }
        for (expression, text) in [
            (r"\R", "\n"),
            (r"(?~a)", "b"),
            (r"(a)(?1)", "aa"),
            (r"a$", "a\n"),
            (r"(", "("),
        ] {
            assert!(!matches(expression, text), "{expression}");
        }
    }

    #[test]
    fn numbers_of_groups_that_cannot_be_are_no_expression() {
        for expression in [
            r"\k<1000000000000>",
            r"(a)(?(99999999999)b|c)",
            r"(a)\k<-4294967294>",
            r"(a)\18446744073709551615",
        ] {
            assert!(Pattern::compile(expression).is_none(), "{expression}");
        }
        assert!(Pattern::compile(r"(a)\k<1>\d12345").is_some());
    }

    #[test]
    fn a_search_that_backtracks_without_end_is_no_match() {
        assert!(
            !Pattern::compile(r"^(a+)+\1$")
                .unwrap()
                .matches(&format!("{}b", "a".repeat(40)))
        );
    }
}

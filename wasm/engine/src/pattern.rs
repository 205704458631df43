//! Regular expressions in the dialect of the `fancy-regex` crate: it reads them and tells which need back-tracking.
//!
//! Searches do not use its engines: theirs grow with what they meet. Here all that a search writes is reserved when the
//! expression is loaded, and sealing copies a few blocks. Two kinds of searches ask for memory still, and give it back: one
//! that goes back over a repetition with more than 512 alternatives waiting (`(\w)+\1` in a text of 500 letters), and in a
//! shared object one that meets another thread's in the same expression.

use std::sync::{Mutex, TryLockError};

use fancy_regex::internal::{FLAG_UNICODE, analyze, can_compile_as_anchored, compile, optimize};
use fancy_regex::{Assertion, Expr};

use automaton::{Automaton, Table};
use backtrack::Scratch;
use program::Program;

mod automaton;
mod backtrack;
mod code;
mod folding;
mod program;
mod state;

/// A compiled expression.
#[derive(Clone)]
pub struct Pattern(Box<Search>);

enum Search {
    Automaton(Automaton, Mutex<Table>),
    Backtracking(Program, Mutex<Scratch>),
}

impl Clone for Search {
    fn clone(&self) -> Self {
        match self {
            Search::Automaton(automaton, _) => Search::by_automaton(automaton.clone()),
            Search::Backtracking(program, _) => Search::by_backtracking(program.clone()),
        }
    }
}

impl Pattern {
    /// `None` for a text that is no valid expression: it matches nothing.
    pub fn compile(text: &str) -> Option<Pattern> {
        if names_absurd_group(text) {
            return None;
        }
        let mut tree = Expr::parse_tree_with_flags(text, FLAG_UNICODE).ok()?;
        let has_explicit_group = optimize(&mut tree);
        let info = analyze(&tree, has_explicit_group).ok()?;
        let search = if needs_backtracking(&tree.expr) {
            Search::by_backtracking(Program::of(&compile(&info, can_compile_as_anchored(&tree.expr)).ok()?)?)
        } else {
            let mut expression = String::new();
            tree.expr.to_str(&mut expression, 0);
            Search::by_automaton(Automaton::anywhere(&expression)?)
        };
        Some(Pattern(Box::new(search)))
    }

    /// Whether `text` holds a match; also false when the back-tracking budget runs out.
    pub fn matches(&self, text: &str) -> bool {
        match &*self.0 {
            Search::Automaton(automaton, table) => {
                with(table, || Table::of(automaton), |table| automaton.is_in(text, table))
            }
            Search::Backtracking(program, scratch) => {
                with(scratch, || Scratch::of(program), |scratch| program.is_in(text, scratch))
            }
        }
    }
}

impl Search {
    fn by_automaton(automaton: Automaton) -> Self {
        let table = Mutex::new(Table::of(&automaton));
        Search::Automaton(automaton, table)
    }

    fn by_backtracking(program: Program) -> Self {
        let scratch = Mutex::new(Scratch::of(&program));
        Search::Backtracking(program, scratch)
    }
}

/// Searches with what is reserved; with something new, while another thread has that or after one left it in the middle.
fn with<Reserved>(
    reserved: &Mutex<Reserved>,
    new: impl FnOnce() -> Reserved,
    search: impl FnOnce(&mut Reserved) -> bool,
) -> bool {
    match reserved.try_lock() {
        Ok(mut reserved) => search(&mut reserved),
        Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => search(&mut new()),
    }
}

/// Whether an expression has what no automaton can do, of which the crate makes a program.
fn needs_backtracking(expression: &Expr) -> bool {
    use Assertion::{EndLine, EndText, StartLine, StartText};
    match expression {
        Expr::Assertion(assertion) => !matches!(assertion, StartText | EndText | StartLine { .. } | EndLine { .. }),
        Expr::Empty | Expr::Any { .. } | Expr::Literal { .. } | Expr::Delegate { .. } => false,
        Expr::Concat(parts) | Expr::Alt(parts) => parts.iter().any(needs_backtracking),
        Expr::Group(part) => needs_backtracking(part),
        Expr::Repeat { child, .. } => needs_backtracking(child),
        _ => true,
    }
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

    /// Of all that the crate has: by an automaton, and by back-tracking.
    const EXPRESSIONS: [&str; 62] = [
        "",
        "a",
        "^a$",
        "a|ab|b",
        "(?i)É",
        r"\d+",
        r"^\s*$",
        r"\p{L}",
        r"\W",
        "^(a+)+$",
        "a*?b",
        "a{2,3}",
        "(?s)a.b",
        "a.b",
        r"@(?:students?|alumni)\.",
        r"(?i)^[\w.+-]+@.*mail",
        r"[a-z]+\.(com|org)$",
        "(?m)^b$",
        "(?m)^$",
        "$^",
        "a$|^b",
        "(a|b)*c",
        "[^a]",
        "(?x) a b # c",
        "x{0}",
        r"\x{1F600}|é",
        "(?i)k",
        "(?i)ſ+",
        r"a\z",
        r"^\A",
        "(?:^|,)b(?:,|$)",
        r"\bfoo\b",
        r"\Ba",
        r"a\b{end}",
        r"\<a|b\>",
        "(?=.*b)a",
        "(?!a)b",
        "(?<=a)b",
        "(?<!a)b",
        "(?<=a+)b",
        "(?<!a|bb)c",
        "(?<=^|,)b",
        "(?<=(a)b?)c",
        r"(?<=(?m:^)a*)b",
        r"(a)\1",
        r"(a|b)\1",
        r"(?i)(a|é)\1",
        r"^(\p{L}+)-\1$",
        r"(?i)^(.+)-\1$",
        "(?>a|ab)c",
        "(?>a+)b|a",
        "a++b",
        r"a\Kb",
        r"\Ga",
        "(a)?(?(1)b|c)",
        "(?:(a)|b)*(?(1)c)",
        "((?>a*)b)*c",
        r"a\Z",
        r"(?:(?=a)a|b){2,3}c",
        r"(?:a\b|b)*?c",
        r"(\w+?)\s+\1",
        r"(a\1?){2}",
    ];

    /// Every text of a few pieces.
    fn texts() -> impl Iterator<Item = String> {
        let pieces = [
            "", "a", "b", "ab", "c", "foo", "\n", "\r\n", ",", "-", " ", "É", "éa", "K", "\u{212a}", "s", "ſ", "😀",
            "mail", "a@x.com",
        ];
        let two = move |first| pieces.map(|second| (first, second));
        let three = move |(first, second)| pieces.map(|third| [first, second, third].concat());
        pieces.into_iter().flat_map(two).flat_map(three)
    }

    #[test]
    fn searches_find_what_the_crate_finds_and_leave_the_heap_alone() {
        let texts: Vec<String> = texts().collect();
        for expression in EXPRESSIONS {
            let pattern = Pattern::compile(expression).unwrap_or_else(|| panic!("{expression}"));
            let expected = fancy_regex::Regex::new(expression).unwrap();
            let before = memory::allocations();
            let found: [u64; 126] = std::array::from_fn(|word| {
                let bit = |(bit, text): (usize, &String)| u64::from(pattern.matches(text)) << bit;
                texts.iter().skip(64 * word).take(64).enumerate().map(bit).sum()
            });
            assert_eq!(memory::allocations(), before, "{expression}");
            for (number, text) in texts.iter().enumerate() {
                let found = found[number / 64] >> (number % 64) & 1 == 1;
                assert_eq!(
                    found,
                    expected.is_match(text).unwrap_or(false),
                    "{expression} in {text:?}"
                );
            }
        }
    }

    #[test]
    fn a_table_without_room_for_more_rows_is_begun_anew() {
        // Each of the last twelve letters may be an `a` or not: more rows than a table has.
        let pattern = Pattern::compile("a[ab]{12}c").unwrap();
        let letters = (0..20_000_u32).map(|number| {
            if number.wrapping_mul(2_654_435_769) >> 31 == 0 {
                'a'
            } else {
                'b'
            }
        });
        let text: String = letters.collect();
        let [with_match, without] = ["abbbbbbaaaaaac", "babbbbbbaaaaac"].map(|end| [&text, end].concat());
        let before = memory::allocations();
        for _ in 0..3 {
            assert!(!pattern.matches(&text));
            assert!(pattern.matches(&with_match));
            assert!(!pattern.matches(&without));
        }
        assert_eq!(memory::allocations(), before);
    }

    #[test]
    fn going_back_over_500_letters_leaves_the_heap_alone() {
        let pattern = Pattern::compile(r"^(\w+)-\1$").unwrap();
        let searched = |length| {
            let text = "a".repeat(length);
            let text = format!("{text}-{text}");
            let before = memory::allocations();
            assert!(pattern.matches(&text));
            memory::allocations() - before
        };
        assert_eq!(searched(500), 0);
        assert!(searched(5000) > 0);
        assert_eq!(searched(500), 0);
    }

    #[test]
    fn threads_search_at_once() {
        for expression in [r"(\w)\1$", r"^\w+@(?:a|b)*x"] {
            let pattern = Pattern::compile(expression).unwrap();
            std::thread::scope(|scope| {
                for thread in 0..4 {
                    let pattern = &pattern;
                    scope.spawn(move || {
                        for number in 0..2000 {
                            let found = pattern.matches(&format!("user{thread}{number}@aabbx{number}"));
                            let expected = expression.starts_with('^') || number % 100 % 11 == 0 && number > 9;
                            assert_eq!(found, expected, "{number}");
                        }
                    });
                }
            });
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

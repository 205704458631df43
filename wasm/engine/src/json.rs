//! JSON text read in place. [`parse`] checks a whole document once; after that a [`Value`] is a slice of the
//! document that is known to be well formed, so reading it can only meet a wrong type, never bad syntax. Nothing is
//! copied until somebody asks for a string that holds escapes.

mod check;
mod print;
mod scan;

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use check::Checker;
use print::compact_number;
pub use print::{write_double, write_escaped, write_string};
use scan::{end_of_string, end_of_value, next_escape, past_space};

use crate::texts::TextHash;

/// Where and why a text is not JSON.
#[derive(Debug, PartialEq)]
pub struct SyntaxError {
    /// Byte offset into the text.
    pub offset: usize,
    pub message: &'static str,
}

/// The exact text of one value inside a checked document.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a>(&'a str);

/// Checks `text` and returns its one value.
pub fn parse(text: &str) -> Result<Value<'_>, SyntaxError> {
    let mut checker = Checker {
        bytes: text.as_bytes(),
        at: 0,
    };
    checker.space();
    let start = checker.at;
    checker.value(0)?;
    let end = checker.at;
    checker.space();
    if checker.at < checker.bytes.len() {
        return Err(checker.error("text after the end of the document"));
    }
    Ok(Value(&text[start..end]))
}

fn hex_code(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0, |code, digit| code * 16 + (*digit as char).to_digit(16).unwrap_or(0))
}

/// What kind of value a text holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl<'a> Value<'a> {
    /// The value's exact text.
    pub fn text(self) -> &'a str {
        self.0
    }

    pub fn kind(self) -> Kind {
        match self.0.as_bytes()[0] {
            b'n' => Kind::Null,
            b't' | b'f' => Kind::Bool,
            b'"' => Kind::String,
            b'[' => Kind::Array,
            b'{' => Kind::Object,
            _ => Kind::Number,
        }
    }

    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.0 == "true")
    }

    pub fn as_f64(self) -> Option<f64> {
        (self.kind() == Kind::Number).then(|| self.0.parse().unwrap_or(f64::NAN))
    }

    pub fn as_str(self) -> Option<Cow<'a, str>> {
        (self.kind() == Kind::String).then(|| unescape(&self.0[1..self.0.len() - 1]))
    }

    /// The elements of an array; nothing for any other kind.
    pub fn elements(self) -> impl Iterator<Item = Value<'a>> {
        Entries::new(self, Kind::Array).map(|(_, value)| value)
    }

    /// The members of an object in their order, duplicates included; nothing for any other kind.
    pub fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        Entries::new(self, Kind::Object).map(|(key, value)| (key.unwrap_or_default(), value))
    }

    /// The members without duplicates: a key stands where it came first and has the value that came last.
    pub fn distinct_members(self) -> Vec<(Cow<'a, str>, Value<'a>)> {
        let members: Vec<_> = self.members().collect();
        let mut met: HashMap<&str, u32, TextHash> =
            HashMap::with_capacity_and_hasher(members.len(), Default::default());
        if members.iter().all(|(key, _)| met.insert(key, 0).is_none()) {
            return members;
        }
        joined(members)
    }

    /// The last member called `key`.
    pub fn member(self, key: &str) -> Option<Value<'a>> {
        self.members()
            .filter(|(name, _)| name == key)
            .last()
            .map(|(_, value)| value)
    }

    /// The value as `serde_json` would print it: no spaces, members in their order, numbers in their shortest form.
    pub fn compact(self, out: &mut String) {
        match self.kind() {
            Kind::Null | Kind::Bool => out.push_str(self.0),
            Kind::Number => out.push_str(&compact_number(self.0)),
            Kind::String => write_string(&self.as_str().unwrap_or_default(), out),
            Kind::Array => {
                out.push('[');
                for (index, element) in self.elements().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    element.compact(out);
                }
                out.push(']');
            }
            Kind::Object => {
                out.push('{');
                for (index, (key, value)) in self.distinct_members().into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(&key, out);
                    out.push(':');
                    value.compact(out);
                }
                out.push('}');
            }
        }
    }
}

/// Members that have a key in common, as one.
#[cold]
fn joined<'a>(members: Vec<(Cow<'a, str>, Value<'a>)>) -> Vec<(Cow<'a, str>, Value<'a>)> {
    let mut places: HashMap<String, usize, TextHash> = HashMap::default();
    let mut distinct: Vec<(Cow<'a, str>, Value<'a>)> = Vec::new();
    for (key, value) in members {
        match places.entry(key.clone().into_owned()) {
            Entry::Occupied(place) => distinct[*place.get()].1 = value,
            Entry::Vacant(place) => {
                place.insert(distinct.len());
                distinct.push((key, value));
            }
        }
    }
    distinct
}

fn unescape(text: &str) -> Cow<'_, str> {
    let first = next_escape(text.as_bytes(), 0);
    if first == text.len() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(unescaped(text, first))
}

/// The text that escapes stand for, of which the first is at `first`.
#[inline(never)]
fn unescaped(text: &str, first: usize) -> String {
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (character, length) = escaped_character(&rest.as_bytes()[at + 1..]);
        out.push(character);
        rest = &rest[at + 1 + length..];
    }
    out.push_str(rest);
    out
}

/// The character that the checked bytes after a backslash stand for, and how many bytes that took.
fn escaped_character(bytes: &[u8]) -> (char, usize) {
    match bytes[0] {
        b'b' => ('\u{8}', 1),
        b'f' => ('\u{c}', 1),
        b'n' => ('\n', 1),
        b'r' => ('\r', 1),
        b't' => ('\t', 1),
        b'u' => {
            let first = hex_code(&bytes[1..5]);
            if (0xD800..0xDC00).contains(&first) {
                let second = hex_code(&bytes[7..11]);
                let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                (char::from_u32(code).unwrap_or('\u{FFFD}'), 11)
            } else {
                (char::from_u32(first).unwrap_or('\u{FFFD}'), 5)
            }
        }
        byte => (byte as char, 1),
    }
}

/// Walks a container's entries by skipping over their text.
struct Entries<'a> {
    text: &'a str,
    at: usize,
    keyed: bool,
}

impl<'a> Entries<'a> {
    fn new(value: Value<'a>, kind: Kind) -> Self {
        let text = if value.kind() == kind { value.0 } else { "[]" };
        Entries {
            text,
            at: 1,
            keyed: kind == Kind::Object,
        }
    }

    /// Between two texts of a checked container there is one separator at the most.
    fn past_separator(&mut self) {
        let bytes = self.text.as_bytes();
        self.at = past_space(bytes, self.at);
        if matches!(bytes[self.at], b',' | b':') {
            self.at = past_space(bytes, self.at + 1);
        }
    }

    fn next_text(&mut self) -> &'a str {
        let start = self.at;
        self.at = end_of_value(self.text.as_bytes(), start);
        &self.text[start..self.at]
    }

    /// What a key says: most hold no escapes.
    fn next_key(&mut self) -> Cow<'a, str> {
        let start = self.at + 1;
        self.at = end_of_string(self.text.as_bytes(), self.at);
        unescape(&self.text[start..self.at - 1])
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Option<Cow<'a, str>>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.past_separator();
        if matches!(self.text.as_bytes()[self.at], b']' | b'}') {
            return None;
        }
        let key = self.keyed.then(|| {
            let key = self.next_key();
            self.past_separator();
            key
        });
        Some((key, Value(self.next_text())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compact(text: &str) -> String {
        let mut out = String::new();
        parse(text).unwrap().compact(&mut out);
        out
    }

    #[test]
    fn reads_members_in_place() {
        let value = parse(r#" {"a": [1, {"b":"x\"y"}], "c" : null } "#).unwrap();
        let names: Vec<_> = value.members().map(|(key, _)| key.into_owned()).collect();
        assert_eq!(names, ["a", "c"]);
        let inner = value.member("a").unwrap().elements().nth(1).unwrap();
        assert_eq!(inner.member("b").unwrap().as_str().unwrap(), "x\"y");
        assert_eq!(value.member("c").unwrap().kind(), Kind::Null);
    }

    #[test]
    fn says_where_the_text_is_broken() {
        assert_eq!(parse(r#"{"a":1,}"#).unwrap_err().offset, 7);
        assert_eq!(parse("[1 2]").unwrap_err().offset, 3);
        assert_eq!(parse("").unwrap_err().offset, 0);
        assert_eq!(
            parse(r#""\ud800""#).unwrap_err().message,
            "a lone surrogate is not a character"
        );
        assert_eq!(parse("[1e999]").unwrap_err().message, "number out of range");
        assert!(parse(&format!("{}1{}", "[".repeat(1001), "]".repeat(1001))).is_err());
        assert!(parse(&format!("{}1{}", "[".repeat(1000), "]".repeat(1000))).is_ok());
    }

    #[test]
    fn prints_values_as_serde_json_does() {
        assert_eq!(
            compact(
                r#"[1, 1.0, 1.50, -0, 12345678901234567890, 123456789012345678901234567890, 1e21, 1e-5, 0.000001, 1e15]"#
            ),
            "[1,1.0,1.5,-0.0,12345678901234567890,1.2345678901234568e29,1e21,0.00001,1e-6,1000000000000000.0]"
        );
        assert_eq!(
            compact(r#"{"b":"\u001f\n/é😀", "a":1, "b":[true,null]}"#),
            r#"{"b":[true,null],"a":1}"#
        );
        assert_eq!(compact(r#""😀""#), "\"😀\"");
    }
}

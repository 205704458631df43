//! What a user-side value reads as: text, number, instant. Readings are made when an operator asks, in the call's
//! temporary memory, and follow Statsig's engine: a string that parses is also a number, a number has
//! a plain decimal text, an array has its compact JSON as text.

use std::fmt::Write;

use crate::dates;
use crate::frame::{Dynamic, Elements};
use crate::json;

/// Text being written into a fixed piece of memory.
pub struct Writer<'t> {
    bytes: &'t mut [u8],
    length: usize,
}

impl<'t> Writer<'t> {
    pub fn new(bytes: &'t mut [u8]) -> Self {
        Writer { bytes, length: 0 }
    }

    pub fn finish(self) -> &'t [u8] {
        &self.bytes[..self.length]
    }
}

impl Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        self.bytes
            .get_mut(self.length..end)
            .ok_or(std::fmt::Error)?
            .copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// Calls `write` on the temporary memory. The host gave room for any text that its values can make.
pub fn written<'t>(temporary: &'t mut [u8], write: impl FnOnce(&mut Writer<'t>) -> std::fmt::Result) -> &'t [u8] {
    let mut writer = Writer::new(temporary);
    if write(&mut writer).is_err() {
        panic!("the frame's temporary memory is too small for a text");
    }
    writer.finish()
}

/// Bytes of the frame as text. The host writes UTF-8, so this fails only for a frame that was overwritten.
pub fn utf8(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("a string in the frame is not UTF-8")
}

/// The value's text: itself, `true`, a plain decimal number, compact JSON of an array. Nothing for null and objects.
///
/// The host gave room for any text that its values can make.
pub fn text<'t>(value: Dynamic<'t>, temporary: &'t mut [u8]) -> Option<&'t [u8]> {
    let has_text = !matches!(
        value,
        Dynamic::Absent | Dynamic::Null | Dynamic::Object(_) | Dynamic::Time(_)
    );
    has_text.then(|| text_within(value, temporary).expect("the frame's temporary memory is too small for a text"))
}

/// As [`text`]; nothing, too, for a text longer than the memory that it has to be written into.
pub fn text_within<'t>(value: Dynamic<'t>, memory: &'t mut [u8]) -> Option<&'t [u8]> {
    let mut writer = Writer::new(memory);
    match value {
        Dynamic::Text(text) => return Some(text),
        Dynamic::Bool(value) => write!(writer, "{value}").ok()?,
        Dynamic::Number(number) => write_number(number, &mut writer).ok()?,
        Dynamic::Array(elements) => write_array(elements, &mut writer).ok()?,
        Dynamic::Absent | Dynamic::Null | Dynamic::Object(_) | Dynamic::Time(_) => return None,
    }
    Some(writer.finish())
}

/// An object's compact JSON, which is no reading of its own: only bandits look at it.
pub fn object_text<'t>(members: Elements<'_>, temporary: &'t mut [u8]) -> &'t [u8] {
    written(temporary, |out| write_object(members, out))
}

/// Whether the value's text is exactly `expected`.
pub fn is_text(value: Dynamic<'_>, expected: &[u8], temporary: &mut [u8]) -> bool {
    text(value, temporary) == Some(expected)
}

/// Plain decimal digits, never an exponent.
pub fn write_number(number: f64, out: &mut Writer<'_>) -> std::fmt::Result {
    if number.trunc() == number && number.abs() < 9e15 && !(number == 0.0 && number.is_sign_negative()) {
        return write!(out, "{}", number as i64);
    }
    write!(out, "{number}")
}

fn write_array(elements: Elements<'_>, out: &mut Writer<'_>) -> std::fmt::Result {
    out.write_char('[')?;
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.write_char(',')?;
        }
        write_json(element, out)?;
    }
    out.write_char(']')
}

fn write_json(value: Dynamic<'_>, out: &mut Writer<'_>) -> std::fmt::Result {
    match value {
        Dynamic::Absent | Dynamic::Null | Dynamic::Time(_) => out.write_str("null"),
        Dynamic::Bool(value) => write!(out, "{value}"),
        Dynamic::Number(number) => write_json_number(number, out),
        Dynamic::Text(text) => json::write_escaped(utf8(text), out),
        Dynamic::Array(elements) => write_array(elements, out),
        Dynamic::Object(members) => write_object(members, out),
    }
}

fn write_object(members: Elements<'_>, out: &mut Writer<'_>) -> std::fmt::Result {
    out.write_char('{')?;
    for (index, (key, member)) in members.members().enumerate() {
        if index > 0 {
            out.write_char(',')?;
        }
        json::write_escaped(utf8(key), out)?;
        out.write_char(':')?;
        write_json(member, out)?;
    }
    out.write_char('}')
}

/// A JavaScript number as Statsig's Node binding hands it to JSON: integers of 32 bits as such, all others as doubles.
fn write_json_number(number: f64, out: &mut Writer<'_>) -> std::fmt::Result {
    if number.trunc() == number && (f64::from(i32::MIN)..=f64::from(u32::MAX)).contains(&number) {
        return write!(out, "{}", number as i64);
    }
    json::write_double(number, out)
}

/// The value's floating-point reading.
pub fn float(value: Dynamic<'_>) -> Option<f64> {
    match value {
        Dynamic::Number(number) => Some(number),
        Dynamic::Text(text) => parse_float(text),
        _ => None,
    }
}

/// A decimal number, `inf`, `infinity` or `nan`; the whole text.
pub fn parse_float(text: &[u8]) -> Option<f64> {
    // Most texts are no numbers; the first byte tells nearly always, at a twentieth of a failed parse.
    let starts = matches!(
        text.first()?,
        b'0'..=b'9' | b'+' | b'-' | b'.' | b'i' | b'I' | b'n' | b'N'
    );
    if starts {
        std::str::from_utf8(text).ok()?.parse().ok()
    } else {
        None
    }
}

/// The value as an instant in milliseconds: a text that is a number or a date, or an integer.
pub fn instant(value: Dynamic<'_>) -> Option<i64> {
    match value {
        Dynamic::Time(now) => Some(now),
        Dynamic::Number(number) => {
            let integer = number as i64;
            (integer as f64 == number).then_some(integer)
        }
        Dynamic::Text(text) => {
            let text = utf8(text);
            text.parse().ok().or_else(|| {
                let dated = (8..=20).contains(&text.len()) && text.contains(['-', 'T', ':']);
                dated.then(|| dates::parse(text)).flatten()
            })
        }
        _ => None,
    }
}

/// `text` in lower case: the text itself when nothing changes, else a copy in `temporary`.
pub fn lower<'t>(text: &'t [u8], temporary: &'t mut [u8]) -> &'t [u8] {
    let (is_ascii, has_upper) = letters(text);
    if is_ascii {
        if !has_upper {
            return text;
        }
        let copy = &mut temporary[..text.len()];
        copy.copy_from_slice(text);
        copy.make_ascii_lowercase();
        return copy;
    }
    let text = utf8(text);
    if text.contains('Σ') {
        return lower_sigma(text, temporary);
    }
    written(temporary, |out| {
        text.chars()
            .flat_map(char::to_lowercase)
            .try_for_each(|lower| out.write_char(lower))
    })
}

/// Whether a text is ASCII and, if it is, whether it has capital letters; eight bytes at a time.
fn letters(text: &[u8]) -> (bool, bool) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let (mut high, mut upper) = (0, 0);
    let mut look = |word: u64| {
        high |= word;
        // The top bit of a byte below 0x80 is set by the first sum from `A` on, by the second beyond `Z`.
        upper |= word.wrapping_add(EACH * 0x3f) & !word.wrapping_add(EACH * 0x25);
    };
    let words = text.chunks_exact(8);
    let rest = words.remainder();
    for word in words {
        look(u64::from_le_bytes(word.try_into().unwrap_or_default()));
    }
    look(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    (high & (EACH << 7) == 0, upper & (EACH << 7) != 0)
}

/// The lower case of a capital sigma depends on where in its word it stands, which only the standard library's
/// allocating conversion knows.
fn lower_sigma<'t>(text: &str, temporary: &'t mut [u8]) -> &'t [u8] {
    written(temporary, |out| out.write_str(&text.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_user_texts_are_dates() {
        assert_eq!(instant(Dynamic::Text(b"2023-01-01T00:00:00Z")), Some(1_672_531_200_000));
        assert_eq!(instant(Dynamic::Text(b"2023-01-01T00:00:00.000Z")), None);
        assert_eq!(instant(Dynamic::Text(b"1672531200000")), Some(1_672_531_200_000));
        assert_eq!(instant(Dynamic::Number(1.5)), None);
    }

    #[test]
    fn numbers_have_plain_texts() {
        let mut memory = [0; 512];
        for (number, expected) in [
            (1.0, "1"),
            (1e21, "1000000000000000000000"),
            (1e-7, "0.0000001"),
            (1.5, "1.5"),
        ] {
            assert_eq!(text(Dynamic::Number(number), &mut memory), Some(expected.as_bytes()));
        }
    }

    #[test]
    fn lowers_all_of_unicode() {
        let mut memory = [0; 256];
        for (upper, expected) in [("ABC", "abc"), ("İÉß", "i̇éß"), ("ΣΑΣ ΣΑΣ", "σας σας"), ("abc", "abc")]
        {
            assert_eq!(lower(upper.as_bytes(), &mut memory), expected.as_bytes());
        }
    }

    #[test]
    fn parses_floats_as_rust_does() {
        for (text, expected) in [
            ("1e3", Some(1000.0)),
            (" 1", None),
            ("0x10", None),
            (".5", Some(0.5)),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("", None),
        ] {
            assert_eq!(parse_float(text.as_bytes()), expected, "{text}");
        }
    }
}

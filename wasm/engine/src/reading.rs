//! What a user-side value reads as: text, number, instant. Readings are made when an operator asks, in the call's
//! temporary memory, and follow Statsig's engine: a string that parses is also a number, a number has
//! a plain decimal text, an array has its compact JSON as text.

use std::fmt::Write;

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
                dated.then(|| parse_date(text)).flatten()
            })
        }
        _ => None,
    }
}

/// An RFC 3339 date and time, or `YYYY-MM-DD HH:MM:SS` in UTC, in milliseconds.
pub fn parse_date(text: &str) -> Option<i64> {
    rfc3339(text.as_bytes()).or_else(|| spaced(text))
}

fn rfc3339(text: &[u8]) -> Option<i64> {
    let number = |start: usize, length: usize| -> Option<i64> {
        let digits = text.get(start..start + length)?;
        digits.iter().try_fold(0, |value, digit| {
            digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0'))
        })
    };
    let is = |at: usize, allowed: &[u8]| text.get(at).filter(|byte| allowed.contains(byte)).map(|_| ());
    is(4, b"-")?;
    is(7, b"-")?;
    is(10, b"Tt ")?;
    is(13, b":")?;
    is(16, b":")?;
    let mut at = 19;
    let mut fraction = 0;
    if text.get(at) == Some(&b'.') {
        at += 1;
        let digits = text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        for place in 0..3 {
            fraction = fraction * 10 + if place < digits { number(at + place, 1)? } else { 0 };
        }
        at += digits;
    }
    let offset = match text.get(at)? {
        b'Z' | b'z' => {
            at += 1;
            0
        }
        sign @ (b'+' | b'-') => {
            is(at + 3, b":")?;
            let (hours, minutes) = (number(at + 1, 2)?, number(at + 4, 2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            at += 6;
            let seconds = hours * 3600 + minutes * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    if at != text.len() {
        return None;
    }
    let seconds = seconds_of(
        [number(0, 4)?, number(5, 2)?, number(8, 2)?],
        [number(11, 2)?, number(14, 2)?, number(17, 2)?],
    )?;
    Some((seconds - offset) * 1000 + fraction)
}

/// Fields of one or two digits (the year: four), blanks between them as the reader pleases.
fn spaced(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut field = |before: &str, width: usize| -> Option<i64> {
        if before == " " {
            rest = rest.trim_start();
        } else {
            rest = rest.strip_prefix(before)?;
        }
        rest = rest.trim_start();
        let signed = before.is_empty() && rest.starts_with(['+', '-']);
        let negative = signed && rest.starts_with('-');
        let digits = &rest[usize::from(signed)..];
        let width = if signed { 18 } else { width };
        let length = digits.bytes().take(width).take_while(u8::is_ascii_digit).count();
        let value: i64 = digits[..length].parse().ok()?;
        rest = &digits[length..];
        Some(if negative { -value } else { value })
    };
    let date = [field("", 4)?, field("-", 2)?, field("-", 2)?];
    let time = [field(" ", 2)?, field(":", 2)?, field(":", 2)?];
    if !rest.is_empty() || !(-262_143..=262_142).contains(&date[0]) {
        return None;
    }
    Some(seconds_of(date, time)? * 1000)
}

/// Seconds since 1970 of a civil date and time, if there is such a date. A leap second counts as the next second.
fn seconds_of([year, month, day]: [i64; 3], [hour, minute, second]: [i64; 3]) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Days from civil, counting years from March so that the leap day comes last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

/// `text` in lower case: the text itself when nothing changes, else a copy in `temporary`.
pub fn lower<'t>(text: &'t [u8], temporary: &'t mut [u8]) -> &'t [u8] {
    if text.is_ascii() {
        if !text.iter().any(u8::is_ascii_uppercase) {
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

/// The lower case of a capital sigma depends on where in its word it stands, which only the standard library's
/// allocating conversion knows.
fn lower_sigma<'t>(text: &str, temporary: &'t mut [u8]) -> &'t [u8] {
    written(temporary, |out| out.write_str(&text.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates() {
        assert_eq!(parse_date("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_date("2023-01-01t12:00:00.1239z"), Some(1_672_574_400_123));
        assert_eq!(parse_date("2023-01-01 12:00:00+05:30"), Some(1_672_554_600_000));
        assert_eq!(parse_date("2000-02-29 23:59:59"), Some(951_868_799_000));
        assert_eq!(parse_date("1969-12-31 23:59:59"), Some(-1000));
        assert_eq!(parse_date("2023-1-5 3:4:5"), Some(1_672_887_845_000));
        for text in [
            "2023-01-01",
            "2023-02-29 00:00:00",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:00:00",
            "x",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

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

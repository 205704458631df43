//! Where things end in JSON text, eight bytes at a time: most of a payload is gone over several times, and once by code that
//! no runtime has optimised yet.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGHS: u64 = ONES << 7;

/// Marks bytes that are 0 by their highest bits; exact up to the first.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// Marks bytes that are `byte`; exact up to the first.
fn equal(word: u64, byte: u8) -> u64 {
    zeros(word ^ (ONES * u64::from(byte)))
}

fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    let word = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*word))
}

/// The first byte from `at` on that `marked` marks in a word, or, among the last, that `wanted` names; the length where
/// there is none.
#[inline(always)]
fn next(bytes: &[u8], mut at: usize, marked: impl Fn(u64) -> u64, wanted: impl Fn(u8) -> bool) -> usize {
    while let Some(word) = word_at(bytes, at) {
        let marks = marked(word);
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while at < bytes.len() && !wanted(bytes[at]) {
        at += 1;
    }
    at
}

/// The next byte of a string that is more than itself: a quote, a backslash, a control character.
#[inline(never)]
pub fn next_special(bytes: &[u8], at: usize) -> usize {
    next(
        bytes,
        at,
        |word| equal(word, b'"') | equal(word, b'\\') | (word.wrapping_sub(ONES * 0x20) & !word & HIGHS),
        |byte| matches!(byte, b'"' | b'\\' | 0..=0x1f),
    )
}

/// The next backslash.
#[inline(never)]
pub fn next_escape(bytes: &[u8], at: usize) -> usize {
    next(bytes, at, |word| equal(word, b'\\'), |byte| byte == b'\\')
}

/// The next quote, bracket or brace. With the bit of lower case, brackets are braces.
fn next_mark(bytes: &[u8], at: usize) -> usize {
    next(
        bytes,
        at,
        |word| {
            let lower = word | (ONES * 0x20);
            equal(word, b'"') | equal(lower, b'{') | equal(lower, b'}')
        },
        |byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'),
    )
}

/// The first byte from `at` on that is no white space.
pub fn past_space(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && matches!(bytes[at], b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
        // Indentation.
        while word_at(bytes, at) == Some(ONES * 0x20) {
            at += 8;
        }
    }
    at
}

/// The offset just past the string that starts at `at` in checked text.
pub fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut at = next_special(bytes, at + 1);
    while bytes[at] != b'"' {
        at = next_special(bytes, at + 2);
    }
    at + 1
}

/// The offset just past the value that starts at `at` in checked text.
pub fn end_of_value(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        b'"' => end_of_string(bytes, at),
        b'{' | b'[' => end_of_container(bytes, at),
        _ => end_of_scalar(bytes, at),
    }
}

fn end_of_scalar(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && !matches!(bytes[at], b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
    }
    at
}

#[inline(never)]
fn end_of_container(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0usize;
    loop {
        at = next_mark(bytes, at);
        match bytes[at] {
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            _ => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return at;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_in_words_what_it_finds_byte_by_byte() {
        for byte in 0..=255u8 {
            for place in 0..24 {
                let mut bytes = [b'a'; 24];
                bytes[place] = byte;
                let is = |wanted: bool| if wanted { place } else { bytes.len() };
                assert_eq!(
                    next_special(&bytes, 0),
                    is(matches!(byte, b'"' | b'\\' | 0..=0x1f)),
                    "{byte}"
                );
                assert_eq!(next_escape(&bytes, 0), is(byte == b'\\'), "{byte}");
                let is_mark = matches!(byte, b'"' | b'{' | b'}' | b'[' | b']');
                assert_eq!(next_mark(&bytes, 0), is(is_mark), "{byte}");
            }
        }
        assert_eq!(past_space(b" \n            \t x", 0), 16);
        assert_eq!(past_space(b"         ", 0), 9);
    }

    #[test]
    fn ends_where_values_do() {
        for value in [
            r#""a\"b\\""#,
            r#"{"a]}":["{",[1,{}],"\\"],"b":{}}"#,
            "-1.5e3",
            "true",
            "[]",
            r#""longer than a word, with \" in it""#,
        ] {
            for after in ["", ",", " ", "\n]", "}}}}}}}}}"] {
                let text = format!("{value}{after}");
                assert_eq!(end_of_value(text.as_bytes(), 0), value.len(), "{text}");
            }
        }
    }
}

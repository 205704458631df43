//! Whether a text is JSON.

use super::scan::{next_special, past_space};
use super::{SyntaxError, hex_code};

/// Nesting that a document may have. The checker recurses, and loading has 384 KiB of stack.
const DEEPEST: usize = 1000;

/// So many digits are a number that a double can hold.
const LARGEST_DIGITS: usize = 300;

/// Goes through a text once.
pub(super) struct Checker<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl Checker<'_> {
    #[cold]
    #[inline(never)]
    pub(super) fn error(&self, message: &'static str) -> SyntaxError {
        SyntaxError {
            offset: self.at,
            message,
        }
    }

    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline(never)]
    pub(super) fn space(&mut self) {
        self.at = past_space(self.bytes, self.at);
    }

    pub(super) fn value(&mut self, depth: usize) -> Result<(), SyntaxError> {
        match self.peek() {
            b'{' => self.container(depth + 1, b'}'),
            b'[' => self.container(depth + 1, b']'),
            b'"' => self.string(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'-' | b'0'..=b'9' => self.number(),
            _ if self.at >= self.bytes.len() => Err(self.error("the text ends where a value should be")),
            _ => Err(self.error("expected a value")),
        }
    }

    #[inline(never)]
    fn word(&mut self, word: &str) -> Result<(), SyntaxError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("expected true, false or null"));
        }
        self.at += word.len();
        Ok(())
    }

    /// A key, and what is between it and its value.
    #[inline(never)]
    fn key(&mut self) -> Result<(), SyntaxError> {
        if self.peek() != b'"' {
            return Err(self.error("expected a string as the key"));
        }
        self.string()?;
        self.space();
        if self.peek() != b':' {
            return Err(self.error("expected ':' after the key"));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// An object or, with the other end, an array.
    #[inline(never)]
    fn container(&mut self, depth: usize, close: u8) -> Result<(), SyntaxError> {
        if depth > DEEPEST {
            return Err(self.error("nested deeper than 1000 levels"));
        }
        self.at += 1;
        self.space();
        if self.peek() == close {
            self.at += 1;
            return Ok(());
        }
        loop {
            if close == b'}' {
                self.key()?;
            }
            self.value(depth)?;
            self.space();
            match self.peek() {
                b',' => {
                    self.at += 1;
                    self.space();
                }
                byte if byte == close => {
                    self.at += 1;
                    return Ok(());
                }
                _ if self.at >= self.bytes.len() => return Err(self.error("the text ends inside an object or array")),
                _ => return Err(self.error("expected ',' or the end of the object or array")),
            }
        }
    }

    #[inline(never)]
    fn string(&mut self) -> Result<(), SyntaxError> {
        self.at += 1;
        loop {
            self.at = next_special(self.bytes, self.at);
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape()?,
                0..=0x1f if self.at >= self.bytes.len() => return Err(self.error("the text ends inside a string")),
                _ => return Err(self.error("a control character inside a string must be escaped")),
            }
        }
    }

    #[inline(never)]
    fn escape(&mut self) -> Result<(), SyntaxError> {
        self.at += 1;
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.at += 1;
                Ok(())
            }
            b'u' => {
                self.at += 1;
                let first = self.hex()?;
                match first {
                    0xD800..=0xDBFF => {
                        if !self.bytes[self.at..].starts_with(b"\\u") {
                            return Err(self.error("a lone surrogate is not a character"));
                        }
                        self.at += 2;
                        match self.hex()? {
                            0xDC00..=0xDFFF => Ok(()),
                            _ => Err(self.error("a lone surrogate is not a character")),
                        }
                    }
                    0xDC00..=0xDFFF => Err(self.error("a lone surrogate is not a character")),
                    _ => Ok(()),
                }
            }
            _ => Err(self.error("unknown escape")),
        }
    }

    fn hex(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.bytes.get(self.at..self.at + 4);
        let code = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .map(hex_code);
        let code = code.ok_or_else(|| self.error("expected four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }

    #[inline(never)]
    fn number(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let mut may_overflow = false;
        if self.peek() == b'-' {
            self.at += 1;
        }
        match self.peek() {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits(),
            _ => return Err(self.error("expected a digit")),
        }
        if self.peek() == b'.' {
            self.at += 1;
            if !self.peek().is_ascii_digit() {
                return Err(self.error("expected a digit after the point"));
            }
            self.digits();
        }
        if matches!(self.peek(), b'e' | b'E') {
            may_overflow = true;
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            if !self.peek().is_ascii_digit() {
                return Err(self.error("expected a digit in the exponent"));
            }
            self.digits();
        }
        if !may_overflow && self.at - start <= LARGEST_DIGITS {
            return Ok(());
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or_default();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(()),
            _ => Err(self.error("number out of range")),
        }
    }

    fn digits(&mut self) {
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
    }
}

//! JSON as `serde_json` prints it, which Statsig's engine makes texts with.

/// Integers that fit 64 bits keep their digits, everything else goes through a double.
pub(super) fn compact_number(text: &str) -> String {
    let integer = !text.contains(['.', 'e', 'E']) && text != "-0";
    if integer && (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()) {
        return text.to_owned();
    }
    let mut out = String::new();
    let _ = write_double(text.parse().unwrap_or(f64::NAN), &mut out);
    out
}

/// A double as `serde_json` prints it: plain between 1e-5 and 1e16 with at least one decimal, otherwise with an exponent.
pub fn write_double(number: f64, out: &mut impl std::fmt::Write) -> std::fmt::Result {
    let size = number.abs();
    if size != 0.0 && !(1e-5..1e16).contains(&size) {
        return write!(out, "{number:e}");
    }
    write!(out, "{number}")?;
    if number.trunc() == number {
        out.write_str(".0")
    } else {
        Ok(())
    }
}

/// `text` as a JSON string, quotes included.
pub fn write_string(text: &str, out: &mut String) {
    let _ = write_escaped(text, out);
}

/// As [`write_string`], to anything that takes text.
pub fn write_escaped(text: &str, out: &mut impl std::fmt::Write) -> std::fmt::Result {
    out.write_char('"')?;
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x0c => "\\f",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        out.write_str(&text[plain..at])?;
        if short.is_empty() {
            write!(out, "\\u{byte:04x}")?;
        } else {
            out.write_str(short)?;
        }
        plain = at + 1;
    }
    out.write_str(&text[plain..])?;
    out.write_char('"')
}

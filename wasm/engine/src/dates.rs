//! Dates as users and specs write them.

/// An RFC 3339 date and time, or `YYYY-MM-DD HH:MM:SS` in UTC, in milliseconds.
pub fn parse(text: &str) -> Option<i64> {
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

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_dates() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2023-01-01t12:00:00.1239z"), Some(1_672_574_400_123));
        assert_eq!(parse("2023-01-01 12:00:00+05:30"), Some(1_672_554_600_000));
        assert_eq!(parse("2000-02-29 23:59:59"), Some(951_868_799_000));
        assert_eq!(parse("1969-12-31 23:59:59"), Some(-1000));
        assert_eq!(parse("2023-1-5 3:4:5"), Some(1_672_887_845_000));
        for text in [
            "2023-01-01",
            "2023-02-29 00:00:00",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:00:00",
            "x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

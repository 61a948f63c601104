//! One field of text as a number, a boolean or a moment. Strict, so that inference can ask it.

use crate::time::parse_timestamp_us;

/// Not `007` and not `+1`: leading zeros or a plus sign mean an identifier, which arithmetic would
/// destroy.
pub(super) fn parse_int(field: &[u8]) -> Option<i64> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    if digits.is_empty() || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    // 18 digits cannot overflow; the 19th is left to the careful way.
    if digits.len() > 18 {
        return std::str::from_utf8(field).ok()?.parse().ok();
    }
    let mut value = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if digits.len() < field.len() { -value } else { value })
}

/// A whole number beyond int64 is an identifier: float64 would round it without a word. Whoever
/// declares the column float64 has it rounded. Nor do `NaN` and `inf` make a column of numbers.
pub(super) fn looks_like_float(field: &[u8]) -> bool {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    let is_whole = digits.iter().all(u8::is_ascii_digit);
    let is_finite = parse_float(field).is_some_and(f64::is_finite);
    is_finite && !(is_whole && parse_int(field).is_none())
}

/// The nearest float64; `NaN`, `inf` and `-inf` too, but no number so large that it becomes one.
pub(super) fn parse_float(field: &[u8]) -> Option<f64> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    match digits {
        b"NaN" if digits.len() == field.len() => return Some(f64::NAN),
        b"inf" if digits.len() == field.len() => return Some(f64::INFINITY),
        b"inf" => return Some(f64::NEG_INFINITY),
        [b'0', next, ..] if next.is_ascii_digit() => return None,
        [first, ..] if first.is_ascii_digit() || *first == b'.' => {}
        _ => return None,
    }
    let text = std::str::from_utf8(field).ok()?;
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

pub(super) fn parse_boolean(field: &[u8]) -> Option<u8> {
    match field {
        b"true" | b"True" | b"TRUE" => Some(1),
        b"false" | b"False" | b"FALSE" => Some(0),
        _ => None,
    }
}

pub(super) fn parse_time(field: &[u8]) -> Option<i64> {
    // Nothing shorter than a date, and a date has a dash where a number has none. Years before 0
    // and after 9999 have a sign and six digits.
    let dash = if matches!(field.first(), Some(b'-' | b'+')) { 7 } else { 4 };
    if field.len() < 10 || field.get(dash) != Some(&b'-') {
        return None;
    }
    parse_timestamp_us(std::str::from_utf8(field).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_at_their_edges() {
        let ints = [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("999999999999999999", Some(999_999_999_999_999_999)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("", None),
            ("-", None),
            ("--1", None),
            ("+1", None),
            ("01", None),
            ("1.0", None),
            ("1 ", None),
        ];
        for (text, expected) in ints {
            assert_eq!(parse_int(text.as_bytes()), expected, "{text:?}");
        }
        for (text, expected) in
            [("1e3", Some(1e3)), (".5", Some(0.5)), ("5.", Some(5.0)), ("-0.0", Some(-0.0))]
        {
            assert_eq!(parse_float(text.as_bytes()), expected, "{text:?}");
        }
        for text in ["", "-", ".", "e3", "1e400", "00.5", "nan", "infinity", "0x1", "1_000"] {
            assert_eq!(parse_float(text.as_bytes()), None, "{text:?}");
        }
    }
}

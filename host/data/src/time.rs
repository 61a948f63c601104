//! Moments as text: RFC 3339, or the shorter forms that files have. Always UTC inside.

use jiff::Timestamp;

/// Microseconds since the epoch. Without an offset the text is taken as UTC.
///
/// Takes `2013-01-01T05:00:00Z`, any RFC 3339 offset, a space for the `T`, and a bare date.
pub fn parse_timestamp_us(text: &str) -> Option<i64> {
    if let Some(us) = parse_plain(text.as_bytes()) {
        return Some(us);
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_microsecond());
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_microsecond())
}

/// The form that nearly every row has, `YYYY-MM-DD HH:MM:SS` with `T` and `Z` at will.
fn parse_plain(bytes: &[u8]) -> Option<i64> {
    let bytes = bytes.strip_suffix(b"Z").unwrap_or(bytes);
    if bytes.len() != 19 || !matches!(bytes[10], b'T' | b' ') {
        return None;
    }
    if (bytes[4], bytes[7], bytes[13], bytes[16]) != (b'-', b'-', b':', b':') {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0_i64, |sum, byte| {
            byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days_in_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(seconds * 1_000_000)
}

/// Days since 1970-01-01. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// RFC 3339, UTC, with microseconds only where there are some.
pub fn format_timestamp_us(us: i64) -> String {
    Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |t| t.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let us = 1_357_016_400_000_000;
        for text in ["2013-01-01T05:00:00Z", "2013-01-01 05:00:00", "2013-01-01T00:00:00-05:00"] {
            assert_eq!(parse_timestamp_us(text), Some(us), "{text}");
        }
        assert_eq!(parse_timestamp_us("1970-01-02"), Some(86_400_000_000));
        for text in ["", "2013", "2013-02-29T00:00:00Z", "2013-01-01T25:00:00Z", "1.5", "noon"] {
            assert_eq!(parse_timestamp_us(text), None, "{text}");
        }
        assert_eq!(format_timestamp_us(us), "2013-01-01T05:00:00Z");
    }

    #[test]
    fn the_fast_path_agrees_with_jiff() {
        for days in (-200_000..200_000).step_by(97) {
            let us = days * 86_400_000_000 + 3_723_000_000;
            let text = format_timestamp_us(us);
            if let Some(found) = parse_plain(text.as_bytes()) {
                assert_eq!(found, us, "{text}");
            }
        }
    }
}

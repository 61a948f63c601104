//! Numbers and spans of time as people read and write them.

/// The units of a span of time in seconds; a year has 365 days.
const UNITS: [(char, i64); 6] =
    [('y', 31_536_000), ('w', 604_800), ('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// Seconds of a span such as `30d`: a whole number and one of `s m h d w y`.
pub fn parse_span(text: &str) -> Option<f64> {
    let unit = text.chars().last()?;
    let (_, size) = UNITS.into_iter().find(|(letter, _)| *letter == unit)?;
    let number: i64 = text[..text.len() - 1].trim().parse().ok()?;
    let seconds = number.checked_mul(size)?;
    (seconds >= 0).then_some(seconds as f64)
}

/// A span of time in days and less, the two largest units that it has: `31d 2h`.
pub fn span_text(seconds: f64) -> String {
    let mut rest = seconds.abs() as i64;
    let mut parts = Vec::new();
    // Weeks and years are for writing; days are for comparing.
    for (letter, size) in &UNITS[2..] {
        if rest >= *size {
            parts.push(format!("{}{letter}", rest / size));
        }
        rest %= size;
    }
    parts.truncate(2);
    let sign = if seconds < 0.0 { "-" } else { "" };
    if parts.is_empty() { "0s".to_owned() } else { format!("{sign}{}", parts.join(" ")) }
}

/// A number with four digits after the point at most.
pub fn number_text(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || (1e-3..1e15).contains(&magnitude) {
        let text = format!("{value:.4}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    format!("{value:e}")
}

/// A share in percent.
pub fn percent_text(share: f64) -> String {
    format!("{} %", number_text(share * 100.0))
}

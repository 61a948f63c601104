//! A fixed distance from UTC.

use refrain_sdk::serde::de::{Deserialize, Deserializer, Error};

const US_PER_MINUTE: i64 = 60_000_000;

/// Minutes that civil time is ahead of UTC, at most 18 hours either way as in ISO 8601 practice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offset {
    minutes: i64,
}

impl Offset {
    /// Reads `+HH:MM`, `-HH:MM` or `Z`.
    pub fn parse(text: &str) -> Option<Self> {
        const MINUTES_MAX: i64 = 18 * 60;
        if text == "Z" {
            return Some(Self::default());
        }
        let sign = match text.chars().next()? {
            '+' => 1,
            '-' => -1,
            _ => return None,
        };
        let (hours, minutes) = text[1..].split_once(':')?;
        let number = |digits: &str| {
            let is_pair = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if is_pair { digits.parse::<i64>().ok() } else { None }
        };
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        let total = hours * 60 + minutes;
        (minutes < 60 && total <= MINUTES_MAX).then_some(Self { minutes: sign * total })
    }

    /// Microseconds of civil time since 1970-01-01T00:00 there.
    pub fn civil_us(self, utc_us: i64) -> i64 {
        utc_us.saturating_add(self.minutes * US_PER_MINUTE)
    }
}

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is no offset such as `+02:00` or `-05:00`; time zones by name are not known \
                 here, because their rules change"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_iso_8601_writes_and_nothing_else() {
        let minutes = |text: &str| Offset::parse(text).map(|offset| offset.minutes);
        assert_eq!(minutes("+00:00"), Some(0));
        assert_eq!(minutes("Z"), Some(0));
        assert_eq!(minutes("-05:30"), Some(-330));
        assert_eq!(minutes("+18:00"), Some(1080));
        for wrong in ["", "05:00", "+5:00", "+05", "+0500", "+05:60", "+18:01", "+é5:00", "UTC"] {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }
}

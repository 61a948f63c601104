//! From microseconds since the epoch to the civil calendar: proleptic Gregorian, UTC, exact.
//!
//! Source: Howard Hinnant (2013), "chrono-compatible low-level date algorithms",
//! `civil_from_days` and `days_from_civil`.

const US_PER_MINUTE: i64 = 60_000_000;
const MINUTES_PER_DAY: i64 = 24 * 60;

/// A date and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// The year; 0 is 1 BC.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// Of the month, from 1.
    pub day: u32,
    /// Of the year, 1 to 366.
    pub day_of_year: u32,
    /// Monday is 1, Sunday 7 (ISO 8601).
    pub day_of_week: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// Microseconds since midnight.
    pub us_of_day: i64,
}

impl Civil {
    /// The date and time at `us` microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn from_us(us: i64) -> Self {
        let us_per_day = US_PER_MINUTE * MINUTES_PER_DAY;
        let (days, us_of_day) = (us.div_euclid(us_per_day), us.rem_euclid(us_per_day));
        let (year, month, day) = civil_from_days(days);
        Self {
            year,
            month,
            day,
            day_of_year: (days - days_from_civil(year, 1, 1) + 1) as u32,
            // 1970-01-01 was a Thursday.
            day_of_week: (days + 3).rem_euclid(7) as u32 + 1,
            hour: (us_of_day / (60 * US_PER_MINUTE)) as u32,
            minute: (us_of_day / US_PER_MINUTE % 60) as u32,
            us_of_day,
        }
    }

    /// The number of days of its year.
    #[must_use]
    pub fn days_of_year(&self) -> u32 {
        (days_from_civil(self.year + 1, 1, 1) - days_from_civil(self.year, 1, 1)) as u32
    }
}

fn civil_from_days(days: i64) -> (i64, u32, u32) {
    // Years begin in March, so that the leap day is the last; eras are 400 years.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month as u32, day)
}

fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_day_of_eight_centuries() {
        let (mut year, mut month, mut day) = (1600, 1, 1);
        let mut days = days_from_civil(1600, 1, 1);
        while year < 2400 {
            assert_eq!(civil_from_days(days), (year, month, day));
            assert_eq!(days_from_civil(year, month, day), days);
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + u32::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            (day, month) = if day == length { (1, month + 1) } else { (day + 1, month) };
            (month, year) = if month == 13 { (1, year + 1) } else { (month, year) };
            days += 1;
        }
    }

    #[test]
    fn knows_the_epoch_and_the_moment_before_it() {
        let epoch = Civil::from_us(0);
        assert_eq!((epoch.year, epoch.month, epoch.day, epoch.day_of_week), (1970, 1, 1, 4));
        let before = Civil::from_us(-1);
        let last_minute = (before.year, before.day_of_year, before.hour, before.minute);
        assert_eq!(last_minute, (1969, 365, 23, 59));
        // The earliest moment there is lies in -290308, which four divides and a hundred does not.
        let earliest = Civil::from_us(i64::MIN);
        assert_eq!((earliest.year, earliest.month, earliest.day), (-290_308, 12, 21));
        assert_eq!(earliest.days_of_year(), 366);
        assert_eq!(Civil::from_us(951_782_400_000_000).days_of_year(), 366);
    }
}

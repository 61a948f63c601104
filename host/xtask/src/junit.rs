//! The two numbers of nextest's report that the last line of a test run needs.

/// How many tests ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// That did what they should.
    pub passed: u64,
    /// That did not, or never came to an end.
    pub failed: u64,
}

impl Counts {
    /// Of nextest's JUnit report; none if it holds no totals.
    pub fn of_report(xml: &str) -> Option<Self> {
        let root = &xml[xml.find("<testsuites ")?..];
        let root = &root[..root.find('>')?];
        let number = |name: &str| {
            let (_, after) = root.split_once(&format!(" {name}=\""))?;
            after.split('"').next()?.parse::<u64>().ok()
        };
        let failed = number("failures")? + number("errors")?;
        Some(Self { passed: number("tests")?.checked_sub(failed)?, failed })
    }

    /// Of a line `test result: ok. 3 passed; 1 failed; …`; none if it is another line.
    pub fn of_line(line: &str) -> Option<Self> {
        let counts = line.strip_prefix("test result: ")?;
        let number = |what: &str| {
            let before = counts.split(what).next()?.trim_end();
            before.rsplit(' ').next()?.parse::<u64>().ok()
        };
        Some(Self { passed: number("passed")?, failed: number("failed")? })
    }

    pub fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn totals_are_read_from_both_reports() {
        let xml = r#"<?xml version="1.0"?><testsuites name="run" tests="12" failures="2" errors="1" uuid="x">
            <testsuite name="a" tests="99" failures="99" errors="0">"#;
        assert_eq!(Counts::of_report(xml), Some(Counts { passed: 9, failed: 3 }));
        assert_eq!(Counts::of_report("<testsuite/>"), None);

        let line =
            "test result: FAILED. 31 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(Counts::of_line(line), Some(Counts { passed: 31, failed: 4 }));
        assert_eq!(Counts::of_line("running 3 tests"), None);
    }
}

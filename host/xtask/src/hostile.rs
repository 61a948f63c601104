//! What became of the hostile components: lines that their tests leave behind, as a table.

use std::collections::BTreeSet;
use std::fmt::Write;

/// A corpus of fewer than so many components, or classes, has lost some.
const COMPONENTS_MIN: usize = 100;
const CLASSES_MIN: usize = 25;

/// The most letters of an outcome in the table.
const OUTCOME_MAX: usize = 76;

/// What became of one component.
#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    class: &'a str,
    name: &'a str,
    outcome: &'a str,
    time_ms: &'a str,
    memory_mib: &'a str,
    verdict: &'a str,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [class, name, outcome, time_ms, memory_mib, verdict] = fields[..] else { return None };
        Some(Self { class, name, outcome, time_ms, memory_mib, verdict })
    }

    fn is_contained(&self) -> bool {
        self.verdict == "contained"
    }
}

/// A line a component and one for all of them, and whether every one was contained.
pub fn report(lines: &str) -> (String, bool) {
    let mut all: Vec<Line<'_>> = lines.lines().filter_map(Line::parse).collect();
    // By class; within a class as they stand in the corpus.
    all.sort_by_key(|line| line.class);
    let width = |of: fn(&Line<'_>) -> usize| all.iter().map(of).max().unwrap_or(0);
    let class_width = width(|line| line.class.chars().count());
    let name_width = width(|line| line.name.chars().count());
    let mut text = String::new();
    for line in &all {
        let mark = if line.is_contained() { "" } else { "  NOT CONTAINED" };
        let outcome: String = line.outcome.chars().take(OUTCOME_MAX).collect();
        let Line { class, name, time_ms, memory_mib, .. } = line;
        text += &format!(
            "{class:class_width$}  {name:name_width$}  {outcome:OUTCOME_MAX$}  {time_ms:>5} ms  {memory_mib:>4} MiB{mark}\n"
        );
    }
    let n_classes = all.iter().map(|line| line.class).collect::<BTreeSet<_>>().len();
    let n_loose = all.iter().filter(|line| !line.is_contained()).count();
    let is_whole = all.len() >= COMPONENTS_MIN && n_classes >= CLASSES_MIN;
    let verdict = match n_loose {
        0 if is_whole => "all contained".to_owned(),
        0 => format!("all contained, but there were {COMPONENTS_MIN} in {CLASSES_MIN} once"),
        n => format!("{n} NOT CONTAINED"),
    };
    let n = all.len();
    writeln!(text, "{n} components in {n_classes} classes, {verdict}").expect("a String takes it");
    (text, n_loose == 0 && is_whole)
}

#[cfg(test)]
mod tests {
    use super::{CLASSES_MIN, report};

    fn corpus(verdict: &str) -> String {
        let line = |i| format!("class {}\tno {i}\ttrap: x\t3\t1\t{verdict}\n", i % CLASSES_MIN);
        (0..100).map(line).collect()
    }

    #[test]
    fn a_corpus_that_was_contained_is_told_in_a_line_each_and_one_for_all() {
        let (text, is_good) = report(&corpus("contained"));
        assert!(is_good);
        assert_eq!(text.lines().count(), 101);
        assert!(text.ends_with("100 components in 25 classes, all contained\n"), "{text}");
    }

    #[test]
    fn what_was_not_contained_and_what_is_missing_are_said() {
        let one = "a class\ta name\tanswered\t3\t1\tNOT CONTAINED\n";
        let (text, is_good) = report(&format!("{}{one}", corpus("contained")));
        assert!(!is_good && text.contains("1 MiB  NOT CONTAINED"), "{text}");
        assert!(text.ends_with("101 components in 26 classes, 1 NOT CONTAINED\n"), "{text}");
        let (text, is_good) = report("");
        assert!(!is_good && text.contains("there were 100 in 25 once"), "{text}");
    }
}

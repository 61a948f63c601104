//! The longest files and functions: a report, not a rule.

use crate::tidy::SourceFile;

/// Files longer than this are named.
const FILE_LINES: usize = 400;

/// Functions longer than this are named: about one screen.
const FUNCTION_LINES: usize = 70;

/// A function and its length.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Where it begins, from 1.
    pub line: usize,
    /// From its `fn` to its closing brace.
    pub lines: usize,
}

/// The functions of a file that rustfmt has formatted: each ends at the first line with the
/// indentation of its `fn` that is a closing brace.
pub fn functions(text: &str) -> Vec<Function> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        // What ends with a semicolon first is a declaration; what ends on its line is short.
        let ends = |later: &str| indent(later) == indent(line) && later.ends_with(['}', ';']);
        let Some(length) = lines[index..].iter().position(|later| ends(later)) else { continue };
        if length > 0 && lines[index + length].trim() == "}" {
            found.push(Function { name: name.to_owned(), line: index + 1, lines: length + 1 });
        }
    }
    found
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The name, if the line begins a function.
fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let is_qualifier = |word: &str| {
        word.starts_with("pub")
            || ["const", "async", "unsafe", "extern", "in", "\"C\""].contains(&word)
            || word.ends_with(')')
    };
    let name = after.split(['(', '<']).next()?;
    (before.split_whitespace().all(is_qualifier) && !name.contains(' ') && !name.is_empty())
        .then_some(name)
}

/// The report: long files first, then long functions, each the longest first.
pub fn report(files: &[SourceFile]) -> String {
    let sources = || files.iter().filter(|file| file.is_source());
    let mut long: Vec<(usize, String)> = sources()
        .map(|file| (file.text.lines().count(), file.path.clone()))
        .filter(|(lines, _)| *lines > FILE_LINES)
        .collect();
    long.sort_by(|a, b| b.cmp(a));

    let rust: Vec<(&SourceFile, Function)> = sources()
        .filter(|file| file.path.ends_with(".rs"))
        .flat_map(|file| functions(&file.text).into_iter().map(move |function| (file, function)))
        .collect();
    let mut longest: Vec<_> = rust.iter().filter(|(_, f)| f.lines > FUNCTION_LINES).collect();
    longest.sort_by_key(|(_, function)| std::cmp::Reverse(function.lines));

    let mut text = format!("{} files over {FILE_LINES} lines\n", long.len());
    for (lines, path) in long {
        text += &format!("  {lines:5} {path}\n");
    }
    text += &format!("{} of {} functions over {FUNCTION_LINES} lines\n", longest.len(), rust.len());
    for (file, function) in longest {
        text +=
            &format!("  {:5} {} {}:{}\n", function.lines, function.name, file.path, function.line);
    }
    text
}

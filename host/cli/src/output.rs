//! What is printed on stdout: tables for people, JSON for programs.
//!
//! Invariant: a reader who leaves (`| head`) is no error, and nothing here panics. What else goes
//! wrong with stdout is told once, at the end.

use std::fmt::{Arguments, Display};
use std::io::{ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

/// A line on stdout.
macro_rules! outln {
    () => { $crate::output::line(format_args!("")) };
    ($($text:tt)*) => { $crate::output::line(format_args!($($text)*)) };
}

/// A line on stderr.
macro_rules! errln {
    ($($text:tt)*) => { $crate::output::error_line(format_args!($($text)*)) };
}

pub(crate) use {errln, outln};

/// Why stdout takes nothing more.
static CLOSED: Mutex<Option<std::io::Error>> = Mutex::new(None);

pub(crate) fn line(text: Arguments<'_>) {
    write(|stdout| writeln!(stdout, "{text}"));
}

/// Bytes as they are.
pub(crate) fn raw(bytes: &[u8]) {
    write(|stdout| stdout.write_all(bytes));
}

fn write(write: impl FnOnce(&mut std::io::StdoutLock<'_>) -> std::io::Result<()>) {
    let mut closed = CLOSED.lock().unwrap_or_else(PoisonError::into_inner);
    if closed.is_none() {
        *closed = write(&mut std::io::stdout().lock()).err();
    }
}

pub(crate) fn error_line(text: Arguments<'_>) {
    // There is nobody left to tell.
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Whether everything that was printed has arrived, or its reader has left.
pub(crate) fn finish() -> anyhow::Result<()> {
    write(|stdout| stdout.flush());
    match CLOSED.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("stdout"),
        _ => Ok(()),
    }
}

/// Prints JSON, indented.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    outln!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// A table under way. Columns whose header begins with `#` are numbers, set to the right.
pub(crate) struct Rows {
    table: Table,
}

impl Rows {
    pub(crate) fn new(headers: &[&str]) -> Self {
        let mut table = Table::new();
        table.load_style(NOTHING).set_header(headers.iter().map(|h| h.trim_start_matches('#')));
        for (index, header) in headers.iter().enumerate() {
            if let Some(column) = table.column_mut(index) {
                column.set_padding((0, 2));
                if header.starts_with('#') {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        Self { table }
    }

    pub(crate) fn row(&mut self, cells: &[&dyn Display]) {
        self.table.add_row(cells.iter().map(ToString::to_string));
    }

    pub(crate) fn print(&self) {
        for line in self.table.lines() {
            outln!("{}", line.trim_end());
        }
    }
}

/// `12345678` as `12,345,678`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The first digits of a digest, as people compare them.
pub(crate) fn short(digest: &str) -> &str {
    let hex = digest.strip_prefix("blake3:").unwrap_or(digest);
    &hex[..hex.len().min(12)]
}

/// Four decimals, or a dash for what is not defined.
pub(crate) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"))
}

/// The text, or a dash.
pub(crate) fn or_dash(text: Option<&str>) -> &str {
    text.unwrap_or("-")
}

/// Milliseconds as people read them.
pub(crate) fn duration(ms: Option<i64>) -> String {
    match ms {
        None => "-".to_owned(),
        Some(ms) if ms < 1_000 => format!("{ms} ms"),
        Some(ms) => format!("{:.1} s", ms as f64 / 1_000.0),
    }
}

/// Bytes as people read them.
pub(crate) fn bytes(n: u64) -> String {
    match n {
        0..1_024 => format!("{n} B"),
        1_024..1_048_576 => format!("{} KiB", n.div_ceil(1_024)),
        _ => format!("{:.1} MiB", n as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(short("blake3:0123456789abcdef"), "0123456789ab");
        assert_eq!(bytes(1_025), "2 KiB");
    }
}

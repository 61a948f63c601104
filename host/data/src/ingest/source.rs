//! [`Source`]: a file, its name, and the [`Format`] that it is in.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};

use super::error::IngestError;

/// How rows lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header, plain or gzipped.
    Csv,
    /// One JSON object a line, plain or gzipped.
    NdJson,
    /// Parquet.
    Parquet,
    /// Arrow IPC with a footer, also known as Feather version 2.
    ArrowFile,
    /// Arrow IPC without one.
    ArrowStream,
}

impl Format {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::NdJson => "NDJSON",
            Self::Parquet => "Parquet",
            Self::ArrowFile => "Arrow IPC file",
            Self::ArrowStream => "Arrow IPC stream",
        }
    }

    /// What people write: `csv`, `ndjson`, `parquet`, `arrow`, `arrow-stream`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::NdJson => "ndjson",
            Self::Parquet => "parquet",
            Self::ArrowFile => "arrow",
            Self::ArrowStream => "arrow-stream",
        }
    }

    /// The format that a file's name promises; `.gz` is looked through.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" | "json" => Some(Self::NdJson),
            "parquet" | "pq" => Some(Self::Parquet),
            "arrow" | "feather" | "ipc" => Some(Self::ArrowFile),
            "arrows" => Some(Self::ArrowStream),
            _ => None,
        }
    }

    /// The format that a file's first bytes show, where they leave no doubt.
    fn of_content(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"PAR1") {
            return Some(Self::Parquet);
        }
        if head.starts_with(b"ARROW1") {
            return Some(Self::ArrowFile);
        }
        // The continuation marker of an IPC message, which is no text in any encoding.
        head.starts_with(&[0xff; 4]).then_some(Self::ArrowStream)
    }

    const fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::NdJson)
    }
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Csv, Self::NdJson, Self::Parquet, Self::ArrowFile, Self::ArrowStream];
        all.into_iter().find(|format| format.word() == text).ok_or_else(|| {
            let words: Vec<&str> = all.iter().map(|format| format.word()).collect();
            format!("`{text}` is no format: write {}", words.join(", "))
        })
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A file to import.
#[derive(Debug)]
pub struct Source {
    name: String,
    file: File,
}

/// A file whose format is known.
pub(super) enum Opened {
    Text(Format, Box<dyn BufRead + Send>),
    Columns(Format, File),
}

impl Source {
    /// A file at its start. The name is asked where the content does not tell the format.
    pub fn new(name: impl Into<String>, file: File) -> Self {
        Self { name: name.into(), file }
    }

    /// Finds the format: first by content, then by name, else it is CSV.
    pub(super) fn open(mut self) -> Result<Opened, IngestError> {
        let failed = |source| IngestError::Read { rows: 0, source };
        let head = peek(&mut self.file).map_err(failed)?;
        let named = Format::of_name(&self.name);
        if let Some(format) = Format::of_content(&head) {
            return Ok(Opened::Columns(format, self.file));
        }
        if let Some(format) = named.filter(|format| !format.is_text()) {
            let what = if head.is_empty() { "it is empty" } else { "it does not begin like one" };
            let detail = format!("{what}; if `{}` is text, name it .csv or .ndjson", self.name);
            return Err(IngestError::Format { format: format.to_string(), detail });
        }
        let mut text = inflate(self.file).map_err(failed)?;
        let head = text.fill_buf().map_err(failed)?;
        if Format::of_content(head).is_some() {
            let detail = "it is gzipped: inflate it first".to_owned();
            let format = Format::of_content(head).map_or("file", Format::name).to_owned();
            return Err(IngestError::Format { format, detail });
        }
        let format = named.unwrap_or_else(|| format_of_text(head));
        Ok(Opened::Text(format, text))
    }
}

/// A line that opens an object, or a list of them, begins no CSV.
fn format_of_text(head: &[u8]) -> Format {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let head = head.strip_prefix(b"[").map_or(head, <[u8]>::trim_ascii_start);
    if head.starts_with(b"{") { Format::NdJson } else { Format::Csv }
}

fn peek(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.by_ref().take(8).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(head)
}

/// Inflates what begins like gzip.
fn inflate(file: File) -> std::io::Result<Box<dyn BufRead + Send>> {
    let mut buffered = BufReader::with_capacity(1 << 17, file);
    if buffered.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        let inflated = Inflated(flate2::bufread::MultiGzDecoder::new(buffered));
        return Ok(Box::new(BufReader::with_capacity(1 << 17, inflated)));
    }
    Ok(Box::new(buffered))
}

/// A gzip file whose errors say what is wrong with it.
struct Inflated<R>(flate2::bufread::MultiGzDecoder<R>);

impl<R: BufRead> Read for Inflated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            let kind = error.kind();
            let is_cut = kind == std::io::ErrorKind::UnexpectedEof
                || error.to_string() == "incomplete deflate stream";
            let text = if is_cut {
                "the gzip file is cut short: copy it again".to_owned()
            } else {
                format!("the gzip file is damaged ({error}): copy it again")
            };
            std::io::Error::new(kind, text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise_formats() {
        let cases = [
            ("a.csv", Some(Format::Csv)),
            ("A.CSV.GZ", Some(Format::Csv)),
            ("rows.jsonl.gz", Some(Format::NdJson)),
            ("b.parquet", Some(Format::Parquet)),
            ("c.feather", Some(Format::ArrowFile)),
            ("d.arrows", Some(Format::ArrowStream)),
            ("upload", None),
            ("notes.txt", None),
        ];
        for (name, expected) in cases {
            assert_eq!(Format::of_name(name), expected, "{name}");
        }
    }
}

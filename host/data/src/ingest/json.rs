//! One line of NDJSON taken apart: names and values as they stand, numbers as text.
//!
//! Invariant: takes exactly the lines that RFC 8259 calls an object. Numbers keep their digits, so
//! that they are parsed by the same rules as those of CSV, and round in the same way.
//! Absent on purpose: trees. A nested object is checked and named, never built.

use super::records::Tag;

/// Deeper nesting is refused before the stack is.
const DEPTH_MAX: usize = 64;

/// A reader of one line. The scratch buffers live as long as the reader, not the line.
#[derive(Default)]
pub(super) struct Scanner {
    name: Vec<u8>,
    value: Vec<u8>,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A value that a column can hold.
    Field(Tag),
    /// An object, or a list of anything but numbers.
    Nested,
}

/// What is wrong, and at which byte of the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
}

type Scanned<T> = Result<T, Fault>;

impl Scanner {
    /// Reads an object, and gives each name and value to `take`.
    pub(super) fn object(
        &mut self,
        line: &[u8],
        mut take: impl FnMut(&[u8], Found, &[u8]),
    ) -> Scanned<()> {
        let mut cursor = Cursor { line, at: 0 };
        cursor.space();
        cursor.byte(b'{', "an object: `{`")?;
        cursor.space();
        let mut is_first = true;
        while cursor.peek() != Some(b'}') {
            if !is_first {
                cursor.byte(b',', "`,` or `}`")?;
                cursor.space();
            }
            is_first = false;
            self.name.clear();
            cursor.string(&mut self.name)?;
            cursor.space();
            cursor.byte(b':', "`:`")?;
            cursor.space();
            self.value.clear();
            let found = cursor.value(&mut self.value)?;
            take(&self.name, found, &self.value);
            cursor.space();
        }
        cursor.at += 1;
        cursor.space();
        if cursor.at < line.len() { Err(cursor.fault("the end of the line")) } else { Ok(()) }
    }
}

impl Cursor<'_> {
    const fn fault(&self, expected: &'static str) -> Fault {
        Fault { at: self.at, expected }
    }

    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn byte(&mut self, byte: u8, expected: &'static str) -> Scanned<()> {
        if self.peek() != Some(byte) {
            return Err(self.fault(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// A value at the top; its text goes to `value`.
    fn value(&mut self, value: &mut Vec<u8>) -> Scanned<Found> {
        match self.peek() {
            Some(b'"') => self.string(value).map(|()| Found::Field(Tag::Quoted)),
            Some(b'n') => self.word(b"null").map(|()| Found::Field(Tag::Null)),
            Some(b'[') => self.list(value),
            Some(b'{') => self.skip(0).map(|()| Found::Nested),
            _ => {
                let start = self.at;
                self.scalar()?;
                value.extend_from_slice(&self.line[start..self.at]);
                Ok(Found::Field(Tag::Bare))
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Scanned<()> {
        if !self.line[self.at..].starts_with(word) {
            return Err(self.fault("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    /// A boolean or a number.
    fn scalar(&mut self) -> Scanned<()> {
        match self.peek() {
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            _ => self.number(),
        }
    }

    fn digits(&mut self) -> Scanned<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.fault("a digit")) } else { Ok(()) }
    }

    fn number(&mut self) -> Scanned<()> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ if self.at == start => return Err(self.fault("a value")),
            _ => return Err(self.fault("a digit")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// A string, its escapes resolved.
    fn string(&mut self, text: &mut Vec<u8>) -> Scanned<()> {
        self.byte(b'"', "a name in quotes")?;
        let start = self.at;
        loop {
            let rest = &self.line[self.at..];
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            let plain = plain.unwrap_or(rest.len());
            text.extend_from_slice(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    let raw = &self.line[start..self.at];
                    if std::str::from_utf8(raw).is_err() {
                        return Err(self.fault("UTF-8 in the string before"));
                    }
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape(text)?,
                _ => return Err(self.fault("`\"` at the end of a string")),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Scanned<()> {
        self.at += 1;
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                let character = self.unicode()?;
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.fault("an escape")),
        };
        self.at += 1;
        text.push(plain);
        Ok(())
    }

    /// Four digits, or two times four for what lies beyond the first plane.
    fn unicode(&mut self) -> Scanned<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or_else(|| self.fault("a first surrogate"));
        }
        self.byte(b'\\', "a second surrogate")?;
        self.byte(b'u', "a second surrogate")?;
        let second = self.hex()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(self.fault("a second surrogate"));
        }
        let point = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        char::from_u32(point).ok_or_else(|| self.fault("a character"))
    }

    fn hex(&mut self) -> Scanned<u32> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            value = value << 4 | digit.ok_or_else(|| self.fault("four hexadecimal digits"))?;
            self.at += 1;
        }
        Ok(value)
    }

    /// A list: of numbers `value` holds them with commas between, of anything else it is nested.
    fn list(&mut self, value: &mut Vec<u8>) -> Scanned<Found> {
        let start = self.at;
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Found::Field(Tag::List));
        }
        loop {
            if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
                self.at = start;
                return self.skip(0).map(|()| Found::Nested);
            }
            let from = self.at;
            self.number()?;
            value.extend_from_slice(&self.line[from..self.at]);
            self.space();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Found::Field(Tag::List));
            }
            self.byte(b',', "`,` or `]`")?;
            value.push(b',');
            self.space();
        }
    }

    /// Checks a value and forgets it.
    fn skip(&mut self, depth: usize) -> Scanned<()> {
        if depth > DEPTH_MAX {
            return Err(self.fault("less nesting"));
        }
        let (is_object, end) = match self.peek() {
            Some(b'{') => (true, b'}'),
            Some(b'[') => (false, b']'),
            Some(b'"') => return self.string(&mut Vec::new()),
            Some(b'n') => return self.word(b"null"),
            _ => return self.scalar(),
        };
        self.at += 1;
        self.space();
        let mut is_first = true;
        while self.peek() != Some(end) {
            if !is_first {
                self.byte(b',', "`,` or the end of what is nested")?;
                self.space();
            }
            is_first = false;
            if is_object {
                self.string(&mut Vec::new())?;
                self.space();
                self.byte(b':', "`:`")?;
                self.space();
            }
            self.skip(depth + 1)?;
            self.space();
        }
        self.at += 1;
        Ok(())
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;

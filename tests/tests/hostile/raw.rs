//! Components byte by byte, where text would be too long or is too well behaved.

/// The beginning of every component, and all of an empty one.
pub const HEADER: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];

pub const CUSTOM: u8 = 0;
pub const COMPONENT: u8 = 4;
pub const TYPE: u8 = 7;

/// A number as WebAssembly writes it.
pub fn leb(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

pub fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], leb(content.len()).as_slice(), content].concat()
}

/// A custom section by a name.
pub fn custom(name: &str, content: &[u8]) -> Vec<u8> {
    section(CUSTOM, &[leb(name.len()).as_slice(), name.as_bytes(), content].concat())
}

/// A component of these sections.
pub fn component(sections: &[u8]) -> Vec<u8> {
    [HEADER.as_slice(), sections].concat()
}

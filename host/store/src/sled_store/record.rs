//! One record in a pack: a header of 64 bytes, then the stored bytes.
//!
//! Invariant: a header that parses is a header that was written, and written here: it ends in a
//! checksum over all of itself and its place. So an artifact that contains a pack, or was made to
//! look like one, does not become records when a scan looks for its way behind damage. The digest
//! is over the content, so the codec lies below it.

use std::borrow::Cow;

use refrain_domain::Digest;

pub(super) const HEADER_BYTES: usize = 64;

/// Records begin at multiples of this, so that a scan finds its way again behind damage.
pub(super) const ALIGN_BYTES: u64 = 64;

const MAGIC: [u8; 4] = *b"RFR1";

/// Shorter artifacts are stored as they are.
const LZ4_BYTES_MIN: usize = 4 << 10;
/// Longer ones too: a block is compressed in memory at once.
const LZ4_BYTES_MAX: usize = 256 << 20;
const SAMPLE_BYTES: usize = 4 << 10;

/// How the artifact's bytes are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Raw = 0,
    Lz4 = 1,
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// An artifact.
    Artifact = 0,
    /// Changes of refs and events: see [`super::journal`].
    Journal = 1,
}

/// What a record says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub content: Content,
    pub codec: Codec,
    pub digest: Digest,
    /// Length of the content.
    pub len: u64,
    /// Length of the bytes behind the header.
    pub stored_len: u64,
}

impl Header {
    /// The header of a content that [`encode`] made these bytes of.
    pub(super) fn new(
        content: Content,
        digest: Digest,
        bytes: &[u8],
        encoded: &Encoded<'_>,
    ) -> Self {
        let (codec, stored) = encoded;
        let (len, stored_len) = (bytes.len() as u64, stored.len() as u64);
        Self { content, codec: *codec, digest, len, stored_len }
    }

    /// The bytes of a header at an offset of a pack.
    pub(super) fn to_bytes(self, pack: u32, offset: u64) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = self.codec as u8;
        bytes[5] = self.content as u8;
        bytes[8..16].copy_from_slice(&self.len.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.stored_len.to_le_bytes());
        bytes[24..56].copy_from_slice(self.digest.as_bytes());
        let mut summed = [0; 68];
        summed[..56].copy_from_slice(&bytes[..56]);
        summed[56..60].copy_from_slice(&pack.to_le_bytes());
        summed[60..].copy_from_slice(&offset.to_le_bytes());
        bytes[56..].copy_from_slice(&Digest::of(&summed).as_bytes()[..8]);
        bytes
    }

    /// None if these are not the bytes of a header, not any more, or not of one that belongs here.
    pub(super) fn parse(bytes: &[u8; HEADER_BYTES], pack: u32, offset: u64) -> Option<Self> {
        if bytes[..4] != MAGIC {
            return None;
        }
        let codec = match bytes[4] {
            0 => Codec::Raw,
            1 => Codec::Lz4,
            _ => return None,
        };
        let content = match bytes[5] {
            0 => Content::Artifact,
            1 => Content::Journal,
            _ => return None,
        };
        let header = Self {
            content,
            codec,
            len: u64::from_le_bytes(bytes[8..16].try_into().ok()?),
            stored_len: u64::from_le_bytes(bytes[16..24].try_into().ok()?),
            digest: Digest::from_bytes(bytes[24..56].try_into().ok()?),
        };
        let is_possible = match codec {
            Codec::Raw => header.len == header.stored_len,
            Codec::Lz4 => header.len <= LZ4_BYTES_MAX as u64,
        };
        (is_possible && header.to_bytes(pack, offset) == *bytes).then_some(header)
    }
}

/// A codec, and bytes in it.
pub(super) type Encoded<'b> = (Codec, Cow<'b, [u8]>);

/// Chooses a codec. A sample from the middle must halve before the whole is tried: here LZ4 packs
/// at 450 to 630 MiB/s and the page cache takes 400 MiB/s, so a smaller gain costs more than it
/// saves.
pub(super) fn encode(bytes: &[u8]) -> Encoded<'_> {
    if (LZ4_BYTES_MIN..=LZ4_BYTES_MAX).contains(&bytes.len()) {
        let start = (bytes.len() - SAMPLE_BYTES) / 2;
        let sample = lz4_flex::block::compress(&bytes[start..start + SAMPLE_BYTES]);
        if sample.len() <= SAMPLE_BYTES / 2 {
            let packed = lz4_flex::block::compress(bytes);
            if packed.len() <= bytes.len() / 4 * 3 {
                return (Codec::Lz4, Cow::Owned(packed));
            }
        }
    }
    (Codec::Raw, Cow::Borrowed(bytes))
}

/// Undoes [`encode`] into a buffer of exactly the artifact's length.
pub(super) fn decode_lz4(stored: &[u8], artifact: &mut [u8]) -> Result<(), String> {
    match lz4_flex::block::decompress_into(stored, artifact) {
        Ok(len) if len == artifact.len() => Ok(()),
        Ok(len) => Err(format!("it unpacks to {len} bytes, not {}", artifact.len())),
        Err(error) => Err(format!("it does not unpack: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_a_header_is_under_its_checksum() {
        let digest = Digest::of(b"x");
        let content = Content::Journal;
        let header = Header { content, codec: Codec::Lz4, digest, len: 70_000, stored_len: 300 };
        let bytes = header.to_bytes(3, 128);
        assert_eq!(Header::parse(&bytes, 3, 128), Some(header));
        for bit in 0..HEADER_BYTES * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::parse(&damaged, 3, 128), None, "bit {bit}");
        }
    }

    #[test]
    fn a_header_is_none_anywhere_else() {
        let (content, digest) = (Content::Artifact, Digest::of(b"x"));
        let bytes =
            Header { content, codec: Codec::Raw, digest, len: 1, stored_len: 1 }.to_bytes(3, 128);
        assert_eq!(Header::parse(&bytes, 3, 192), None);
        assert_eq!(Header::parse(&bytes, 4, 128), None);
    }

    #[test]
    fn lengths_that_no_writer_writes_are_refused() {
        let (content, digest) = (Content::Artifact, Digest::of(b"x"));
        let raw = Header { content, codec: Codec::Raw, digest, len: 2, stored_len: 1 };
        assert_eq!(Header::parse(&raw.to_bytes(0, 0), 0, 0), None);
        let huge = LZ4_BYTES_MAX as u64 + 1;
        let lz4 = Header { content, codec: Codec::Lz4, digest, len: huge, stored_len: 1 };
        assert_eq!(Header::parse(&lz4.to_bytes(0, 0), 0, 0), None);
    }

    #[test]
    fn only_what_shrinks_noticeably_is_compressed() {
        let zeros = vec![0; LZ4_BYTES_MIN];
        assert_eq!(encode(&zeros).0, Codec::Lz4);
        assert_eq!(encode(&zeros[1..]).0, Codec::Raw); // one byte too short
        let noise: Vec<u8> =
            (0u32..4096).flat_map(|i| *Digest::of(&i.to_le_bytes()).as_bytes()).collect();
        assert_eq!(encode(&noise).0, Codec::Raw);
    }
}

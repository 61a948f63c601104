//! Arrow IPC, message by message.
//!
//! Arrow's own stream reader gives a buffer as much memory as its compressed form claims to need,
//! and a process that cannot have it is aborted. So messages are cut out and looked at here first;
//! only then are they decoded.

use std::collections::VecDeque;
use std::io::Read;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::{Message, MessageHeader, root_as_message};
use arrow_schema::{ArrowError, SchemaRef};

/// So much may come out of one message.
const MESSAGE_BYTES_MAX: u64 = 2 << 30;

/// What the writer of a stream puts behind the last message.
pub(super) const END_OF_STREAM: &[u8; 8] = &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// Marks a message since version 0.15 of the format; before, the length came first.
const CONTINUATION: u32 = u32::MAX;

/// The batches of a stream.
pub(super) struct Batches<R> {
    source: R,
    decoder: StreamDecoder,
    /// Decoded and not yet asked for.
    ready: VecDeque<RecordBatch>,
    is_done: bool,
}

impl<R: Read> Batches<R> {
    /// Reads up to the schema.
    pub(super) fn new(source: R) -> Result<Self, ArrowError> {
        let (decoder, ready) = (StreamDecoder::new(), VecDeque::new());
        let mut batches = Self { source, decoder, ready, is_done: false };
        // The decoder takes up a message without a body only when more bytes come.
        while batches.decoder.schema().is_none() && !batches.is_done {
            batches.advance()?;
        }
        Ok(batches)
    }

    pub(super) fn schema(&self) -> Result<SchemaRef, ArrowError> {
        let missing = || error("it does not begin with a schema");
        self.decoder.schema().ok_or_else(missing)
    }

    /// Decodes the next message.
    fn advance(&mut self) -> Result<(), ArrowError> {
        let message = read_message(&mut self.source)?;
        self.is_done = message.is_none();
        let mut bytes = message.map_or_else(|| Buffer::from(END_OF_STREAM), Buffer::from_vec);
        while !bytes.is_empty() {
            self.ready.extend(self.decoder.decode(&mut bytes)?);
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Batches<R> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Some(Ok(batch));
            }
            if self.is_done {
                return None;
            }
            if let Err(error) = self.advance() {
                self.is_done = true;
                return Some(Err(error));
            }
        }
    }
}

fn error(detail: impl Into<String>) -> ArrowError {
    ArrowError::ParseError(detail.into())
}

/// A whole message with its prefix, or none at the end of the stream.
fn read_message(source: &mut dyn Read) -> Result<Option<Vec<u8>>, ArrowError> {
    let mut bytes = Vec::new();
    let mut len = read_u32(source, &mut bytes)?;
    if len == CONTINUATION {
        len = read_u32(source, &mut bytes)?;
    }
    if len == 0 {
        return Ok(None);
    }
    let start = bytes.len();
    append(source, &mut bytes, u64::from(len))?;
    let message = root_as_message(&bytes[start..])
        .map_err(|fault| error(format!("a message is not well-formed: {fault}")))?;
    let body_len = u64::try_from(message.bodyLength())
        .map_err(|_| error(format!("a message of {} bytes", message.bodyLength())))?;
    let mut body = Vec::new();
    append(source, &mut body, body_len)?;
    check_lengths(&message, &body)?;
    bytes.append(&mut body);
    Ok(Some(bytes))
}

fn read_u32(source: &mut dyn Read, bytes: &mut Vec<u8>) -> Result<u32, ArrowError> {
    let mut len = [0; 4];
    source.read_exact(&mut len)?;
    bytes.extend_from_slice(&len);
    Ok(u32::from_le_bytes(len))
}

/// Grows with the bytes that come, not with those that are promised.
fn append(source: &mut dyn Read, bytes: &mut Vec<u8>, len: u64) -> Result<(), ArrowError> {
    let read = source.take(len).read_to_end(bytes)?;
    if read as u64 == len { Ok(()) } else { Err(error("a message is cut short")) }
}

/// Adds up what the buffers say that they inflate to.
fn check_lengths(message: &Message<'_>, body: &[u8]) -> Result<(), ArrowError> {
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => {
            message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data())
        }
        _ => None,
    };
    let Some(batch) = batch.filter(|batch| batch.compression().is_some()) else { return Ok(()) };
    let mut total = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).ok();
        let prefix = start.and_then(|start| body.get(start..start.checked_add(8)?));
        // Shorter ones are empty, and -1 means as it lies.
        let Some(prefix) = prefix.and_then(|prefix| <[u8; 8]>::try_from(prefix).ok()) else {
            continue;
        };
        total = total.saturating_add(u64::try_from(i64::from_le_bytes(prefix)).unwrap_or(0));
    }
    if total > MESSAGE_BYTES_MAX {
        let limit = MESSAGE_BYTES_MAX >> 30;
        return Err(error(format!("a batch inflates to {total} bytes, more than {limit} GiB")));
    }
    Ok(())
}

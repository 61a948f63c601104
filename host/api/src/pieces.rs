//! Answers that are written as they are read: bundles, exports.

use std::io::{BufWriter, Write};

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::wrappers::ReceiverStream;

/// Pieces that wait for a slow reader.
const PIECES_MAX: usize = 16;
const PIECE_BYTES: usize = 256 << 10;

/// Answers with what `write` writes, on a thread of its own. If it fails halfway, the answer is cut
/// short, so that nobody takes a piece for the whole.
pub(crate) fn stream(
    content_type: &'static str,
    write: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), String> + Send + 'static,
) -> Response {
    let (sender, receiver) = channel(PIECES_MAX);
    tokio::task::spawn_blocking(move || {
        let mut writer = BufWriter::with_capacity(PIECE_BYTES, Pieces { sender: sender.clone() });
        let written = write(&mut writer);
        let written = written.and_then(|()| writer.flush().map_err(|error| error.to_string()));
        if let Err(error) = written {
            tracing::error!(error, "an answer was cut short");
            drop(sender.blocking_send(Err(std::io::Error::other(error))));
        }
    });
    let mut response = Body::from_stream(ReceiverStream::new(receiver)).into_response();
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// A writer into a response's body.
struct Pieces {
    sender: Sender<std::io::Result<Vec<u8>>>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let gone = |_| std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        self.sender.blocking_send(Ok(bytes.to_vec())).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

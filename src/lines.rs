//! Lines of bounded length, from whoever writes them.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// The next line without its end; none when there is no more. What is longer than `most` bytes is dropped.
pub(crate) async fn next(
    reader: &mut (impl AsyncBufRead + Unpin),
    most: usize,
) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        let bytes = reader.fill_buf().await?;
        if bytes.is_empty() {
            return Ok((!line.is_empty()).then_some(line));
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(bytes.len(), |at| at + 1);
        let room = most.saturating_sub(line.len());
        line.extend_from_slice(&bytes[..end.unwrap_or(length).min(room)]);
        reader.consume(length);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

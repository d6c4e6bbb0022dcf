//! The lines that a node writes: always read, and logged with the node's identity.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tracing::{Level, debug, error, info, warn};

use crate::balancer::NodeId;

/// The longest line that is kept; the rest of a longer one is dropped.
const MOST_LINE_BYTES: usize = 4096;

/// What llama-server's own lines, which carry no level, begin with (as recorded with 0.32.15).
const RUNNER_NOISE: [&str; 9] = [
    "srv ",
    "slot ",
    "print_info:",
    "llama_",
    "load_tensors:",
    "common_",
    "ggml_",
    "load:",
    "main:",
];

/// Reads a pipe to its end and logs each line.
pub(super) async fn drain(pipe: impl AsyncRead + Unpin, node: NodeId, pid: i32) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while let Ok(bytes) = reader.fill_buf().await {
        if bytes.is_empty() {
            break;
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(bytes.len(), |at| at + 1);
        let room = MOST_LINE_BYTES.saturating_sub(line.len());
        line.extend_from_slice(&bytes[..end.unwrap_or(length).min(room)]);
        reader.consume(length);
        if end.is_some() {
            log(&line, &node, pid);
            line.clear();
        }
    }
    log(&line, &node, pid);
}

fn log(line: &[u8], node: &NodeId, pid: i32) {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end();
    if line.is_empty() {
        return;
    }
    match level(line) {
        Level::ERROR => error!(target: "node", { node.id = %node, node.pid = pid }, "{line}"),
        Level::WARN => warn!(target: "node", { node.id = %node, node.pid = pid }, "{line}"),
        Level::INFO => info!(target: "node", { node.id = %node, node.pid = pid }, "{line}"),
        _ => debug!(target: "node", { node.id = %node, node.pid = pid }, "{line}"),
    }
}

/// The level that a line had: Ollama's own lines name it; its access log and the runner's chatter
/// are for debugging; what is unknown is worth reading.
fn level(line: &str) -> Level {
    let named = line.split_once(" level=").and_then(|(_, rest)| rest.split(' ').next());
    match named {
        Some("ERROR") => Level::ERROR,
        Some("WARN") => Level::WARN,
        Some("INFO") => Level::INFO,
        Some(_) => Level::DEBUG,
        None if line.starts_with("Error:") || line.starts_with("panic:") => Level::ERROR,
        None if line.starts_with("[GIN]") => Level::DEBUG,
        None if RUNNER_NOISE.iter().any(|start| line.starts_with(start)) => Level::DEBUG,
        None => Level::INFO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_the_level_it_had() {
        let table = [
            (
                "time=2026-11-22T18:42:18.944Z level=INFO source=routes.go:2008 msg=\"Listening\"",
                Level::INFO,
            ),
            ("time=2026-11-22T18:42:18.944Z level=WARN source=x msg=y", Level::WARN),
            ("Error: listen tcp 127.0.0.1:21499: bind: address already in use", Level::ERROR),
            (
                "[GIN] 2026/11/22 - 18:42:19 | 200 | 138µs | 127.0.0.1 | GET \"/api/version\"",
                Level::DEBUG,
            ),
            ("srv  update_slots: all slots are idle", Level::DEBUG),
            ("something else", Level::INFO),
        ];
        for (line, expected) in table {
            assert_eq!(level(line), expected, "{line}");
        }
    }
}

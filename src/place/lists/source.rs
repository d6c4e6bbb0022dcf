//! A file's text, and on which line a byte of it stands.

use std::path::Path;

use super::bad::Faults;

/// What begins a file that some programs write as UTF-8.
pub(super) const MARK: char = '\u{feff}';

/// The text of one file.
pub(super) struct Source {
    /// The file, as messages call it.
    pub(super) file: String,
    /// Its text without the byte order mark.
    pub(super) text: String,
    /// Where its lines end.
    ends: Vec<usize>,
}

impl Source {
    /// Reads a file; `None` after a fault.
    pub(super) fn read(path: &Path, faults: &mut Faults) -> Option<Self> {
        let file = path.display().to_string();
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                faults.add(&file, 0, unreadable(&error));
                return None;
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some(Self::new(file, text)),
            Err(error) => {
                let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = 1 + sound.iter().filter(|byte| **byte == b'\n').count();
                faults.add(&file, line, not_utf8(&file));
                None
            }
        }
    }

    /// A text of a file.
    pub(super) fn new(file: String, mut text: String) -> Self {
        if text.starts_with(MARK) {
            text.drain(..MARK.len_utf8());
        }
        let ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { file, text, ends }
    }

    /// The line of what stands at a byte or after the line ends there, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let skipped = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        self.ends.partition_point(|end| *end < at + skipped) + 1
    }
}

/// What is wrong with a file that cannot be read.
pub(super) fn unreadable(error: &std::io::Error) -> String {
    format!("it cannot be read ({error}); check the path and the permissions")
}

/// What is wrong with a file in another encoding, such as Excel's GBK.
pub(super) fn not_utf8(file: &str) -> String {
    let form = if file.ends_with(".json") { "with the encoding UTF-8" } else { "as CSV UTF-8" };
    format!("it is not UTF-8, perhaps GBK; save it {form}")
}

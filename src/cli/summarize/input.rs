//! The files with the records, read piece by piece: no more than one record is in memory at once, or
//! one bounded file that is a single JSON value.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::value::RawValue;

use super::{
    line,
    record::{BadRecord, Id},
};
use crate::cli::plain::plain;

/// The longest line; no server takes as much.
pub(super) const MOST_LINE_BYTES: usize = 16 * 1024 * 1024;

/// The largest file that is one JSON value.
const MOST_WHOLE_BYTES: usize = 256 * 1024 * 1024;

/// What a file without an end of its own is called.
const STDIN: &str = "-";

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("{name} cannot be read")]
    Io { name: String, source: io::Error },
    #[error(
        "{name} is larger than {} MiB, the most for one JSON value; write one record a line into a \
         .jsonl file (`jq -c '.[]'`)",
        MOST_WHOLE_BYTES >> 20
    )]
    TooLarge { name: String },
    #[error(
        "{name}:{line}:{column}: a .json file is one JSON value, an object or an array of records; one \
         with a record a line is named .jsonl"
    )]
    NotJson { name: String, line: usize, column: usize },
}

/// One argument of the command.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// None for standard input.
    path: Option<PathBuf>,
    /// As it was given.
    pub(super) name: Arc<str>,
    /// Whether it is one JSON value instead of one a line.
    is_whole: bool,
}

impl Source {
    pub(super) fn new(argument: &Path) -> Self {
        let path = (argument != Path::new(STDIN)).then(|| argument.to_owned());
        let is_whole = argument.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("json"));
        Self { path, name: argument.to_string_lossy().into(), is_whole }
    }

    /// Whether it can be read more than once.
    pub(super) fn is_file(&self) -> Result<bool, Unreadable> {
        let Some(path) = &self.path else { return Ok(false) };
        let found = path.metadata();
        found
            .map(|file| file.is_file())
            .map_err(|source| Unreadable::Io { name: plain(&self.name), source })
    }

    /// The file behind it, if there is one.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Where a record stands, for the output.
    pub(super) fn place(&self, number: u64) -> line::Source<'_> {
        let (line, record) =
            if self.is_whole { (None, Some(number)) } else { (Some(number), None) };
        line::Source { file: &self.name, line, record }
    }

    /// Where a record stands, for people.
    pub(super) fn shown(&self, number: u64) -> String {
        format!("{}:{number}", plain(&self.name))
    }

    /// The id of a record without one.
    pub(super) fn default_id(&self, number: u64) -> Id {
        Id::Text(format!("{}:{number}", self.name))
    }

    /// Hands over every record with its number, until `take` says `false`. Blank lines are none.
    pub(super) fn each(
        &self,
        mut take: impl FnMut(u64, Result<&[u8], BadRecord>) -> bool,
    ) -> Result<bool, Unreadable> {
        let failed = |source| Unreadable::Io { name: plain(&self.name), source };
        let file: Box<dyn Read> = match &self.path {
            Some(path) => Box::new(File::open(path).map_err(failed)?),
            None => Box::new(io::stdin()),
        };
        if self.is_whole {
            return self.each_of_whole(file, take);
        }
        let mut lines = Lines::new(BufReader::with_capacity(1 << 18, file), MOST_LINE_BYTES);
        while let Some(Line { number, bytes, .. }) = lines.next().map_err(failed)? {
            let line = bytes.map(|line| if number == 1 { without_mark(line) } else { line });
            if line.is_some_and(|line| line.trim_ascii().is_empty()) {
                continue;
            }
            if !take(number, line.ok_or(BadRecord::TooLarge { most: MOST_LINE_BYTES })) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn each_of_whole(
        &self,
        file: impl Read,
        mut take: impl FnMut(u64, Result<&[u8], BadRecord>) -> bool,
    ) -> Result<bool, Unreadable> {
        let name = || plain(&self.name);
        let mut bytes = Vec::new();
        let read = file.take(MOST_WHOLE_BYTES as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|source| Unreadable::Io { name: name(), source })?;
        if bytes.len() > MOST_WHOLE_BYTES {
            return Err(Unreadable::TooLarge { name: name() });
        }
        let bytes = without_mark(&bytes);
        let not_json = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            Unreadable::NotJson { name: name(), line, column }
        };
        if !bytes.trim_ascii_start().starts_with(b"[") {
            let whole: &RawValue = serde_json::from_slice(bytes).map_err(not_json)?;
            return Ok(take(1, Ok(whole.get().as_bytes())));
        }
        let records: Vec<&RawValue> = serde_json::from_slice(bytes).map_err(not_json)?;
        let mut numbered = (1..).zip(records);
        Ok(numbered.all(|(number, record)| take(number, Ok(record.get().as_bytes()))))
    }
}

/// The bytes without the mark with which some editors begin a file.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

/// The lines of a file, counted from 1, none of them longer than a bound in memory.
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    most: usize,
    number: u64,
    /// Where the next line begins.
    at: u64,
}

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) number: u64,
    /// As it stands, with its end if it has one; none if it is too long.
    pub(super) bytes: Option<&'a [u8]>,
    /// Where it begins, and where the next one does.
    pub(super) span: (u64, u64),
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R, most: usize) -> Self {
        Self { reader, line: Vec::new(), most, number: 0, at: 0 }
    }

    /// The next line; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let most = self.most as u64 + 1;
        let read = self.reader.by_ref().take(most).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        let mut length = read as u64;
        let fits = length < most || self.line.ends_with(b"\n");
        if !fits {
            length += self.reader.skip_until(b'\n')? as u64;
        }
        self.number += 1;
        let span = (self.at, self.at + length);
        self.at = span.1;
        let bytes = fits.then_some(self.line.as_slice());
        Ok(Some(Line { number: self.number, bytes, span }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a file, and the records in it.
    type Case = (&'static [u8], &'static [(u64, usize)]);

    /// What a file holds: the numbers and lengths of its records, 0 for one that is too large.
    fn records(name: &str, bytes: &[u8]) -> Result<Vec<(u64, usize)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let mut found = Vec::new();
        let read = Source::new(&path).each(|number, record| {
            found.push((number, record.map_or(0, |record| record.trim_ascii().len())));
            true
        });
        let place = format!("{}/", folder.path().display());
        read.map(|_| found).map_err(|error| error.to_string().replace(&place, ""))
    }

    #[test]
    fn a_line_is_a_record_unless_it_is_blank() {
        let table: [Case; 6] = [
            (b"", &[]),
            (b"\n \r\n\t\n", &[]),
            (b"{}", &[(1, 2)]),
            (b"\xef\xbb\xbf{}\r\n\r\n[1]\n", &[(1, 2), (3, 3)]),
            (b"no json\n{}\n", &[(1, 7), (2, 2)]),
            (b"\xef\xbb\xbf\n{}", &[(2, 2)]),
        ];
        for (bytes, expected) in table {
            assert_eq!(records("a.jsonl", bytes).unwrap(), expected);
        }
    }

    #[test]
    fn a_json_file_is_one_record_or_an_array_of_them() {
        let table: [Case; 4] = [
            (b"{\n\"s\": []}\n", &[(1, 10)]),
            (b" [{},\n{\"s\": []}, 7]", &[(1, 2), (2, 9), (3, 1)]),
            (b"\xef\xbb\xbf[]", &[]),
            (b"7", &[(1, 1)]),
        ];
        for (bytes, expected) in table {
            assert_eq!(records("a.JSON", bytes).unwrap(), expected);
        }
        for bytes in [&b""[..], b"{}\n{}\n", b"[{}", b"{\"s\":"] {
            let error = records("a.json", bytes).unwrap_err();
            assert!(error.starts_with("a.json:") && error.contains("named .jsonl"), "{error}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_without_being_kept() {
        let text = b"abcd\nabcde\nabcdefghij\n\nabc";
        let mut lines = Lines::new(&text[..], 4);
        let expected: [(Option<&[u8]>, _); 5] = [
            (Some(b"abcd\n"), (0, 5)),
            (None, (5, 11)),
            (None, (11, 22)),
            (Some(b"\n"), (22, 23)),
            (Some(b"abc"), (23, 26)),
        ];
        for (number, (bytes, span)) in (1..).zip(expected) {
            assert_eq!(lines.next().unwrap(), Some(Line { number, bytes, span }));
        }
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn places_and_ids_follow_the_name_as_it_was_given() {
        let lines = Source::new(Path::new("../a\n.jsonl"));
        assert_eq!(lines.default_id(7), Id::Text("../a\n.jsonl:7".to_owned()));
        assert_eq!(lines.shown(7), "../a\\n.jsonl:7");
        assert_eq!(lines.place(7).line, Some(7));
        let whole = Source::new(Path::new("a.json"));
        assert_eq!((whole.place(2).line, whole.place(2).record), (None, Some(2)));
        assert_eq!(Source::new(Path::new("-")).default_id(1), Id::Text("-:1".to_owned()));
    }
}

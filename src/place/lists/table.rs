//! CSV with a header line: its records with the place in the text where each begins.

use std::{fmt::Display, io::Read};

use csv::{ByteRecord, Reader, ReaderBuilder};

/// A table that is read record by record.
pub(super) struct Table<R> {
    reader: Reader<R>,
    record: ByteRecord,
    /// For each wanted column its place; `None` if the table has none.
    places: Vec<Option<usize>>,
    /// Whether the text cannot be read on.
    broken: bool,
}

/// What a table has next.
pub(super) enum Next<'a> {
    /// The wanted fields of a record, trimmed; a column that is missing is empty.
    Fields(Vec<&'a str>),
    /// A record that is none.
    Bad(String),
}

impl<R: Read> Table<R> {
    /// A table with some columns; those of `may_miss` may be missing, and there is no other one.
    pub(super) fn new(reader: R, columns: &[&str], may_miss: &[&str]) -> Result<Self, String> {
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(unread)?;
        let mut places: Vec<Option<usize>> = vec![None; columns.len()];
        for (at, name) in record.iter().enumerate() {
            let name = std::str::from_utf8(name).map_err(|_| NOT_UTF8)?.trim();
            let header = format!("the header is {}", columns.join(","));
            match columns.iter().position(|column| *column == name) {
                None => return Err(format!("there is no column {name:?}; {header}")),
                Some(column) if places[column].is_some() => {
                    return Err(format!("the column {name:?} stands twice; {header}"));
                }
                Some(column) => places[column] = Some(at),
            }
        }
        let missing = columns.iter().zip(&places).filter(|(_, place)| place.is_none());
        let missing: Vec<&str> = missing
            .map(|(column, _)| *column)
            .filter(|column| !may_miss.contains(column))
            .collect();
        match missing.is_empty() {
            true => Ok(Self { reader, record, places, broken: false }),
            false => Err(format!(
                "the first line lacks {}; write the header {}",
                missing.join(" and "),
                columns.join(",")
            )),
        }
    }

    /// The next record that is not empty, and the byte where it begins, or line ends before it.
    pub(super) fn next(&mut self) -> Option<(usize, Next<'_>)> {
        while !self.broken {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) if self.record.iter().all(|field| field.trim_ascii().is_empty()) => {}
                Ok(true) => break,
                Ok(false) => return None,
                Err(error) => {
                    self.broken = true;
                    let at = self.reader.position().byte() as usize;
                    return Some((at, Next::Bad(unread(error))));
                }
            }
        }
        if self.broken {
            return None;
        }
        let at = self.record.position().map_or(0, |position| position.byte() as usize);
        let width = self.places.iter().flatten().count();
        if self.record.len() != width {
            let problem = format!(
                "the record has {} fields, the header {width}; put texts with commas in quotes",
                self.record.len()
            );
            return Some((at, Next::Bad(problem)));
        }
        let field = |place: &Option<usize>| {
            let bytes = place.and_then(|place| self.record.get(place)).unwrap_or_default();
            std::str::from_utf8(bytes).map(str::trim)
        };
        let fields: Result<Vec<&str>, _> = self.places.iter().map(field).collect();
        self.broken = fields.is_err();
        Some((at, fields.map_or_else(|_| Next::Bad(NOT_UTF8.to_owned()), Next::Fields)))
    }

    /// Whether the header has a column.
    pub(super) fn has(&self, column: usize) -> bool {
        self.places[column].is_some()
    }
}

/// What is wrong with a text in another encoding, such as Excel's GBK.
pub(super) const NOT_UTF8: &str = "this is not UTF-8, perhaps GBK; save the file as CSV UTF-8";

fn unread(error: impl Display) -> String {
    format!("the file cannot be read on ({error}); check it")
}

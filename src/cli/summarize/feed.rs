//! Records one after the other, from a thread of its own: reading may block, and what is in flight must
//! not wait for it.

use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::{
    book::{Book, Spot},
    input::{Source, Unreadable},
    record::{BadRecord, Id, Record},
};

/// How many records are read ahead.
const AHEAD: usize = 16;

/// What the input holds next.
#[derive(Debug)]
pub(super) enum Item {
    /// A record for the server, as its transcript.
    Call(Id, Spot, String),
    /// One that cannot be sent.
    Bad(Id, Spot, BadRecord),
    /// One that has its ticket already.
    Done,
    /// The input ends too early.
    Broken(Unreadable),
}

/// What all files together hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Survey {
    /// The number of records; none if not everything can be read twice.
    pub(super) total: Option<u64>,
}

/// Why nothing is begun.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsuited {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("{second} has the id of {first}; every record needs an id of its own")]
    DuplicateId { first: String, second: String },
}

/// The records that are read while the survey is known, and afterwards.
pub(super) struct Feed {
    pub(super) survey: oneshot::Receiver<Result<Survey, Unsuited>>,
    pub(super) items: mpsc::Receiver<Item>,
}

/// Begins to read: first everything that can be read twice, for its number and its ids, then everything.
pub(super) fn start(sources: Vec<Source>, mut book: Book) -> Feed {
    let (surveyed, survey) = oneshot::channel();
    let (sender, items) = mpsc::channel(AHEAD);
    // Not one of the runtime's, which would wait for a standard input that never ends.
    thread::spawn(move || {
        let result = self::survey(&sources, &mut book);
        let go_on = result.is_ok();
        if surveyed.send(result).is_ok() && go_on {
            read(&sources, &mut book, &sender);
        }
    });
    Feed { survey, items }
}

fn survey(sources: &[Source], book: &mut Book) -> Result<Survey, Unsuited> {
    let mut total = 0;
    let mut duplicate = None;
    let mut all = true;
    for (file, source) in (0..).zip(sources) {
        if !source.is_file()? {
            all = false;
            continue;
        }
        source.each(|number, record| {
            total += 1;
            let id = record.and_then(Record::parse).ok().and_then(|record| record.id);
            let id = id.unwrap_or_else(|| source.default_id(number));
            let claimed = book.claim(&id, Spot { file, number });
            duplicate = claimed.err().map(|first| (first, source.shown(number)));
            duplicate.is_none()
        })?;
        if let Some((first, second)) = duplicate {
            return Err(Unsuited::DuplicateId { first: shown(sources, first), second });
        }
    }
    Ok(Survey { total: all.then_some(total) })
}

fn read(sources: &[Source], book: &mut Book, sender: &mpsc::Sender<Item>) {
    for (file, source) in (0..).zip(sources) {
        let read = source.each(|number, record| {
            let spot = Spot { file, number };
            let item = item(record.and_then(Record::parse), source, spot, sources, book);
            sender.blocking_send(item).is_ok()
        });
        match read {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                // Nobody listens any more if this fails.
                let _ = sender.blocking_send(Item::Broken(error));
                return;
            }
        }
    }
}

fn item(
    record: Result<Record, BadRecord>,
    source: &Source,
    spot: Spot,
    sources: &[Source],
    book: &mut Book,
) -> Item {
    let default = || source.default_id(spot.number);
    let Record { id, call } = match record {
        Ok(record) => record,
        Err(bad) => return Item::Bad(default(), spot, bad),
    };
    let id = id.unwrap_or_else(default);
    match book.claim(&id, spot) {
        Err(first) => {
            let first = shown(sources, first);
            Item::Bad(default(), spot, BadRecord::DuplicateId { first })
        }
        Ok(()) if book.is_done(&id) => Item::Done,
        Ok(()) => Item::Call(id, spot, call),
    }
}

/// Where a record stands, for people.
pub(super) fn shown(sources: &[Source], spot: Spot) -> String {
    sources[spot.file as usize].shown(spot.number)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// What comes of these files, in short.
    fn told(files: &[(&str, &str)], done: &[&str]) -> Result<(Option<u64>, Vec<String>), String> {
        let folder = tempfile::tempdir().unwrap();
        let place = format!("{}/", folder.path().display());
        let sources = files.iter().map(|(name, text)| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            Source::new(&path)
        });
        let mut book = Book::default();
        for id in done {
            book.finish(&Id::Text((*id).replace("./", &place)));
        }
        let Feed { survey, mut items } = start(sources.collect(), book);
        let survey = survey.blocking_recv().unwrap();
        let survey = survey.map_err(|error| error.to_string().replace(&place, ""))?;
        let mut told = Vec::new();
        while let Some(item) = items.blocking_recv() {
            let name = |id: Id| serde_json::to_string(&id).unwrap();
            let item = match item {
                Item::Call(id, spot, _) => format!("{} {}", name(id), spot.number),
                Item::Bad(id, _, bad) => format!("{} {}", name(id), bad.code()),
                Item::Done => "done".to_owned(),
                Item::Broken(error) => error.to_string(),
            };
            told.push(item.replace(&place, ""));
        }
        Ok((survey.total, told))
    }

    #[test]
    fn records_come_in_order_with_their_ids() {
        let lines = "{\"s\":[]}\n\nx\n{\"id\":7,\"call\":{}}\n{\"id\":\"a\",\"call\":{}}";
        let array = r#"[{"s":[]}, {"id":8,"call":{}}, 5]"#;
        let files = [("a.jsonl", lines), ("b.json", array)];
        let (total, items) = told(&files, &["a", "./b.json:1"]).unwrap();
        let expected = [
            "\"a.jsonl:1\" 1",
            "\"a.jsonl:3\" not_json",
            "7 4",
            "done",
            "done",
            "8 2",
            "\"b.json:3\" not_an_object",
        ];
        assert_eq!((total, items), (Some(7), expected.map(str::to_owned).to_vec()));
    }

    #[test]
    fn an_id_that_stands_twice_is_told_with_both_places() {
        let twice = r#"{"id":7,"call":{}}"#;
        let files = [("a.jsonl", twice), ("b.json", twice)];
        let error = told(&files, &[]).unwrap_err();
        assert_eq!(error, "b.json:1 has the id of a.jsonl:1; every record needs an id of its own");
        let error = told(&[("a.jsonl", "{}"), ("a.jsonl", "{}")], &[]).unwrap_err();
        assert!(error.starts_with("a.jsonl:1 has the id of a.jsonl:1"), "{error}");
    }

    #[test]
    fn a_duplicate_that_shows_late_is_a_bad_record() {
        let sources = [Source::new(Path::new("-"))];
        let mut book = Book::default();
        let mut of = |number| {
            let record = Record { id: Some(Id::Number(7.into())), call: String::new() };
            item(Ok(record), &sources[0], Spot { file: 0, number }, &sources, &mut book)
        };
        assert!(matches!(of(1), Item::Call(..)));
        let Item::Bad(id, _, bad) = of(4) else { panic!("it stands twice") };
        assert_eq!(id, Id::Text("-:4".to_owned()));
        assert_eq!(bad, BadRecord::DuplicateId { first: "-:1".to_owned() });
    }

    #[test]
    fn a_file_that_is_not_there_is_told_before_anything_begins() {
        let sources = ["-", "/no/such.jsonl"].map(|name| Source::new(Path::new(name)));
        let feed = start(sources.to_vec(), Book::default());
        let error = feed.survey.blocking_recv().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "/no/such.jsonl cannot be read");
    }
}

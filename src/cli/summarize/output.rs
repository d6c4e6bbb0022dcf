//! The file with the tickets: locked, appended to line by line, and cleaned before a run goes on.
//!
//! One rule: a ticket that is in the file stays in it, whatever happens and whenever.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, fchown},
    path::{Path, PathBuf},
};

use super::{
    book::Book,
    input::{Line, Lines},
    line::{self, Told},
};

/// The longest line that can be one of ours.
const MOST_LINE_BYTES: usize = 64 * 1024 * 1024;

/// A new file is its owner's only: tickets name people.
const MODE: u32 = 0o600;

/// Why nothing can be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("{} cannot be written", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is no regular file; without -o the tickets go to standard output", .0.display())]
    NoFile(PathBuf),
    #[error("{} is written by another ticketd; wait for its end, or name another file", .0.display())]
    Locked(PathBuf),
    #[error("{} is read as well; name another file with -o", .0.display())]
    IsInput(PathBuf),
    #[error(
        "{}:{line} is no line of tickets; the file is left as it is: name another one with -o",
        .path.display()
    )]
    Foreign { path: PathBuf, line: u64 },
}

/// Where the lines go.
#[derive(Debug)]
pub(super) enum Output {
    Stdout,
    File {
        file: File,
        /// The length up to which all lines are whole.
        sound: u64,
    },
}

impl Output {
    /// Opens a file, takes its lock, and notes the tickets in it. Lines with errors and a torn last
    /// line are dropped.
    pub(super) fn open(path: &Path, inputs: &[&Path], book: &mut Book) -> Result<Self, Unusable> {
        // A link stays one.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let failed = |source| Unusable::Io { path: path.clone(), source };
        let mut file = lock(&path)?;
        let identity = |file: fs::Metadata| (file.dev(), file.ino());
        let own = identity(file.metadata().map_err(failed)?);
        let is_own = |input: &&Path| input.metadata().is_ok_and(|input| identity(input) == own);
        if inputs.iter().any(is_own) {
            return Err(Unusable::IsInput(path));
        }
        let found = survey(&file, book).map_err(failed)?;
        if let Some(line) = found.foreign {
            return Err(Unusable::Foreign { path, line });
        }
        if !found.dropped.is_empty() {
            file = replace(&path, &file, &found.dropped).map_err(failed)?;
        }
        if found.is_open {
            file.write_all(b"\n").map_err(failed)?;
        }
        let sound = file.metadata().map_err(failed)?.len();
        Ok(Self::File { file, sound })
    }

    /// Appends one line; if that fails, what was there stays as it was.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(line)?;
                out.flush()
            }
            Self::File { file, sound } => {
                if let Err(error) = file.write_all(line) {
                    // If this fails too, the next run drops the torn line.
                    let _ = file.set_len(*sound);
                    return Err(error);
                }
                *sound += line.len() as u64;
                Ok(())
            }
        }
    }

    /// Makes sure that all lines are on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        match self {
            Self::Stdout => Ok(()),
            Self::File { file, .. } => file.sync_all(),
        }
    }
}

/// Opens a file and takes its lock, as the file that has this name now.
fn lock(path: &Path) -> Result<File, Unusable> {
    let failed = |source| Unusable::Io { path: path.to_owned(), source };
    loop {
        let mut options = OpenOptions::new();
        let options = options.read(true).append(true).create(true).mode(MODE);
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(Unusable::NoFile(path.to_owned()));
        }
        let file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Unusable::Locked(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Another ticketd may have put a new file in its place before it let go of the lock.
        let named = path.metadata().map(|named| named.ino()).ok();
        if named == Some(file.metadata().map_err(failed)?.ino()) {
            return Ok(file);
        }
    }
}

/// What there is in a file.
#[derive(Debug, Default)]
struct Found {
    /// The bytes that go, from and to.
    dropped: Vec<(u64, u64)>,
    /// Whether the last line, which stays, has no end.
    is_open: bool,
    /// The first line that is none of ours.
    foreign: Option<u64>,
}

fn survey(file: &File, book: &mut Book) -> io::Result<Found> {
    let mut found = Found::default();
    let mut lines = Lines::new(BufReader::with_capacity(1 << 18, file), MOST_LINE_BYTES);
    while let Some(Line { number, bytes, span }) = lines.next()? {
        let line = bytes.unwrap_or_default();
        let ended = line.ends_with(b"\n");
        let stays = match line::read(line) {
            Some(Told::Ticket(id)) => book.finish(&id),
            Some(Told::Error) => false,
            None if !ended && line::may_be_torn(line) => false,
            None => {
                found.foreign = Some(number);
                return Ok(found);
            }
        };
        if stays {
            found.is_open = !ended;
        } else {
            found.dropped.push(span);
        }
    }
    Ok(found)
}

/// Puts a file without the dropped bytes in the place of one, at once and with its lock held.
fn replace(path: &Path, old: &File, dropped: &[(u64, u64)]) -> io::Result<File> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.ticketd"));
    // One that was left behind by a killed run: nobody else has it, because of the lock.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let new =
        OpenOptions::new().read(true).append(true).create_new(true).mode(MODE).open(&beside)?;
    let replaced = copy(old, &new, dropped).and_then(|()| {
        let like = old.metadata()?;
        // Only root may give a file away; others own it already.
        let _ = fchown(&new, Some(like.uid()), Some(like.gid()));
        new.set_permissions(like.permissions())?;
        new.lock()?;
        new.sync_all()?;
        fs::rename(&beside, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    });
    if replaced.is_err() {
        let _ = fs::remove_file(&beside);
    }
    replaced.map(|()| new)
}

fn copy(mut old: &File, new: &File, dropped: &[(u64, u64)]) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 18, new);
    let mut at = 0;
    let ends = dropped.iter().copied().chain([(old.metadata()?.len(), 0)]);
    for (from, to) in ends {
        old.seek(SeekFrom::Start(at))?;
        io::copy(&mut old.take(from.saturating_sub(at)), &mut out)?;
        at = to;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use proptest::prelude::*;

    use super::{super::record::Id, *};

    fn open(path: &Path) -> (Result<Output, Unusable>, Book) {
        let mut book = Book::default();
        (Output::open(path, &[], &mut book), book)
    }

    fn ticket(id: u32) -> String {
        format!("{{\"id\":{id},\"source\":{{}},\"ticket\":{{\"t\":\"一\"}}}}\n")
    }

    fn error(id: u32) -> String {
        format!("{{\"id\":{id},\"source\":{{}},\"error\":{{\"code\":\"x\"}}}}\n")
    }

    fn number(id: u32) -> Id {
        Id::Number(id.into())
    }

    #[test]
    fn what_is_torn_or_failed_goes_and_every_ticket_stays() {
        let torn = |id| ticket(id)[..20].to_owned();
        let table = [
            (String::new(), String::new()),
            (ticket(1) + &ticket(2), ticket(1) + &ticket(2)),
            (ticket(1) + &error(2) + &ticket(3) + &error(4), ticket(1) + &ticket(3)),
            (error(1), String::new()),
            (ticket(1) + &torn(2), ticket(1)),
            (error(1) + &ticket(2) + &torn(1), ticket(2)),
            (ticket(1) + ticket(2).trim_end(), ticket(1) + &ticket(2)),
            (error(3) + ticket(2).trim_end(), ticket(2)),
            (ticket(1) + &ticket(1), ticket(1)),
            (ticket(1) + "\0\0\0\0", ticket(1)),
        ];
        let folder = tempfile::tempdir().unwrap();
        for (before, after) in table {
            let path = folder.path().join("out.jsonl");
            fs::write(&path, &before).unwrap();
            fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
            let (output, book) = open(&path);
            let mut output = output.unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after, "{before}");
            for id in 1..=4 {
                assert_eq!(book.is_done(&number(id)), after.contains(&ticket(id)), "{before}");
            }
            output.write(ticket(9).as_bytes()).unwrap();
            output.sync().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after + &ticket(9));
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside");
        }
    }

    #[test]
    fn a_file_of_somebody_else_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        for text in ["{\"id\":7,\"call\":{}}", "{\"s\": []}\n", "notes", "\n", "\0\n"] {
            for begin in [String::new(), ticket(1), error(2)] {
                let text = begin.clone() + text;
                fs::write(&path, &text).unwrap();
                let expected = if begin.is_empty() { "notes:1 is" } else { "notes:2 is" };
                let error = open(&path).0.unwrap_err().to_string();
                assert!(error.contains(expected), "{error}");
                assert_eq!(fs::read_to_string(&path).unwrap(), text);
            }
        }
        let mut book = Book::default();
        let input = Output::open(&path, &[&path], &mut book).unwrap_err();
        assert!(matches!(input, Unusable::IsInput(_)));
        assert!(matches!(open(folder.path()).0, Err(Unusable::NoFile(_))));
        assert!(matches!(open(&folder.path().join("no/such")).0, Err(Unusable::Io { .. })));
    }

    #[test]
    fn one_at_a_time_writes_a_file_also_when_it_was_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        for before in [ticket(1), error(1)] {
            fs::write(&path, before).unwrap();
            let first = open(&link).0.unwrap();
            assert!(matches!(open(&path).0, Err(Unusable::Locked(_))));
            assert!(link.is_symlink() && !path.is_symlink());
            drop(first);
            open(&path).0.unwrap();
        }
    }

    #[test]
    fn a_new_file_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let output = open(&path).0.unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        drop(output);
    }

    proptest! {
        #[test]
        fn wherever_a_file_was_torn_its_whole_tickets_stay(
            lines in prop::collection::vec((0..8_u32, any::<bool>()), 0..12), at: prop::sample::Index
        ) {
            let line = |(id, failed): &(u32, bool)| if *failed { error(*id) } else { ticket(*id) };
            let text: String = lines.iter().map(line).collect();
            let torn = &text.as_bytes()[..at.index(text.len() + 1)];
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("out.jsonl");
            fs::write(&path, torn).expect("written");
            let (output, book) = open(&path);
            output.expect("a file of ours");
            let kept = fs::read_to_string(&path).expect("text");
            for id in 0..8 {
                let whole = ticket(id).trim_end().as_bytes().to_vec();
                let was = torn.windows(whole.len()).any(|part| part == whole);
                prop_assert_eq!(kept.matches(&ticket(id)).count(), usize::from(was));
                prop_assert_eq!(book.is_done(&number(id)), was);
            }
            prop_assert!(!kept.contains("error") && (kept.is_empty() || kept.ends_with('\n')));
        }
    }
}

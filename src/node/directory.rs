//! The model directory: is it there, can it be used, and who pulls into it?

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

/// The file whose lock the one ticketd and the one node hold that pull into a directory. Ollama itself
/// has no lock between processes, and two pulls at once destroy each other's parts.
const LOCK: &str = ".ticketd-pull.lock";

/// Makes sure that the directory exists, as Ollama would; the error is what to do.
pub(super) fn prepare(directory: &Path) -> Result<(), String> {
    let shown = directory.display();
    let failed = |error: &io::Error| {
        format!(
            "the models directory {shown} cannot be used ({error}): correct nodes.models_dir, or give \
             the user that ticketd runs as the right to it; a systemd unit shows no /home and writes only \
             where its ReadWritePaths= say (man ticketd.service)"
        )
    };
    if directory.exists() && !directory.is_dir() {
        return Err(failed(&io::ErrorKind::NotADirectory.into()));
    }
    fs::create_dir_all(directory).map_err(|error| failed(&error))?;
    fs::read_dir(directory).map_err(|error| failed(&error))?;
    // A directory with models serves read-only too; an empty one is of no use so.
    let manifests = directory.join("manifests");
    match fs::create_dir_all(&manifests) {
        Err(error) if !manifests.is_dir() => Err(failed(&error)),
        _ => Ok(()),
    }
}

/// The right to pull into a directory; held as long as this lives.
#[derive(Debug)]
pub(super) struct PullLock {
    _file: File,
}

impl PullLock {
    /// Takes the lock; none if somebody else has it.
    pub(super) fn take(directory: &Path) -> io::Result<Option<Self>> {
        let file = File::options().create(true).append(true).open(directory.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The bytes that are free for this user.
pub(super) fn free_bytes(directory: &Path) -> io::Result<u64> {
    let status = rustix::fs::statvfs(directory)?;
    Ok(status.f_bavail.saturating_mul(status.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_made_and_what_cannot_be_one_is_told_with_its_remedy() {
        let folder = tempfile::tempdir().expect("a folder");
        let models = folder.path().join("deep/models");
        prepare(&models).expect("it is made");
        assert!(models.is_dir());
        let file = folder.path().join("file");
        fs::write(&file, "").expect("written");
        let message = prepare(&file.join("models")).expect_err("under a file");
        assert!(message.contains("correct nodes.models_dir"), "{message}");
    }

    #[test]
    fn one_at_a_time_may_pull() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = PullLock::take(folder.path()).expect("writable");
        assert!(first.is_some());
        assert!(PullLock::take(folder.path()).expect("writable").is_none(), "it is taken");
        drop(first);
        assert!(PullLock::take(folder.path()).expect("writable").is_some(), "it is free again");
    }
}

//! Looks whether the files of own place names have changed, and takes over what they say.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval, timeout},
};
use tracing::warn;

use super::{LIMIT, Reloader, Taken};
use crate::{
    config::{self, BadPlace},
    place::{Corrector, Files},
};

/// How often the files are looked at; one that changes is read when two looks have found it the same.
const EVERY: Duration = Duration::from_secs(1);

/// The files as they are at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamps(Vec<(PathBuf, Option<Stamp>)>);

/// What tells a file from what it was: when it and its mode changed, and whether another took its place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamps {
    /// Looks at the files.
    fn of(files: &Files) -> Self {
        Self(files.all().into_iter().map(|file| (file.clone(), Stamp::of(&file))).collect())
    }
}

impl Stamp {
    fn of(file: &Path) -> Option<Self> {
        let seen = |of: Metadata| Self {
            inode: of.ino(),
            bytes: of.size(),
            modified: (of.mtime(), of.mtime_nsec()),
            changed: (of.ctime(), of.ctime_nsec()),
        };
        file.metadata().ok().map(seen)
    }
}

/// The corrector that settings ask for, and its files as they were before they were read.
pub(super) fn read(place: &config::Place) -> Result<(Stamps, Arc<Corrector>), BadPlace> {
    let stamps = Stamps::of(&place.files());
    Ok((stamps, Arc::new(place.corrector()?)))
}

/// Watches for ever. What it does is in the log.
pub(super) async fn watch(reloader: Reloader) {
    let mut looks = interval(EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut last, mut refused) = (None, None);
    loop {
        looks.tick().await;
        let (files, read) = reloader.places().await;
        let Some(now) = look(files).await else { continue };
        // A file that is being written is left alone until it is done.
        let settled = last.as_ref() == Some(&now);
        if settled && now != read && refused.as_ref() != Some(&now) {
            match reloader.reload_places().await {
                Taken::Over => refused = None,
                Taken::Refused => refused = Some(now.clone()),
                // It is tried again.
                Taken::Unread => {}
            }
        }
        last = Some(now);
    }
}

/// The files as they are; waits as long as a file system hangs, so that only one look hangs there.
async fn look(files: Files) -> Option<Stamps> {
    let mut look = pin!(spawn_blocking(move || Stamps::of(&files)));
    loop {
        match timeout(LIMIT, &mut look).await {
            Ok(stamps) => return stamps.ok(),
            Err(_) => {
                warn!("the files of place names cannot be looked at: their file system hangs")
            }
        }
    }
}

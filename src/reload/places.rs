//! Looks whether the files of own place names have changed, and takes over what they say.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{LIMIT, Reloader};

/// How often the files are looked at; one that changes is read when two looks have found it the same.
const EVERY: Duration = Duration::from_secs(1);

/// What tells a file from what it was: when and how it changed, and whether another took its place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    file: PathBuf,
    seen: Option<(u64, u64, i64, i64)>,
}

impl Stamp {
    fn of(file: &Path) -> Self {
        let seen = |of: Metadata| (of.ino(), of.size(), of.mtime(), of.mtime_nsec());
        Self { file: file.to_owned(), seen: file.metadata().ok().map(seen) }
    }
}

/// Watches for ever. What it does is in the log.
pub(super) async fn watch(reloader: Reloader) {
    let mut looks = interval(EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut taken = look(&reloader).await;
    let mut last = taken.clone();
    loop {
        looks.tick().await;
        let now = look(&reloader).await;
        // A file that is being written is left alone until it is done.
        if now.is_some() && now == last && now != taken {
            let files = |stamps: &Option<Vec<Stamp>>| -> Vec<PathBuf> {
                stamps.iter().flatten().map(|stamp| stamp.file.clone()).collect()
            };
            // Other files are those of another configuration, which has read them.
            if files(&now) == files(&taken) {
                reloader.reload_places().await;
            }
            taken.clone_from(&now);
        }
        last = now;
    }
}

/// The files as they are; none if they could not be looked at in time.
async fn look(reloader: &Reloader) -> Option<Vec<Stamp>> {
    let files = reloader.place_files().await;
    let stamps = spawn_blocking(move || files.iter().map(|file| Stamp::of(file)).collect());
    timeout(LIMIT, stamps).await.ok()?.ok()
}

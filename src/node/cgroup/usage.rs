//! What the kernel tells of a cgroup. A number that it does not tell is none.

use std::{fs, path::Path};

use serde::Serialize;
use utoipa::ToSchema;

/// What the processes of a node take together; the names are those of the admin API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = NodeResources)]
pub struct Usage {
    /// Memory of the host, with the files of which parts are cached for it, in bytes.
    #[schema(required = true, examples(734003200))]
    pub memory_bytes: Option<u64>,
    /// The most that it ever was, in bytes.
    #[schema(required = true, examples(912261120))]
    pub memory_peak_bytes: Option<u64>,
    /// The most that it may be, in bytes; null without a limit.
    #[schema(required = true, examples(12884901888u64))]
    pub memory_max_bytes: Option<u64>,
    /// The number of processes and threads.
    #[schema(required = true, examples(42))]
    pub tasks: Option<u64>,
    /// Time of all processors, in milliseconds.
    #[schema(required = true, examples(184250))]
    pub cpu_ms: Option<u64>,
}

impl Usage {
    pub(super) fn read(dir: &Path) -> Self {
        let number = |file: &str| read(dir, file)?.trim().parse().ok();
        let micros = read(dir, "cpu.stat").and_then(|stat| value(&stat, "usage_usec"));
        Self {
            memory_bytes: number("memory.current"),
            memory_peak_bytes: number("memory.peak"),
            // "max" means none.
            memory_max_bytes: number("memory.max"),
            tasks: number("pids.current").or_else(|| threads(dir)),
            cpu_ms: micros.map(|micros| micros / 1000),
        }
    }
}

/// The number of threads, where nobody counts them.
fn threads(dir: &Path) -> Option<u64> {
    u64::try_from(read(dir, "cgroup.threads")?.lines().count()).ok()
}

/// How often memory ran out in a cgroup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// How often its own limit could not be kept.
    pub limit_hits: u64,
    /// The processes that were killed, for this limit or another one.
    pub kills: u64,
}

impl Events {
    pub(super) fn read(dir: &Path) -> Self {
        let events = read(dir, "memory.events").unwrap_or_default();
        let count = |name| value(&events, name).unwrap_or(0);
        Self { limit_hits: count("oom"), kills: count("oom_kill") }
    }

    /// What came after `before`.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            limit_hits: self.limit_hits.saturating_sub(before.limit_hits),
            kills: self.kills.saturating_sub(before.kills),
        }
    }
}

fn read(dir: &Path, file: &str) -> Option<String> {
    fs::read_to_string(dir.join(file)).ok()
}

/// The number of a name in a file of `NAME NUMBER` lines.
pub(super) fn value(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(own, _)| *own == name)?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_does_not_tell_is_none() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(Usage::read(dir.path()), Usage::default());
        let put = |file: &str, text: &str| fs::write(dir.path().join(file), text).expect("written");
        put("memory.current", "4096\n");
        put("memory.max", "max\n");
        put("pids.current", "7\n");
        put("cpu.stat", "usage_usec 1500000\nuser_usec 1\n");
        let told = Usage {
            memory_bytes: Some(4096),
            tasks: Some(7),
            cpu_ms: Some(1500),
            ..Usage::default()
        };
        assert_eq!(Usage::read(dir.path()), told);
        put("memory.max", "8192\n");
        fs::remove_file(dir.path().join("pids.current")).expect("it is there");
        put("cgroup.threads", "11\n12\n");
        assert_eq!(Usage::read(dir.path()).tasks, Some(2));
        assert_eq!(Usage::read(dir.path()).memory_max_bytes, Some(8192));
    }

    #[test]
    fn events_are_counted_from_the_start_of_the_node() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("memory.events");
        fs::write(&file, "low 0\nmax 9\noom 1\noom_kill 2\noom_group_kill 1\n").expect("written");
        let before = Events::read(dir.path());
        assert_eq!(before, Events { limit_hits: 1, kills: 2 });
        fs::write(&file, "oom 1\noom_kill 5\n").expect("written");
        assert_eq!(Events::read(dir.path()).since(before), Events { limit_hits: 0, kills: 3 });
    }
}

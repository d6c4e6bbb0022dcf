//! Processes that an earlier ticketd started and left behind: found by their mark, and ended.
//!
//! One rule: only a process whose own ticketd is gone is an orphan, and only where that can be told,
//! so that two services on one host, and those in containers, leave each other alone.

use std::{collections::HashSet, ffi::OsStr, time::Duration};

use procfs::process::{Process, all_processes};
use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};
use tokio::{
    task::spawn_blocking,
    time::{interval, timeout},
};

use crate::journal::tell;

/// The variable that marks every child, and by inheritance its runners: `NODE@PID:START:NAMESPACE`,
/// with the process id of the ticketd that started it, that process's start time, and the namespace
/// in which the process id holds.
pub const MARK: &str = "TICKETD_NODE";

/// How long the search for orphans and their end may take.
const LIMIT: Duration = Duration::from_secs(5);

/// The mark of this process's children on a node; none where /proc does not tell enough.
pub(super) fn mark(node: impl std::fmt::Display) -> Option<String> {
    let pid = getpid().as_raw_nonzero().get();
    Some(format!("{node}@{pid}:{}:{}", start_time(pid)?, own_namespace()?))
}

/// Kills every orphan of this user, and what those start meanwhile, and waits until all are gone.
pub async fn end_all() {
    let gone = async {
        let mut polls = interval(Duration::from_millis(20));
        loop {
            polls.tick().await;
            // A search that cannot be made finds nothing.
            let found = spawn_blocking(kill_orphans).await.unwrap_or_default();
            if found == 0 {
                return;
            }
        }
    };
    if timeout(LIMIT, gone).await.is_err() {
        tell!(warn: Orphaned, "processes that an earlier ticketd left behind do not end");
    }
}

/// Sends SIGKILL to every orphan, and says how many there are.
fn kill_orphans() -> usize {
    let Some(own) = own_namespace() else { return 0 };
    let lineage = lineage();
    let Ok(processes) = all_processes() else { return 0 };
    let mut found = 0;
    for process in processes.flatten().filter(|process| !lineage.contains(&process.pid)) {
        // The handle comes first, so that what is looked at is what is killed.
        let Some(pid) = Pid::from_raw(process.pid) else { continue };
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
        let Some(node) = orphan_of(&process, own) else { continue };
        if pidfd_send_signal(&handle, Signal::KILL).is_ok() {
            tell!(
                warn: Orphaned,
                ticketd.node = node,
                node.pid = process.pid,
                "left behind by an earlier ticketd: killed"
            );
            found += 1;
        }
    }
    found
}

/// The ticketd that a process belongs to, if it bears a mark and that ticketd lives.
pub(super) fn living_ticketd_of(pid: i32) -> Option<i32> {
    let (_, owner) = marked(&Process::new(pid).ok()?)?;
    (owner.is_here(own_namespace()?) && owner.lives()).then_some(owner.pid)
}

/// The node of a marked process whose ticketd is gone, if it is of the namespace `own`.
fn orphan_of(process: &Process, own: u64) -> Option<String> {
    let (node, owner) = marked(process)?;
    let orphaned = owner.is_here(own) && !owner.lives() && namespace(process) == Some(own);
    orphaned.then_some(node)
}

/// The node and the ticketd of a process's mark, if it has a whole one.
fn marked(process: &Process) -> Option<(String, Owner)> {
    // The environment of other users' processes cannot be read, and they are no business of ours.
    let environment = process.environ().ok()?;
    let (node, owner) = environment.get(OsStr::new(MARK))?.to_str()?.rsplit_once('@')?;
    Some((node.to_owned(), Owner::parse(owner)?))
}

/// The ticketd of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Owner {
    pid: i32,
    start: u64,
    namespace: u64,
}

impl Owner {
    /// Reads `PID:START:NAMESPACE`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let pid = parts.next()?.parse().ok()?;
        let start = parts.next()?.parse().ok()?;
        let namespace = parts.next()?.parse().ok()?;
        Some(Self { pid, start, namespace })
    }

    /// Whether its process id means something in the namespace `own`.
    fn is_here(self, own: u64) -> bool {
        self.namespace == own
    }

    /// Whether it runs, and no other process has its id.
    fn lives(self) -> bool {
        start_time(self.pid) == Some(self.start)
    }
}

/// This process and its ancestors, which may have inherited a mark.
fn lineage() -> HashSet<i32> {
    let mut lineage = HashSet::new();
    let mut next = Process::myself().ok();
    while let Some(process) = next {
        if !lineage.insert(process.pid) {
            break;
        }
        next = process.stat().ok().and_then(|stat| Process::new(stat.ppid).ok());
    }
    lineage
}

/// The namespace of this process.
fn own_namespace() -> Option<u64> {
    namespace(&Process::myself().ok()?)
}

/// The inode of the namespace in which a process's id holds.
fn namespace(process: &Process) -> Option<u64> {
    let namespaces = process.namespaces().ok()?;
    namespaces.0.get(OsStr::new("pid")).map(|namespace| namespace.identifier)
}

/// When a process started, in the kernel's ticks since boot; none if it is gone or a zombie.
fn start_time(pid: i32) -> Option<u64> {
    let stat = Process::new(pid).and_then(|process| process.stat()).ok()?;
    (stat.state != 'Z').then_some(stat.starttime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_gone_only_where_that_can_be_told() {
        let is_gone = |owner: &str, own| {
            Owner::parse(owner).is_some_and(|owner| owner.is_here(own) && !owner.lives())
        };
        let mark = mark("11434").expect("/proc tells enough");
        let (node, owner) = mark.rsplit_once('@').expect("a mark");
        assert_eq!(node, "11434");
        let parts: Vec<&str> = owner.split(':').collect();
        let [pid, start, own] = parts[..] else { panic!("{owner}") };
        let own: u64 = own.parse().expect("a number");
        assert!(!is_gone(owner, own), "this process lives");
        assert!(is_gone(&format!("{pid}:1:{own}"), own), "another process has its id");
        assert!(!is_gone(&format!("{pid}:1:{own}"), own + 1), "another namespace");
        for unclear in [format!("{pid}:{start}"), format!("{pid}::{own}"), "x".to_owned()] {
            assert!(!is_gone(&unclear, own), "{unclear}");
        }
    }

    #[test]
    fn this_process_and_its_ancestors_are_never_orphans() {
        let lineage = lineage();
        assert!(lineage.contains(&getpid().as_raw_nonzero().get()));
        assert!(lineage.len() > 1, "{lineage:?}");
    }
}

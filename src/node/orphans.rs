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
use tracing::warn;

/// The variable that marks every child, and by inheritance its runners: `NODE@PID:START:NAMESPACE`,
/// with the process id of the ticketd that started it, that process's start time, and the namespace
/// in which the process id holds.
pub const MARK: &str = "TICKETD_NODE";

/// How long the search for orphans and their end may take.
const LIMIT: Duration = Duration::from_secs(5);

/// The mark of this process's children on a node; none where /proc does not tell enough.
pub(super) fn mark(node: impl std::fmt::Display) -> Option<String> {
    let pid = getpid().as_raw_nonzero().get();
    Some(format!("{node}@{pid}:{}:{}", start_time(pid)?, namespace(&Process::myself().ok()?)?))
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
        warn!("processes that an earlier ticketd left behind do not end");
    }
}

/// Sends SIGKILL to every orphan, and says how many there are.
fn kill_orphans() -> usize {
    let Some(own) = Process::myself().ok().and_then(|own| namespace(&own)) else { return 0 };
    let lineage = lineage();
    let Ok(processes) = all_processes() else { return 0 };
    let mut found = 0;
    for process in processes.flatten().filter(|process| !lineage.contains(&process.pid)) {
        // The handle comes first, so that what is looked at is what is killed.
        let Some(pid) = Pid::from_raw(process.pid) else { continue };
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
        let Some(node) = orphan_of(&process, own) else { continue };
        if pidfd_send_signal(&handle, Signal::KILL).is_ok() {
            warn!(
                node.id = node,
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
    let own = Process::myself().ok().and_then(|own| namespace(&own))?;
    let environment = Process::new(pid).and_then(|process| process.environ()).ok()?;
    let (_, owner) = environment.get(OsStr::new(MARK))?.to_str()?.rsplit_once('@')?;
    let ticketd = owner.split(':').next()?.parse().ok()?;
    let here = owner.ends_with(&format!(":{own}"));
    let lives = here && !is_gone(owner, own) && start_time(ticketd).is_some();
    lives.then_some(ticketd)
}

/// The node of a marked process whose ticketd is gone, if it is of the namespace `own`.
fn orphan_of(process: &Process, own: u64) -> Option<String> {
    // The environment of other users' processes cannot be read, and they are no business of ours.
    let environment = process.environ().ok()?;
    let mark = environment.get(OsStr::new(MARK))?.to_str()?;
    let (node, owner) = mark.rsplit_once('@')?;
    (is_gone(owner, own) && namespace(process) == Some(own)).then(|| node.to_owned())
}

/// Whether the ticketd of a mark, `PID:START:NAMESPACE`, was in the namespace `own` and is gone.
fn is_gone(owner: &str, own: u64) -> bool {
    let mut parts = owner.split(':');
    let pid = parts.next().and_then(|part| part.parse::<i32>().ok());
    let start = parts.next().and_then(|part| part.parse::<u64>().ok());
    let namespace = parts.next().and_then(|part| part.parse::<u64>().ok());
    match (pid, start, namespace) {
        (Some(pid), Some(start), Some(namespace)) => {
            namespace == own && start_time(pid) != Some(start)
        }
        _ => false,
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

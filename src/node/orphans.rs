//! Processes that an earlier ticketd started and left behind: found by their mark, and ended.
//!
//! One rule: only a process whose own ticketd is gone is an orphan, so that two services on one
//! host leave each other alone.

use std::{ffi::OsStr, time::Duration};

use procfs::process::{Process, all_processes};
use rustix::process::{Pid, Signal, getpid, kill_process};
use tracing::warn;

/// The variable that marks every child, and by inheritance its runners: `NODE@PID:START`, with the
/// process id of the ticketd that started it and that process's start time.
pub const MARK: &str = "TICKETD_NODE";

/// How long killed processes may take to go.
const LIMIT: Duration = Duration::from_secs(5);

/// The mark of this process's children on a node.
pub(super) fn mark(node: impl std::fmt::Display) -> String {
    let pid = getpid().as_raw_nonzero().get();
    format!("{node}@{pid}:{}", start_time(pid).unwrap_or_default())
}

/// Kills every orphan of this user and waits until it is gone. Gives how many there were.
pub async fn end_all() -> usize {
    let orphans = find();
    for (pid, node) in &orphans {
        let pid_text = pid.as_raw_nonzero().get();
        warn!(node.id = node, node.pid = pid_text, "left behind by an earlier ticketd: killed");
        // It may have ended by itself meanwhile.
        let _ = kill_process(*pid, Signal::KILL);
    }
    let gone = async {
        let mut polls = tokio::time::interval(Duration::from_millis(10));
        while orphans.iter().any(|(pid, _)| is_running(*pid)) {
            polls.tick().await;
        }
    };
    if tokio::time::timeout(LIMIT, gone).await.is_err() {
        warn!("a process that an earlier ticketd left behind does not end");
    }
    orphans.len()
}

/// Every process with a mark whose ticketd is gone, with its node's name.
fn find() -> Vec<(Pid, String)> {
    let Ok(processes) = all_processes() else { return Vec::new() };
    let orphan = |process: Process| {
        // The environment of other users' processes cannot be read, and they are no business of ours.
        let environment = process.environ().ok()?;
        let mark = environment.get(OsStr::new(MARK))?.to_str()?;
        let (node, owner) = mark.rsplit_once('@')?;
        (!owner_lives(owner)).then_some((Pid::from_raw(process.pid)?, node.to_owned()))
    };
    processes.filter_map(|process| orphan(process.ok()?)).collect()
}

/// Whether the ticketd of a mark, `PID:START`, still runs.
fn owner_lives(owner: &str) -> bool {
    let Some((pid, start)) = owner.split_once(':') else { return false };
    let (pid, start) = (pid.parse(), start.parse().ok());
    start.is_some() && pid.is_ok_and(|pid| start_time(pid) == start)
}

/// When a process started, in the kernel's ticks since boot; none if it is gone or a zombie.
fn start_time(pid: i32) -> Option<u64> {
    let stat = Process::new(pid).and_then(|process| process.stat()).ok()?;
    (stat.state != 'Z').then_some(stat.starttime)
}

fn is_running(pid: Pid) -> bool {
    start_time(pid.as_raw_nonzero().get()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_lives_as_long_as_the_process_with_its_id_is_the_same() {
        let mark = mark("11434");
        let (node, owner) = mark.rsplit_once('@').expect("a mark");
        assert_eq!(node, "11434");
        assert!(owner_lives(owner), "this process lives");
        let (pid, _) = owner.split_once(':').expect("a process id");
        for gone in [format!("{pid}:1"), format!("{pid}:"), "x".to_owned(), "0:0".to_owned()] {
            assert!(!owner_lives(&gone), "{gone}");
        }
    }
}

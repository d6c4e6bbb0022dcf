//! Processes that an earlier ticketd started and left behind: found by their mark, and ended.
//!
//! One rule: only a process whose own ticketd is gone is an orphan, so that two services on one
//! host leave each other alone.

use std::{fs, path::Path, time::Duration};

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
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter_map(|id: i32| {
        // The environment of other users' processes cannot be read, and they are no business of ours.
        let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
        let (node, owner) = parse(&environment)?;
        (!owner_lives(&owner)).then_some((Pid::from_raw(id)?, node))
    })
    .collect()
}

/// The node and the owner (`PID:START`) that an environment's mark names.
fn parse(environment: &[u8]) -> Option<(String, String)> {
    let variables = environment.split(|byte| *byte == 0);
    let text = variables.filter_map(|variable| std::str::from_utf8(variable).ok());
    let mark = text.into_iter().find_map(|text| text.strip_prefix(MARK)?.strip_prefix('='))?;
    let (node, owner) = mark.rsplit_once('@')?;
    Some((node.to_owned(), owner.to_owned()))
}

fn owner_lives(owner: &str) -> bool {
    let Some((pid, start)) = owner.split_once(':') else { return false };
    pid.parse().is_ok_and(|pid| start_time(pid).as_deref() == Some(start))
}

/// When a process started, in the kernel's ticks since boot; none if it is gone or a zombie.
fn start_time(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    // The program's name, in parentheses, may hold anything; 22 fields in, 20 behind the name.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    fields.nth(18).filter(|_| state != "Z").map(str::to_owned)
}

fn is_running(pid: Pid) -> bool {
    start_time(pid.as_raw_nonzero().get()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_its_node_and_its_living_owner() {
        let mark = mark("11434");
        let environment = format!("PATH=/bin\0{MARK}={mark}\0HOME=/\0");
        let (node, owner) = parse(environment.as_bytes()).expect("a mark");
        assert_eq!(node, "11434");
        assert!(owner_lives(&owner), "this process lives");
        let (pid, _) = owner.split_once(':').expect("a process id");
        assert!(!owner_lives(&format!("{pid}:1")), "another process under the same id");
        assert!(!owner_lives("x"));
        assert_eq!(parse(b"PATH=/bin\0TICKETD_NODES__SLOTS=1\0"), None);
    }
}

//! A node's process and its group: started together, ended together.
//!
//! One rule: whoever drops the [`Group`] has ended every process in it, and with a cgroup those too that
//! have left it. Runners of a dead node hold
//! GPU memory for ever, so killing the leader alone is never enough.

use std::{
    fs, io,
    process::{ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout};

use super::{cgroup::Cgroup, command::Command, exec, orphans};
use crate::journal;

/// The least `oom_score_adj` of a node, of -1000 to 1000.
const NODE_OOM_SCORE: i32 = 300;

/// A process group of ours; killed when this is dropped.
#[derive(Debug)]
pub(super) struct Group {
    leader: Pid,
    cgroup: Option<Cgroup>,
}

impl Group {
    /// The process id of the leader, which is the group's id too.
    pub(super) fn id(&self) -> i32 {
        self.leader.as_raw_nonzero().get()
    }

    /// Where its processes are, if they have a cgroup of their own.
    pub(super) fn cgroup(&self) -> Option<&Cgroup> {
        self.cgroup.as_ref()
    }

    /// Sends a signal to every process of the group.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(cgroup) = self.cgroup.as_ref().filter(|_| signal == Signal::KILL) {
            cgroup.kill();
        }
        // The one error that can come says that nobody is left, which is fine.
        let _ = kill_process_group(self.leader, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// A started process.
pub(super) struct Started {
    /// The guard of its group.
    pub(super) group: Group,
    /// The leader, to be waited for.
    pub(super) child: Child,
    /// Its standard output and error, to be drained: an unread pipe freezes Ollama. None if it writes to
    /// the journal.
    pub(super) pipes: Option<(ChildStdout, ChildStderr)>,
}

/// Starts a process as the leader of a group of its own, with a mark if there is one, and in a cgroup if
/// there is one. It writes to the stream, or to pipes.
pub(super) fn start(
    command: &Command,
    mark: Option<String>,
    cgroup: Option<Cgroup>,
    stream: Option<&journal::Stream>,
) -> io::Result<Started> {
    let output = || stream.map_or_else(|| Ok(Stdio::piped()), journal::Stream::to_stdio);
    let mut process = match &cgroup {
        Some(cgroup) => exec::inside(cgroup.dir(), command),
        None => tokio::process::Command::new(&command.program),
    };
    if cgroup.is_none() {
        process.args(&command.args);
    }
    let mut child = process
        .env_clear()
        .envs(&command.env)
        .envs(mark.map(|mark| (orphans::MARK, mark)))
        .stdin(Stdio::null())
        .stdout(output()?)
        .stderr(output()?)
        .process_group(0)
        .spawn()?;
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let leader = id.ok_or_else(|| io::Error::other("the process has no id"))?;
    let group = Group { leader, cgroup };
    offer_to_oom_killer(leader);
    let pipes = child.stdout.take().zip(child.stderr.take());
    Ok(Started { group, child, pipes })
}

/// Makes the kernel, when memory runs out, rather kill a node than ticketd.
fn offer_to_oom_killer(node: Pid) {
    let read = |file: &str| fs::read_to_string(file).ok()?.trim().parse::<i32>().ok();
    let score = read("/proc/self/oom_score_adj").unwrap_or_default().max(NODE_OOM_SCORE);
    // A process that has ended already has none.
    let _ = fs::write(format!("/proc/{}/oom_score_adj", node.as_raw_nonzero()), score.to_string());
}

/// How a process ended, in words.
pub(super) fn ending(status: io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => format!("unknown: {error}"),
    }
}

/// What to do about a program that could not be started, and whether only an operator can.
pub(super) fn remedy(error: io::ErrorKind) -> (&'static str, bool) {
    if error == io::ErrorKind::NotFound {
        ("the program was not found: install it, or set nodes.program to its full path", true)
    } else if error == io::ErrorKind::PermissionDenied {
        ("the program may not be executed: check its permissions, or correct nodes.program", true)
    } else {
        ("the program could not be started: tried again later; check nodes.program", false)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::PathBuf, time::Duration};

    use rustix::process::test_kill_process;
    use tokio::{
        io::{AsyncBufReadExt, BufReader},
        time::timeout,
    };

    use super::*;

    /// A leader that starts a process of its own, says its id, and waits.
    async fn family() -> (Started, Pid) {
        let script = "sleep 1000 & echo $!; wait";
        let args = vec!["-c".to_owned(), script.to_owned()];
        let path = std::env::var_os("PATH").expect("a PATH");
        let env = BTreeMap::from([("PATH".into(), path)]);
        let command = Command { program: PathBuf::from("sh"), args, env };
        let mut started = start(&command, None, None, None).expect("sh starts");
        let mut line = String::new();
        let mut reader = BufReader::new(&mut started.pipes.as_mut().expect("pipes").0);
        reader.read_line(&mut line).await.expect("a line");
        let child = line.trim().parse().ok().and_then(Pid::from_raw).expect("a process id");
        assert!(test_kill_process(child).is_ok(), "it lives");
        (started, child)
    }

    /// Waits until a process is gone, or is only waiting for whoever adopted it to take note.
    async fn gone(pid: Pid) {
        let stat = format!("/proc/{}/stat", pid.as_raw_nonzero());
        let is_gone = || std::fs::read_to_string(&stat).map_or(true, |text| text.contains(") Z "));
        let wait = async {
            let mut polls = tokio::time::interval(Duration::from_millis(5));
            while !is_gone() {
                polls.tick().await;
            }
        };
        timeout(Duration::from_secs(20), wait).await.expect("it ends");
    }

    #[actix::test]
    async fn dropping_the_group_ends_every_process_in_it() {
        let (Started { group, mut child, .. }, grandchild) = family().await;
        drop(group);
        child.wait().await.expect("the leader ended");
        gone(grandchild).await;
    }

    #[actix::test]
    async fn what_outlives_a_killed_leader_ends_with_the_group() {
        let (Started { group, mut child, .. }, grandchild) = family().await;
        child.kill().await.expect("the leader can be killed");
        assert!(test_kill_process(grandchild).is_ok(), "the grandchild outlives it");
        drop(group);
        gone(grandchild).await;
    }
}

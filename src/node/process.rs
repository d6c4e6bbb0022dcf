//! A node's process and its group: started together, ended together.
//!
//! One rule: whoever drops the [`Group`] has ended every process in it. Runners of a dead node hold
//! GPU memory for ever, so killing the leader alone is never enough.

use std::{
    io,
    process::{ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout};

use super::command::Command;

/// A process group of ours; killed when this is dropped.
#[derive(Debug)]
pub(super) struct Group {
    leader: Pid,
}

impl Group {
    /// The process id of the leader, which is the group's id too.
    pub(super) fn id(&self) -> i32 {
        self.leader.as_raw_nonzero().get()
    }

    /// Sends a signal to every process of the group.
    pub(super) fn signal(&self, signal: Signal) {
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
    /// Its standard output, to be drained: an unread pipe freezes Ollama.
    pub(super) stdout: ChildStdout,
    /// Its standard error, likewise.
    pub(super) stderr: ChildStderr,
}

/// Starts a process as the leader of a group of its own.
pub(super) fn start(command: &Command) -> io::Result<Started> {
    let mut child = tokio::process::Command::new(&command.program)
        .args(&command.args)
        .env_clear()
        .envs(&command.env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let leader = id.ok_or_else(|| io::Error::other("the process has no id"))?;
    let group = Group { leader };
    match (child.stdout.take(), child.stderr.take()) {
        (Some(stdout), Some(stderr)) => Ok(Started { group, child, stdout, stderr }),
        _ => Err(io::Error::other("the process has no pipes")),
    }
}

/// How a process ended, in words.
pub(super) fn ending(status: io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => format!("unknown: {error}"),
    }
}

/// Why a program could not be started, and what to do about it.
pub(super) fn remedy(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::NotFound {
        "the program was not found: install it, or set nodes.program to its full path"
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        "the program may not be executed: check its permissions, or correct nodes.program"
    } else {
        "the program could not be started: check nodes.program"
    }
}

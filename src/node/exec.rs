//! Starting a node inside its cgroup: ticketd runs itself as `ticketd exec-node`, which enters the
//! cgroup and becomes the node's program. Nothing of the node ever runs outside.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{ExitCode, ExitStatus},
};

use tokio::process;

use super::{cgroup, command::Command};

/// The verb of the command line.
pub const VERB: &str = "exec-node";

/// This very program, also after another one was installed in its place.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// What a process ends with that could not become its program; neither shells nor systemd use these.
const NOT_FOUND: u8 = 246;
const NOT_EXECUTABLE: u8 = 247;

/// Enters a cgroup and becomes a program. Returns only if that fails.
pub fn enter(cgroup: &Path, program: &OsStr, args: &[OsString]) -> ExitCode {
    if let Err(error) = cgroup::write(&cgroup.join("cgroup.procs"), "0") {
        let cgroup = cgroup.display();
        eprintln!(
            "ticketd: the cgroup {cgroup} cannot be entered, so this node is without it: {error}"
        );
    }
    let error = process::Command::new(program).args(args).as_std_mut().exec();
    eprintln!("ticketd: {} cannot be run: {error}", program.display());
    ExitCode::from(if error.kind() == io::ErrorKind::NotFound {
        NOT_FOUND
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        NOT_EXECUTABLE
    } else {
        1
    })
}

/// A process that does so.
pub(super) fn inside(cgroup: &Path, command: &Command) -> process::Command {
    let mut process = process::Command::new(OWN_PROGRAM);
    process.arg0("ticketd").arg(VERB).arg("--cgroup").arg(cgroup);
    process.arg("--").arg(&command.program).args(&command.args);
    process
}

/// Why such a process did not become its program, if that is how it ended.
pub(super) fn failure(status: &io::Result<ExitStatus>) -> Option<io::ErrorKind> {
    let code = status.as_ref().ok()?.code()?;
    if code == i32::from(NOT_FOUND) {
        Some(io::ErrorKind::NotFound)
    } else {
        (code == i32::from(NOT_EXECUTABLE)).then_some(io::ErrorKind::PermissionDenied)
    }
}

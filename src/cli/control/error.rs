//! Why a call over the control socket got no answer, and what to do about it.

use std::{
    io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    cli::plain::plain,
    config::{Invalid, duration},
};

/// A call without the answer that was wanted.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Unanswered {
    /// The file that was named, and would name the socket, cannot be read.
    #[error("{0}\nthe control socket is looked up there; name it with --socket PATH instead")]
    Nowhere(Invalid),
    /// No connection came about.
    #[error("{0}")]
    Unreached(String),
    /// Nothing came in time.
    #[error(
        "no answer came within {}; ticketd may be overloaded: look at its log",
        duration::display(*.0)
    )]
    Silent(Duration),
    /// The connection ended early.
    #[error("the connection over {} broke ({cause}); look whether ticketd still runs", .socket.display())]
    Broken { socket: PathBuf, cause: String },
    /// What answers there speaks otherwise.
    #[error("{} does not answer as a ticketd of this version does", .socket.display())]
    Strange { socket: PathBuf },
    /// ticketd says no.
    #[error("{} ({}){}", in_english(.code).map_or_else(|| plain(.detail), str::to_owned), plain(.code), lines(.problems))]
    Refused { status: u16, detail: String, code: String, problems: Vec<String> },
}

impl Unanswered {
    /// Says why a socket cannot be reached, and the remedy.
    pub(super) fn unreached(socket: &Path, error: &io::Error) -> Self {
        let path = socket.display();
        let kind = error.kind();
        Self::Unreached(if kind == io::ErrorKind::NotFound {
            format!(
                "ticketd does not run here, or server.control_socket is not set: there is no \
                 {path}; start ticketd, set the key, or name the socket with --socket PATH"
            )
        } else if kind == io::ErrorKind::PermissionDenied {
            let group = group_of(socket).unwrap_or_else(|| "see `ls -l`".to_owned());
            format!(
                "permission denied on {path}: join the group of the socket ({group}) and log in \
                 anew, or use sudo"
            )
        } else if socket.metadata().is_ok_and(|found| !found.file_type().is_socket()) {
            format!("{path} is no socket; name the control socket with --socket PATH")
        } else if kind == io::ErrorKind::ConnectionRefused {
            format!(
                "nobody listens on {path}: ticketd is stopping, or was killed; look whether it still \
                 runs (`systemctl status ticketd`) before you start it again"
            )
        } else {
            format!("cannot connect to {path}: {error}")
        })
    }

    /// Whether ticketd knows no such node.
    pub(in crate::cli) fn is_no_such_node(&self) -> bool {
        matches!(self, Self::Refused { status: 404, code, .. } if code == "no_such_node")
    }
}

/// What a code means on the command line; the API's own sentences are for its callers.
fn in_english(code: &str) -> Option<&'static str> {
    let known = [
        ("no_such_node", "there is no such node; see `ticketd node list`"),
        ("node_exists", "there is a node on this port or at this URL already"),
        ("not_managed", "the node's process is run by somebody else; restart it where it runs"),
        ("bad_config", "the configuration is wrong, and the old one stays"),
        ("not_reloadable", "the demo has no configuration to reload"),
        (
            "not_reloaded",
            "the configuration was not taken over, and the old one stays; the log says why",
        ),
        ("shutting_down", "ticketd is stopping"),
        ("internal", "ticketd failed; its log says why"),
    ];
    known.into_iter().find(|(known, _)| *known == code).map(|(_, words)| words)
}

/// The faults of a configuration, each on a line of its own.
fn lines(problems: &[String]) -> String {
    problems.iter().map(|problem| format!("\n{}", plain(problem))).collect()
}

/// The name of the group that a file belongs to, else its number.
fn group_of(path: &Path) -> Option<String> {
    let gid = path.metadata().ok()?.gid().to_string();
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let name = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1) == Some(gid.as_str())).then(|| name.to_owned())
    });
    Some(name.unwrap_or(gid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_socket_names_it_and_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let table = [
            (io::ErrorKind::NotFound, "server.control_socket is not set"),
            (io::ErrorKind::PermissionDenied, "join the group of the socket ("),
            (io::ErrorKind::ConnectionRefused, "before you start it again"),
            (io::ErrorKind::InvalidInput, "cannot connect to"),
        ];
        for (kind, part) in table {
            let text = Unanswered::unreached(&socket, &kind.into()).to_string();
            assert!(text.contains(part), "{text}");
            assert!(text.contains(&socket.display().to_string()), "{text}");
        }
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let text = Unanswered::unreached(&file, &io::ErrorKind::ConnectionRefused.into());
        assert!(text.to_string().contains("is no socket"), "{text}");
        let gone =
            Unanswered::unreached(Path::new("/no/such"), &io::ErrorKind::PermissionDenied.into());
        assert!(gone.to_string().contains("(see `ls -l`)"), "{gone}");
    }

    #[test]
    fn only_a_missing_node_is_no_such_node() {
        let refused = |status, code: &str| Unanswered::Refused {
            status,
            detail: "没有".to_owned(),
            code: code.to_owned(),
            problems: Vec::new(),
        };
        assert!(refused(404, "no_such_node").is_no_such_node());
        assert!(!refused(404, "not_found").is_no_such_node());
        let text = refused(404, "no_such_node").to_string();
        assert_eq!(text, "there is no such node; see `ticketd node list` (no_such_node)");
        assert_eq!(refused(400, "bad_request").to_string(), "没有 (bad_request)");
    }
}

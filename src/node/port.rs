//! Who listens on a port, as far as the kernel tells.

use std::fmt;

use procfs::{
    net::TcpState,
    process::{FDTarget, all_processes},
};

/// The owner of a listening socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// The user that the socket belongs to.
    uid: u32,
    /// Its process and program; only root sees those of other users.
    process: Option<(i32, String)>,
    port: u16,
}

/// Looks up who listens on a port. Reads files of every process, so not for an actor's thread.
pub(super) fn owner(port: u16) -> Option<Owner> {
    let tables = [procfs::net::tcp(), procfs::net::tcp6()];
    let mut sockets = tables.into_iter().flatten().flatten();
    let socket = sockets
        .find(|socket| socket.state == TcpState::Listen && socket.local_address.port() == port)?;
    let process = all_processes().ok()?.flatten().find_map(|process| {
        let mut files = process.fd().ok()?.flatten();
        files
            .find(|file| matches!(file.target, FDTarget::Socket(inode) if inode == socket.inode))?;
        Some((process.pid, process.stat().map(|stat| stat.comm).unwrap_or_default()))
    });
    Some(Owner { uid: socket.uid, process, port })
}

impl Owner {
    /// The process, if it can be seen.
    pub(super) fn pid(&self) -> Option<i32> {
        self.process.as_ref().map(|(pid, _)| *pid)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self { uid, process, port } = self;
        match process {
            Some((pid, program)) => write!(formatter, "process {pid} ({program}) of user {uid}"),
            None => write!(
                formatter,
                "a process of user {uid}; `ss -ltnp 'sport = :{port}'` as root names it"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_owner_of_a_listening_port_is_this_process() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let port = listener.local_addr().expect("an address").port();
            let owner = owner(port).expect("it listens");
            let pid = rustix::process::getpid().as_raw_nonzero().get();
            assert_eq!(owner.process.as_ref().map(|(pid, _)| *pid), Some(pid), "{address}");
            assert!(owner.to_string().starts_with(&format!("process {pid} (")), "{owner}");
            drop(listener);
            assert_eq!(super::owner(port), None, "nobody listens there any more");
        }
    }

    #[test]
    fn without_a_process_the_remedy_is_named() {
        let owner = Owner { uid: 7, process: None, port: 11434 };
        assert!(owner.to_string().contains("user 7; `ss -ltnp 'sport = :11434'`"));
    }
}

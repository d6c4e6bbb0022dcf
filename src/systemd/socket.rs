//! The listening socket, which systemd keeps: over a restart, a crash and an upgrade callers wait in its
//! backlog, and none is refused.
//!
//! Needs `FileDescriptorStoreMax=`. Without it, or outside systemd, a socket is bound at each start.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use listenfd::ListenFd;
use rustix::net::{listen, sockopt::socket_acceptconn};
use sd_notify::NotifyState;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::Manager;

/// The name under which the socket is kept.
const NAME: &str = "http";

/// How many callers may wait to be accepted; the kernel takes its own limit if that is lower.
const BACKLOG: i32 = 4096;

/// How long a socket of the old address may take to go.
const GOING: Duration = Duration::from_secs(2);

/// The socket that listens on an address: the one that systemd has kept, or a new one, which it gets to keep.
/// One that was kept for another address is given up.
pub async fn open(address: SocketAddr, manager: &Manager) -> io::Result<TcpListener> {
    let (kept, outdated) = inherited(address);
    if outdated {
        manager.tell(&[NotifyState::FdStoreRemove, NotifyState::FdName(NAME)]);
    }
    let is_kept = kept.is_some();
    let socket = match kept {
        Some(socket) => socket,
        None => bind(address, outdated).await?,
    };
    // std takes a backlog of 128 only; a second call changes it.
    listen(&socket, BACKLOG)?;
    if is_kept {
        info!(%address, "the listening socket was kept: callers have waited there");
    }
    // Those of one name are given up together, so the right one is given back.
    if outdated || !is_kept {
        let own = socket.try_clone()?.into();
        manager.hand_over(&[NotifyState::FdStore, NotifyState::FdName(NAME)], Some(own));
    }
    Ok(socket)
}

/// The socket that was kept for this address, and whether one was kept for another.
fn inherited(address: SocketAddr) -> (Option<TcpListener>, bool) {
    let names: Vec<String> = match sd_notify::listen_fds_with_names() {
        Ok(all) => all.map(|(_, name)| name).collect(),
        Err(error) => {
            warn!(%error, "the sockets that systemd passed on cannot be used");
            return (None, false);
        }
    };
    if names.is_empty() {
        return (None, false);
    }
    let mut passed = ListenFd::from_env();
    let (mut kept, mut outdated) = (None, false);
    for (at, name) in names.iter().enumerate() {
        // What is no TCP socket is left to whom it is for.
        let Ok(Some(socket)) = passed.take_tcp_listener(at) else { continue };
        if kept.is_none() && listens_on(&socket, address) {
            kept = Some(socket);
        } else if name == NAME {
            outdated = true;
        }
    }
    (kept, outdated)
}

/// Whether a socket listens on an address; port 0 is any port.
fn listens_on(socket: &TcpListener, address: SocketAddr) -> bool {
    let listens = socket_acceptconn(socket).unwrap_or(false);
    let own = socket.local_addr().ok();
    let same = |own: SocketAddr| {
        own.ip() == address.ip() && (own.port() == address.port() || address.port() == 0)
    };
    listens && own.is_some_and(same)
}

/// Binds an address. One that a socket has which is just `going` is tried again for a moment.
async fn bind(address: SocketAddr, going: bool) -> io::Result<TcpListener> {
    let until = Instant::now() + GOING;
    loop {
        match TcpListener::bind(address) {
            Err(error)
                if going && error.kind() == ErrorKind::AddrInUse && Instant::now() < until =>
            {
                sleep(Duration::from_millis(10)).await;
            }
            bound => return bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_known_by_its_address_and_that_it_listens() {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let own = socket.local_addr().expect("it has an address");
        assert!(listens_on(&socket, own));
        assert!(listens_on(&socket, SocketAddr::from((own.ip(), 0))));
        assert!(!listens_on(&socket, SocketAddr::from((own.ip(), own.port() ^ 1))));
        assert!(!listens_on(&socket, SocketAddr::from(([127, 0, 0, 2], own.port()))));
    }
}

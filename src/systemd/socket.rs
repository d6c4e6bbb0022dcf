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

/// How long an address that somebody has is waited for under systemd: less than `TimeoutStartSec=`, and so
/// long that the starts that fail never reach `StartLimitBurst=`.
const TAKEN: Duration = Duration::from_secs(30);

/// The first and the longest pause between two tries of an address.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

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
        None if manager.is_there() => bind(address, TAKEN).await?,
        None => bind(address, if outdated { GOING } else { Duration::ZERO }).await?,
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

/// Binds an address. One that somebody has is tried again for so long.
async fn bind(address: SocketAddr, patience: Duration) -> io::Result<TcpListener> {
    let since = Instant::now();
    let (mut pause, longest) = PAUSES;
    loop {
        match TcpListener::bind(address) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && since.elapsed() < patience => {
                if pause < longest && pause * 2 >= longest {
                    let port = address.port();
                    warn!(%address, "somebody has the address: waiting for it; `ss -ltnp 'sport = :{port}'` as root names who");
                }
                sleep(pause).await;
                pause = longest.min(pause * 2);
            }
            bound => return bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_is_had_as_soon_as_it_is_free() {
        let other = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let address = other.local_addr().expect("it has an address");
        let taken = bind(address, Duration::ZERO).await.expect_err("it is taken");
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        let waiting = tokio::spawn(bind(address, TAKEN));
        tokio::task::yield_now().await;
        drop(other);
        waiting.await.expect("it ends").expect("the address");
    }

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

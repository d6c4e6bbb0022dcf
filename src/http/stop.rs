//! The stop: no connection is taken any more, and each that was taken is answered, so that one who comes
//! meanwhile waits for the next ticketd in the backlog of the socket that systemd keeps.
//!
//! actix-server accepts in a thread that is told to pause and does not say when it has; and it drops at a
//! stop what its workers have not taken up, and what has not sent its request. So there are four steps,
//! and each server takes them when its time comes.

use std::{
    fs, io,
    os::fd::AsFd,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use actix_web::dev::{Server, ServerHandle};
use rustix::fs::fstat;
use tokio::{
    select,
    sync::watch,
    task::{spawn_blocking, yield_now},
    time::{interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// How long the accepting thread may take to pause, and the workers to take up what it has accepted; they
/// take microseconds unless the machine is at its limit.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a connection may be without a request before it is closed at a stop.
const UNASKED: Duration = Duration::from_secs(1);

/// How often a worker goes round its tasks to be sure that it has taken up what waits for it; it takes up
/// some hundred connections each time.
const ROUNDS: usize = 64;

/// How many there are of something. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Count(Arc<watch::Sender<usize>>);

impl Default for Count {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Count {
    pub(super) fn one_more(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    pub(super) fn one_less(&self) {
        self.0.send_modify(|count| *count -= 1);
    }

    async fn none(&self) {
        // The sender is here, so it does not fail.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// By this the workers say that they have taken up what was accepted.
#[derive(Clone, Debug, Default)]
pub(super) struct Taking {
    asked: CancellationToken,
    /// The workers that have not said so.
    workers: Count,
}

/// A worker that has not said so; it does by dropping this.
struct Worker(Count);

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.one_less();
    }
}

impl Taking {
    /// What each worker is to run.
    pub(super) fn worker(&self) -> impl Future<Output = ()> + use<> {
        self.workers.one_more();
        let (worker, asked) = (Worker(self.workers.clone()), self.asked.clone());
        async move {
            asked.cancelled().await;
            for _ in 0..ROUNDS {
                yield_now().await;
            }
            drop(worker);
        }
    }

    async fn all(&self) {
        self.asked.cancel();
        self.workers.none().await;
    }
}

/// Which socket is accepted from, by its inode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listening(Option<u64>);

impl Listening {
    pub(super) fn on(socket: impl AsFd) -> Self {
        // A socket that is open can be looked at.
        Self(fstat(socket.as_fd()).ok().map(|found| found.st_ino))
    }

    /// Waits until no thread waits for connections there any more. It is looked for beside the
    /// runtime, and where it was seen is all that is looked at again: open files are many.
    async fn unwatched(&self) {
        let mut looks = interval(Duration::from_millis(5));
        let mut seen = self.look(None).await;
        while !seen.is_empty() {
            looks.tick().await;
            seen = self.look(Some(seen)).await;
        }
    }

    /// The files among these, or among all, that show such a thread: Linux tells what an epoll waits for.
    /// (proc_pid_fdinfo(5))
    async fn look(self, among: Option<Vec<PathBuf>>) -> Vec<PathBuf> {
        let look = spawn_blocking(move || {
            let mut files = among.unwrap_or_else(open_files);
            files.retain(|file| self.is_watched_in(file));
            files
        });
        look.await.unwrap_or_default()
    }

    fn is_watched_in(&self, file: &Path) -> bool {
        let seen = fs::read_to_string(file).unwrap_or_default();
        seen.lines().filter(|line| line.starts_with("tfd:")).any(|line| {
            let inode = line.split_whitespace().find_map(|part| part.strip_prefix("ino:"));
            let inode = inode.and_then(|inode| u64::from_str_radix(inode, 16).ok());
            inode.is_some() && inode == self.0
        })
    }
}

/// What Linux tells of each open file of this process.
fn open_files() -> Vec<PathBuf> {
    let open = fs::read_dir("/proc/self/fdinfo").into_iter().flatten();
    open.flatten().map(|open| open.path()).collect()
}

/// What a server is stopped by; there is one for each.
pub(super) struct Stopper {
    pub(super) taking: Taking,
    /// The connections without a request.
    pub(super) unasked: Count,
}

/// A server that ends in order.
pub(super) struct Stoppable {
    server: Server,
    listening: Listening,
    stopper: Stopper,
}

impl Stopper {
    pub(super) fn of(self, server: Server, listening: Listening) -> Stoppable {
        Stoppable { server, listening, stopper: self }
    }
}

impl Stoppable {
    /// Serves until `stop`. Then takes no further connection, serves what was taken, and ends.
    pub(super) async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let Self { server, listening, stopper } = self;
        let handle = server.handle();
        let mut server = pin!(server);
        let stop = async {
            stop.await;
            stopper.stop(&handle, listening).await;
        };
        select! {
            ended = &mut server => return ended,
            () = stop => {}
        }
        server.await
    }
}

impl Stopper {
    /// Tells the server to end when all that it still has is in progress.
    async fn stop(&self, handle: &ServerHandle, listening: Listening) {
        handle.pause().await;
        let paused = async {
            listening.unwatched().await;
            // It may be amid the connections that came before it was told.
            sleep(Duration::from_millis(10)).await;
            self.taking.all().await;
        };
        if timeout(PAUSE, paused).await.is_err() {
            debug!("the machine is busy: connections that were just accepted may be closed");
        }
        // Its request may be on its way.
        let _ = timeout(UNASKED, self.unasked.none()).await;
        // Not by `shutdown_signal`: with that, the first one to end stops the threads of the others.
        drop(handle.stop(true));
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use futures_util::FutureExt;
    use tokio::net;

    use super::*;

    #[actix_web::test]
    async fn a_socket_that_a_runtime_waits_on_is_seen_as_watched() {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a socket");
        socket.set_nonblocking(true).expect("it can be set");
        let listening = Listening::on(&socket);
        assert!(listening.look(None).await.is_empty());
        listening.unwatched().await;
        let socket = net::TcpListener::from_std(socket).expect("it is registered");
        let seen = listening.look(None).await;
        assert!(!seen.is_empty());
        assert_eq!(listening.look(Some(seen.clone())).await, seen);
        drop(socket);
        assert!(listening.look(Some(seen)).await.is_empty());
        listening.unwatched().await;
    }

    #[actix_web::test]
    async fn looking_holds_up_nobody_on_its_thread() {
        assert_eq!(Listening(None).unwatched().now_or_never(), None);
    }
}

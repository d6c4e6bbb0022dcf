//! What systemd is told, and what it keeps for us. Outside systemd nothing happens.
//!
//! The protocol is that of sd_notify(3) and sd_listen_fds(3). One rule: nobody waits for systemd. A process 1
//! that hangs or has crashed reads no more, and the service must go on then.

pub mod socket;
mod status;
mod watchdog;

use std::{
    os::fd::{AsFd, OwnedFd},
    sync::mpsc::{SyncSender, sync_channel},
    thread,
    time::Duration,
};

use actix::Addr;
use sd_notify::NotifyState;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use tracing::warn;

pub use self::watchdog::{Pings, Watchdog};
use crate::balancer::Balancer;

/// The variables by which systemd tells a service what is meant for it alone; a child that had them could
/// speak in its place, or would take itself for a service. (systemd.exec(5), "Environment variables set")
pub const OWN_VARIABLES: [&str; 15] = [
    "CREDENTIALS_DIRECTORY",
    "FDSTORE",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "MAINPID",
    "MANAGERPID",
    "MEMORY_PRESSURE_WATCH",
    "MEMORY_PRESSURE_WRITE",
    "NOTIFY_SOCKET",
    "SYSTEMD_EXEC_PID",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
];

/// How often a stop that takes long asks for more time, and for how much each time; more than the pause, so
/// that a busy machine is no end.
const EXTEND_EVERY: Duration = Duration::from_secs(2);
const EXTEND_BY: Duration = Duration::from_secs(10);

/// How many messages may wait for a systemd that does not read; further ones are lost.
const QUEUE: usize = 64;

/// Who is told. Clones are the same; what they tell arrives in its order.
#[derive(Clone, Debug)]
pub struct Manager(Option<SyncSender<Message>>);

/// What is told at once.
#[derive(Debug)]
struct Message {
    text: String,
    /// What is handed over with it.
    socket: Option<OwnedFd>,
}

/// A reload, from its begin until this is dropped.
#[derive(Debug)]
pub struct Reloading(Manager);

impl Manager {
    /// The systemd that started this process; nobody, if that was somebody else.
    pub fn of_this_process() -> std::io::Result<Self> {
        if !is_there() {
            return Ok(Self(None));
        }
        let (sender, receiver) = sync_channel(QUEUE);
        let tell = move || receiver.iter().for_each(tell);
        thread::Builder::new().name("systemd".to_owned()).spawn(tell)?;
        Ok(Self(Some(sender)))
    }

    /// Whether systemd started this process.
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// The listener and the actors are up; nodes may still be loading. From now on the status is told, too.
    pub fn ready(&self, balancer: Addr<Balancer>, stopping: CancellationToken) {
        self.tell(&[NotifyState::Ready]);
        if self.0.is_some() {
            actix::spawn(status::tell(self.clone(), balancer, stopping));
        }
    }

    /// A reload begins. One that comes during a stop changes nothing: systemd goes by what it did itself.
    pub fn reloading(&self) -> Reloading {
        // The kernel has this clock.
        if let Ok(now) = NotifyState::monotonic_usec_now() {
            self.tell(&[NotifyState::Reloading, now]);
        }
        Reloading(self.clone())
    }

    /// The service is stopping. It is told how it gets on, and asked for more time, again and again until
    /// `most` has passed: TimeoutStopSec= is for a stop that hangs, not for calls that are being answered.
    pub fn stopping(&self, most: Duration) {
        self.tell(&[NotifyState::Stopping]);
        let manager = self.clone();
        let extend = async move {
            let until = Instant::now() + most;
            let mut asks = interval(EXTEND_EVERY);
            while Instant::now() < until {
                asks.tick().await;
                let micros = u32::try_from(EXTEND_BY.as_micros()).unwrap_or(u32::MAX);
                manager.tell(&[NotifyState::ExtendTimeoutUsec(micros)]);
            }
        };
        if self.0.is_some() {
            actix::spawn(extend);
        }
    }

    fn tell(&self, state: &[NotifyState]) {
        self.hand_over(state, None);
    }

    fn hand_over(&self, state: &[NotifyState], socket: Option<OwnedFd>) {
        let Some(sender) = &self.0 else { return };
        let lines: Vec<_> = state.iter().map(ToString::to_string).collect();
        if sender.try_send(Message { text: lines.join("\n"), socket }).is_err() {
            warn!("systemd takes no messages: the service goes on without it");
        }
    }
}

impl Drop for Reloading {
    fn drop(&mut self) {
        self.0.tell(&[NotifyState::Ready]);
    }
}

/// Whether there is somebody to be told.
fn is_there() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

/// Tells, and waits for as long as that takes.
fn tell(Message { text, socket }: Message) {
    let state = [NotifyState::Custom(&text)];
    let told = match &socket {
        Some(socket) => sd_notify::notify_with_fds(&state, &[socket.as_fd()]),
        None => sd_notify::notify(&state),
    };
    if let Err(error) = told {
        warn!(%error, "systemd could not be notified");
    }
}

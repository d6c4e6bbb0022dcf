//! What the service manager is told: a Unix datagram socket stands for it.

use std::{
    io::IoSliceMut,
    mem::MaybeUninit,
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    path::PathBuf,
    time::Duration,
};

use rustix::{
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg},
    process::Signal,
};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    harness::{CALL, Fake, Ticketd, assert_ticket, free_ports, managed, pid_of, seen, until},
    raw::control,
    socket::Folder,
};

/// A socket that stands for systemd's, and what came there.
pub(crate) struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
    _folder: tempfile::TempDir,
    pub(crate) told: Vec<String>,
    /// What it was given to keep.
    pub(crate) kept: Vec<OwnedFd>,
}

impl Manager {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_nonblocking(true).expect("it can be set");
        Self { socket, path, _folder: folder, told: Vec::new(), kept: Vec::new() }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().expect("UTF-8")
    }

    /// Takes what has come.
    pub(crate) fn read(&mut self) {
        loop {
            let mut bytes = [0; 4096];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let mut into = [IoSliceMut::new(&mut bytes)];
            let flags = RecvFlags::CMSG_CLOEXEC;
            let Ok(message) = recvmsg(&self.socket, &mut into, &mut control, flags) else { return };
            for part in control.drain() {
                if let RecvAncillaryMessage::ScmRights(sockets) = part {
                    self.kept.extend(sockets);
                }
            }
            let text = std::str::from_utf8(&bytes[..message.bytes]).expect("UTF-8");
            self.told.push(text.trim_end().to_owned());
        }
    }

    pub(crate) fn count(&mut self, text: &str) -> usize {
        self.read();
        self.told.iter().filter(|told| *told == text).count()
    }

    /// Waits until a message begins so that comes behind the first `from` ones, and gives its place.
    pub(crate) async fn told(&mut self, from: usize, start: &str) -> usize {
        until(start, async || {
            self.read();
            self.told.iter().skip(from).position(|told| told.starts_with(start))
        })
        .await
            + from
    }

    /// Waits for so many more pings.
    async fn pings(&mut self, more: usize) {
        let before = self.count(PING);
        until("pings", async || (self.count(PING) >= before + more).then_some(())).await;
    }

    /// Waits for that long, in which nothing must come.
    async fn silent(&mut self, time: Duration) {
        let socket = self.socket.try_clone().expect("another handle");
        let socket = tokio::net::UnixDatagram::from_std(socket).expect("it does not block");
        let come = timeout(time, socket.readable()).await;
        self.read();
        assert!(come.is_err(), "told in spite of all: {:?}", self.told.last());
    }
}

const PING: &str = "WATCHDOG=1";

/// The endpoints of a fake, as a variable.
fn endpoints(fake: &Fake) -> String {
    format!("{}/api/generate", fake.url)
}

#[actix_web::test]
async fn readiness_the_nodes_reloads_and_the_stop_are_told_in_their_order() {
    let (mut manager, folder, fake) = (Manager::new(), Folder::new(), Fake::start().await);
    let endpoints = endpoints(&fake);
    let variables = [("NOTIFY_SOCKET", manager.path()), ("DEEPSEEK_ENDPOINTS", &endpoints)];
    let ticketd = Ticketd::start(&folder.config(&[]), &variables).await;
    let stored = manager.told(0, "FDSTORE=1").await;
    assert_eq!(manager.told[stored], "FDSTORE=1\nFDNAME=http");
    assert_eq!(manager.kept.len(), 1);
    let ready = manager.told(stored, "READY=1").await;
    let status = manager.told(ready, "STATUS=1/1 nodes ready, 0 waiting").await;
    ticketd.process.signal(Signal::HUP);
    let begun = manager.told(status, "RELOADING=1\nMONOTONIC_USEC=").await;
    let over = manager.told(begun, "READY=1").await;
    ticketd.rewrite("[server]\nnonsense = 1\n");
    let reply = control(&folder.socket(), "POST /admin/reload", "").await;
    assert_eq!(reply.status, 422, "{reply:?}");
    let begun = manager.told(over, "RELOADING=1").await;
    let over = manager.told(begun, "READY=1").await;
    drop(fake);
    let status = manager.told(over, "STATUS=0/1 nodes ready").await;
    ticketd.stop().await;
    manager.told(status, "STOPPING=1").await;
    assert_eq!(manager.count("READY=1"), 3);
    assert_eq!(manager.count(PING), 0, "nobody asked for a watchdog");
    let lines = manager.told.iter().filter(|told| told.starts_with("STATUS=")).count();
    assert!(lines <= 4, "only changes are told: {:?}", manager.told);
}

#[actix_web::test]
async fn pings_go_on_while_everything_works_and_through_a_stop_which_asks_for_its_time() {
    let (mut manager, folder, ports) = (Manager::new(), Folder::new(), free_ports::<2>());
    let config = managed(&ports, &json!({"delay_ms": 4000})) + &folder.config(&[]);
    let variables = [("NOTIFY_SOCKET", manager.path()), ("WATCHDOG_USEC", "1200000")];
    let mut ticketd = Ticketd::start(&config, &variables).await;
    ticketd.healthy(2).await;
    manager.pings(10).await;
    let socket = folder.socket();
    let removed = control(&socket, &format!("DELETE /admin/nodes/{}", ports[1]), "").await;
    assert_eq!(removed.status, 202);
    until("its end", async || {
        let nodes = control(&socket, "GET /admin/nodes", "").await.body;
        (nodes["nodes"].as_array()?.len() == 1).then_some(())
    })
    .await;
    // More than the limit of a beat: who is removed is not waited for.
    manager.pings(10).await;
    let stop = async {
        let url = format!("http://127.0.0.1:{}", ports[0]);
        until("a call", async || (seen(&ticketd.client, &url).await["calls"] == 1).then_some(()))
            .await;
        ticketd.process.signal(Signal::TERM);
        let stopping = manager.told(0, "STOPPING=1").await;
        manager.told(stopping, "EXTEND_TIMEOUT_USEC=10000000").await;
        manager.pings(10).await;
        manager.told(stopping, "STATUS=stopping: 1 calls in flight, 0 waiting").await;
    };
    let (reply, ()) = tokio::join!(ticketd.summarize(CALL), stop);
    assert_ticket(&reply);
    assert!(ticketd.process.ended().await.success());
}

#[actix_web::test]
async fn a_process_that_is_stopped_pings_no_more_and_goes_on_when_it_is_continued() {
    const WATCHDOG: Duration = Duration::from_millis(400);
    let (mut manager, fake) = (Manager::new(), Fake::start().await);
    let endpoints = endpoints(&fake);
    let watchdog = WATCHDOG.as_micros().to_string();
    let variables = [
        ("NOTIFY_SOCKET", manager.path()),
        ("WATCHDOG_USEC", &watchdog),
        ("DEEPSEEK_ENDPOINTS", &endpoints),
    ];
    let ticketd = Ticketd::start("", &variables).await;
    manager.pings(3).await;
    ticketd.process.signal(Signal::STOP);
    let threads = format!("/proc/{}/task", ticketd.process.pid().as_raw_nonzero());
    until("the stop", async || {
        let mut threads = std::fs::read_dir(&threads).ok()?;
        let stopped = |stat: String| stat.contains(") T ");
        threads
            .all(|thread| {
                let stat = thread.map(|thread| thread.path().join("stat"));
                stat.and_then(std::fs::read_to_string).is_ok_and(stopped)
            })
            .then_some(())
    })
    .await;
    // What it sent before it stopped is here by now.
    manager.read();
    manager.silent(2 * WATCHDOG).await;
    ticketd.process.signal(Signal::CONT);
    manager.pings(3).await;
    let log = ticketd.stop().await;
    assert!(!log.contains("does not respond"), "{log}");
}

#[cfg(feature = "fault-injection")]
#[actix_web::test]
async fn a_wedged_balancer_ends_the_pings_and_is_named_once() {
    use crate::harness::{LIMIT, Process};
    let (mut manager, fake) = (Manager::new(), Fake::start().await);
    let endpoints = endpoints(&fake);
    let variables = [
        ("NOTIFY_SOCKET", manager.path()),
        ("WATCHDOG_USEC", "2000000"),
        ("DEEPSEEK_ENDPOINTS", &endpoints),
    ];
    let mut ticketd = Ticketd::start("", &variables).await;
    manager.pings(2).await;
    ticketd.process.signal(Signal::USR1);
    let silent = ticketd.process.line_after("a part of ticketd does not respond").await;
    assert!(silent.contains("silent=\"balancer\""), "{silent}");
    let before = manager.count(PING);
    assert_eq!(ticketd.get("/healthz").await.status, 200, "everything else goes on");
    let asked = tokio::time::Instant::now();
    // As long as systemd would wait.
    until("the watchdog's time", async || (asked.elapsed().as_secs() >= 2).then_some(())).await;
    assert_eq!(manager.count(PING), before);
    assert_eq!(ticketd.process.log().matches("does not respond").count(), 1);
    let Process { child, .. } = &mut ticketd.process;
    child.start_kill().expect("it runs");
    tokio::time::timeout(LIMIT, child.wait()).await.expect("it ends").expect("it is waited for");
}

#[actix_web::test]
async fn nodes_get_nothing_that_systemd_means_for_ticketd_alone() {
    let (manager, ports) = (Manager::new(), free_ports::<1>());
    let config = managed(&ports, &json!({})).replace("[nodes]\n", "[nodes]\nenv_pass = [\"*\"]\n");
    let variables = [
        ("NOTIFY_SOCKET", manager.path()),
        ("WATCHDOG_USEC", "20000000"),
        ("LISTEN_FDS", "1"),
        ("LISTEN_PID", "1"),
        ("LISTEN_FDNAMES", "http"),
        ("JOURNAL_STREAM", "8:1"),
        ("CREDENTIALS_DIRECTORY", "/run/credentials/x"),
        ("INVOCATION_ID", "0123"),
        ("HARMLESS", "it is passed"),
    ];
    let ticketd = Ticketd::start(&config, &variables).await;
    ticketd.healthy(1).await;
    let url = format!("http://127.0.0.1:{}", ports[0]);
    let pid = seen(&ticketd.client, &url).await["pid"].as_u64().expect("a pid");
    let pid = pid_of(u32::try_from(pid).expect("a pid"));
    let file = format!("/proc/{}/environ", pid.as_raw_nonzero());
    let environment = std::fs::read_to_string(file).expect("it runs");
    assert!(environment.contains("HARMLESS="), "{environment}");
    for (name, _) in &variables[..8] {
        assert!(!environment.contains(&format!("{name}=")), "{name} in {environment}");
    }
    ticketd.stop().await;
}

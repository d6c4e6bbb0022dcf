//! The control socket: its file, and calls over it.

use std::{
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use serde_json::json;
use tokio::{net::UnixStream, process::Command};

use crate::{
    harness::{CALL, Fake, Process, Ticketd, assert_ticket, command, until},
    raw::control,
};

/// A folder for what these tests put beside ticketd.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file that only its owner can read.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("set");
        path
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.at("control.sock")
    }

    /// `[server]` with the control socket, and the further keys with their paths.
    pub(crate) fn config(&self, keys: &[(&str, &Path)]) -> String {
        let mut config = format!("[server]\ncontrol_socket = {:?}\n", self.socket());
        for (key, path) in keys {
            config += &format!("{key} = {path:?}\n");
        }
        config
    }
}

/// Waits until so many calls wait for a slot.
pub(crate) async fn waiting(folder: &Folder, count: usize) {
    until(&format!("{count} waiting calls"), async || {
        let status = control(&folder.socket(), "GET /admin/status", "").await.body;
        (status["waiting"] == count).then_some(())
    })
    .await;
}

/// Starts over an endpoint that nobody serves: the rules need no node.
pub(crate) async fn start(config: &str) -> Ticketd {
    Ticketd::start(config, &[("DEEPSEEK_ENDPOINTS", "http://127.0.0.1:1")]).await
}

/// `ticketd` with this verb and configuration.
pub(crate) fn run(folder: &Folder, verb: &[&str], config: &str) -> Command {
    let file = folder.write("config.toml", config);
    let mut command = command(&[("DEEPSEEK_ENDPOINTS", "http://127.0.0.1:1")]);
    command.args(verb).arg("--config").arg(file);
    command
}

/// Starts a ticketd that shall not come up; gives its exit code and its words.
async fn refused_start(folder: &Folder, config: &str) -> (Option<i32>, String) {
    let mut process =
        Process::spawn(&mut run(folder, &["serve", "--listen", "127.0.0.1:0"], config));
    (process.ended().await.code(), process.log())
}

#[actix_web::test]
async fn the_socket_has_mode_0660_and_is_removed_at_the_stop() {
    let folder = Folder::new();
    let ticketd = start(&folder.config(&[])).await;
    let found = folder.socket().symlink_metadata().expect("it is there");
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o7777, 0o660);
    let log = ticketd.stop().await;
    assert!(log.contains(&format!("control socket: {}", folder.socket().display())), "{log}");
    assert!(!folder.socket().exists());
}

#[actix_web::test]
async fn a_socket_that_a_killed_ticketd_left_is_replaced() {
    let folder = Folder::new();
    let mut killed = start(&folder.config(&[])).await;
    killed.process.signal(Signal::KILL);
    killed.process.ended().await;
    assert!(folder.socket().exists());
    let ticketd = start(&folder.config(&[])).await;
    assert_eq!(control(&folder.socket(), "GET /healthz", "").await.status, 200);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_socket_that_is_served_and_a_file_that_is_no_socket_are_left_alone() {
    let folder = Folder::new();
    let config = folder.config(&[]);
    let ticketd = start(&config).await;
    let (code, log) = refused_start(&folder, &config).await;
    assert_eq!(code, Some(1), "{log}");
    assert!(
        log.contains("server.control_socket: ") && log.contains("another ticketd; stop"),
        "{log}"
    );
    assert_eq!(control(&folder.socket(), "GET /healthz", "").await.status, 200);
    ticketd.stop().await;
    let precious = folder.write("control.sock", "precious");
    let (code, log) = refused_start(&folder, &config).await;
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("is no socket; move it away"), "{log}");
    assert_eq!(std::fs::read_to_string(precious).expect("it is there"), "precious");
}

#[actix_web::test]
async fn sigterm_answers_the_call_in_flight_over_the_socket_and_takes_no_new_one() {
    let folder = Folder::new();
    let fake = Fake::start().await;
    fake.behave(json!({"delay_ms": 800})).await;
    let endpoints = format!("{}/api/generate", fake.url);
    let config = folder.config(&[]);
    let mut ticketd = Ticketd::start(&config, &[("DEEPSEEK_ENDPOINTS", &endpoints)]).await;
    let socket = folder.socket();
    let stop = async {
        until("a call in flight", async || (fake.calls().await == 1).then_some(())).await;
        ticketd.process.signal(Signal::TERM);
        until("refused connections", async || UnixStream::connect(&socket).await.err()).await;
    };
    let (reply, ()) = tokio::join!(control(&socket, "POST /summarize", CALL), stop);
    assert_ticket(&reply);
    assert!(ticketd.process.ended().await.success(), "{}", ticketd.process.log());
    assert!(!socket.exists());
}

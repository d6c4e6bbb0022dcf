//! Restarts over a listening socket that is kept: nobody is refused.

use std::{
    net::{SocketAddr, TcpListener},
    os::fd::OwnedFd,
    process::Stdio,
    time::Duration,
};

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    harness::{Fake, LIMIT, Process, call, command, until},
    socket::Folder,
    systemd::Manager,
};

/// `ticketd serve` that inherits a socket as systemd passes it on, on standard input until a shell has
/// moved it.
fn heir(folder: &Folder, listen: &str, variables: &[(&str, &str)], socket: OwnedFd) -> Process {
    let script = "exec 3<&0 0</dev/null; LISTEN_PID=$$ exec \"$@\"";
    let ticketd = serve(folder, listen, variables);
    let ticketd = ticketd.as_std();
    let mut shell = Command::new("/bin/sh");
    shell.env_clear();
    shell.envs(ticketd.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.envs([("LISTEN_FDS", "1"), ("LISTEN_FDNAMES", "http")]);
    shell.args(["-c", script, "sh"]).arg(ticketd.get_program()).args(ticketd.get_args());
    Process::spawn_reading(shell.stdin(Stdio::from(socket)))
}

fn serve(folder: &Folder, listen: &str, variables: &[(&str, &str)]) -> Command {
    let file = folder.write("config.toml", "");
    let mut command = command(variables);
    command.args(["serve", "--listen", listen, "--config"]).arg(file);
    command
}

/// The address of a socket that systemd was given.
fn address(socket: &OwnedFd) -> SocketAddr {
    let socket = TcpListener::from(socket.try_clone().expect("a descriptor"));
    socket.local_addr().expect("it has an address")
}

/// How a call over a connection of its own went.
async fn exchange(address: SocketAddr, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let length = body.len();
    let head = format!("POST /summarize HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n");
    let text = format!("{head}connection: close\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Six callers who call again and again until they are told to end; gives their answers.
async fn callers(address: SocketAddr, end: &CancellationToken) -> Vec<std::io::Result<String>> {
    let caller = |number: usize| async move {
        let mut answers = Vec::new();
        for turn in 0.. {
            if end.is_cancelled() {
                break;
            }
            let body = call(number * 100_000 + turn);
            let answer = timeout(LIMIT, exchange(address, &body)).await;
            answers.push(answer.expect("an answer or an end"));
        }
        answers
    };
    join_all((0..6).map(caller)).await.into_iter().flatten().collect()
}

/// A fake with six slots, and the variables of a ticketd over it.
async fn fake() -> (Fake, String) {
    let fake = Fake::start().await;
    fake.behave(json!({"delay_ms": 20})).await;
    let endpoints = format!("{}/api/generate", fake.url);
    (fake, endpoints)
}

#[actix_web::test]
async fn over_a_restart_no_call_fails() {
    let (mut manager, folder, (_fake, endpoints)) = (Manager::new(), Folder::new(), fake().await);
    let path = manager.path().to_owned();
    let variables = [
        ("NOTIFY_SOCKET", path.as_str()),
        ("DEEPSEEK_ENDPOINTS", &endpoints),
        ("TICKETD_NODES__SLOTS", "6"),
    ];
    let mut ticketd = Process::spawn(&mut serve(&folder, "127.0.0.1:0", &variables));
    let mut ready = manager.told(0, "READY=1").await;
    let socket = manager.kept.pop().expect("it was stored");
    let (address, end) = (address(&socket), CancellationToken::new());
    let restarts = async {
        for _ in 0..5 {
            let so_far = ready;
            manager.told(so_far, "STATUS=1/1").await;
            ticketd.signal(Signal::TERM);
            let status = ticketd.ended().await;
            assert!(status.success(), "{}", ticketd.log());
            let kept = socket.try_clone().expect("a descriptor");
            ticketd = heir(&folder, &address.to_string(), &variables, kept);
            ready = manager.told(manager.told.len(), "READY=1").await;
            assert!(ticketd.log().contains("the listening socket was kept"), "{}", ticketd.log());
        }
        end.cancel();
    };
    let (answers, ()) = tokio::join!(callers(address, &end), restarts);
    let failed: Vec<_> = answers
        .iter()
        .filter(|answer| !answer.as_ref().is_ok_and(|text| text.starts_with("HTTP/1.1 200 ")))
        .collect();
    assert!(failed.is_empty(), "{} of {}: {failed:?}", failed.len(), answers.len());
    assert!(answers.len() >= 30, "only {} calls", answers.len());
    assert!(manager.kept.is_empty(), "it was given only once");
    ticketd.signal(Signal::TERM);
    assert!(ticketd.ended().await.success());
}

#[actix_web::test]
async fn over_a_kill_no_connection_is_refused() {
    let (mut manager, folder, (_fake, endpoints)) = (Manager::new(), Folder::new(), fake().await);
    let path = manager.path().to_owned();
    let variables = [("NOTIFY_SOCKET", path.as_str()), ("DEEPSEEK_ENDPOINTS", &endpoints)];
    let mut ticketd = Process::spawn(&mut serve(&folder, "127.0.0.1:0", &variables));
    manager.told(0, "READY=1").await;
    let socket = manager.kept.pop().expect("it was stored");
    let address = address(&socket);
    ticketd.signal(Signal::KILL);
    ticketd.ended().await;
    let early = call(0);
    let heir = async {
        let kept = socket.try_clone().expect("a descriptor");
        heir(&folder, &address.to_string(), &variables, kept)
    };
    let (answer, mut ticketd) = tokio::join!(exchange(address, &early), heir);
    let answer = answer.expect("it was not refused");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}\n{}", ticketd.log());
    ticketd.signal(Signal::TERM);
    assert!(ticketd.ended().await.success());
}

#[actix_web::test]
async fn a_socket_of_another_address_is_given_up_and_a_new_one_is_stored() {
    let (mut manager, folder) = (Manager::new(), Folder::new());
    let path = manager.path().to_owned();
    let variables =
        [("NOTIFY_SOCKET", path.as_str()), ("DEEPSEEK_ENDPOINTS", "http://127.0.0.1:1")];
    let old = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let old_address = old.local_addr().expect("an address");
    let mut ticketd = heir(&folder, "127.0.0.2:0", &variables, old.into());
    let removed = manager.told(0, "FDSTOREREMOVE=1\nFDNAME=http").await;
    let stored = manager.told(removed, "FDSTORE=1\nFDNAME=http").await;
    manager.told(stored, "READY=1").await;
    let socket = manager.kept.pop().expect("it was stored");
    assert_eq!(address(&socket).ip().to_string(), "127.0.0.2");
    assert!(TcpStream::connect(address(&socket)).await.is_ok());
    assert!(TcpStream::connect(old_address).await.is_err(), "nobody holds it any more");
    ticketd.signal(Signal::TERM);
    assert!(ticketd.ended().await.success());
}

#[actix_web::test]
async fn who_has_connected_before_a_stop_and_asks_then_is_answered() {
    let (mut manager, folder, (_fake, endpoints)) = (Manager::new(), Folder::new(), fake().await);
    let path = manager.path().to_owned();
    let variables = [("NOTIFY_SOCKET", path.as_str()), ("DEEPSEEK_ENDPOINTS", &endpoints)];
    let mut ticketd = Process::spawn(&mut serve(&folder, "127.0.0.1:0", &variables));
    manager.told(0, "STATUS=1/1").await;
    let socket = manager.kept.pop().expect("it was stored");
    let mut early = TcpStream::connect(address(&socket)).await.expect("it listens");
    // A request behind it, so that it has been accepted.
    let other = exchange(address(&socket), &call(0)).await.expect("an answer");
    assert!(other.starts_with("HTTP/1.1 200 "), "{other}");
    ticketd.signal(Signal::TERM);
    ticketd.line_after("stopping: no new calls").await;
    let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    early.write_all(request).await.expect("sent");
    let mut answer = String::new();
    let read = timeout(Duration::from_secs(30), early.read_to_string(&mut answer)).await;
    read.expect("it is closed").expect("in order");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    // The socket lives on in the store: nobody is refused, nobody is answered.
    assert!(TcpStream::connect(address(&socket)).await.is_ok());
    assert!(ticketd.ended().await.success());
    until("nothing more", async || {
        manager.read();
        manager.kept.is_empty().then_some(())
    })
    .await;
}

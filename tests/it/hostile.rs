//! Callers who are slow, greedy or no callers at all, byte for byte.

use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, split},
    net::{TcpSocket, UnixStream},
    process::Command,
    time::timeout,
};

use crate::{
    harness::{CALL, Fake, LIMIT, Ticketd, assert_ticket, call, until},
    raw::{answer_to, connect, control, exchange, post, rest},
    socket::{Folder, start},
};

/// Short times, so that a caller is cut off soon.
const IMPATIENT: &str = "[server]\nheader_timeout = \"2s\"\nmax_body_bytes = 1000\n";

/// Sends a head and then the same bytes again and again until the connection is cut; gives what came.
async fn dribble(stream: impl AsyncRead + AsyncWrite, head: &str, bytes: &str) -> String {
    let (mut reading, mut writing) = split(stream);
    writing.write_all(head.as_bytes()).await.expect("sent");
    let write = until("it is cut off", async || writing.write_all(bytes.as_bytes()).await.err());
    let (answer, _) = tokio::join!(rest(&mut reading), write);
    answer
}

/// The most memory that a process ever used, in kB.
fn peak(ticketd: &Ticketd) -> u64 {
    let pid = ticketd.process.pid().as_raw_nonzero();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[actix_web::test]
async fn a_head_that_comes_byte_by_byte_is_cut_off_whether_it_is_the_first_or_not() {
    let ticketd = start(IMPATIENT).await;
    let head = "GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: ";
    let first = dribble(connect(&ticketd).await, head, "a");
    let after_another = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n{head}");
    let second = dribble(connect(&ticketd).await, &after_another, "a");
    let (first, second) = tokio::join!(first, second);
    assert!(first.starts_with("HTTP/1.1 408"), "{first}");
    assert!(
        second.starts_with("HTTP/1.1 200") && second.matches("HTTP/1.1").count() == 1,
        "{second}"
    );
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_connection_that_brings_nothing_is_closed() {
    let ticketd = start(IMPATIENT).await;
    assert!(answer_to(&ticketd, b"").await.starts_with("HTTP/1.1 408"));
    let one = answer_to(&ticketd, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(one.starts_with("HTTP/1.1 200") && !one.contains("HTTP/1.1 408"), "{one}");
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_chunked_body_without_end_is_answered_and_then_cut_off() {
    let ticketd = start(IMPATIENT).await;
    let chunk = format!("64\r\n{}\r\n", "x".repeat(100));
    let table = [("POST /summarize", "413"), ("GET /healthz", "200"), ("PUT /nope", "404")];
    let answers = table.map(async |(request, status)| {
        let head = format!("{request} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
        let answer = dribble(connect(&ticketd).await, &head, &chunk).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {answer}");
    });
    join_all(answers).await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_body_above_the_limit_is_refused_before_it_comes_and_never_buffered() {
    let ticketd = start(IMPATIENT).await;
    let head = "POST /summarize HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n";
    assert!(answer_to(&ticketd, head.as_bytes()).await.starts_with("HTTP/1.1 413"));
    let before = peak(&ticketd);
    for framing in
        ["content-length: 1073741824\r\n\r\n", "transfer-encoding: chunked\r\n\r\n40000000\r\n"]
    {
        let head = format!("POST /summarize HTTP/1.1\r\nhost: x\r\n{framing}");
        let (mut reading, mut writing) = split(connect(&ticketd).await);
        writing.write_all(head.as_bytes()).await.expect("sent");
        let write = async {
            let piece = [b' '; 64 * 1024];
            for _ in 0..1024 {
                if writing.write_all(&piece).await.is_err() {
                    break;
                }
            }
            // One that was cut off already cannot be closed any more.
            let _ = writing.shutdown().await;
        };
        let (answer, ()) = tokio::join!(rest(&mut reading), write);
        assert!(answer.starts_with("HTTP/1.1 413"), "{framing}: {answer}");
    }
    let grown = peak(&ticketd) - before;
    assert!(grown < 16 * 1024, "{grown} kB for 128 MB that were sent");
    ticketd.stop().await;
}

#[actix_web::test]
async fn many_large_bodies_that_do_not_end_take_bounded_memory_and_keep_no_call_out() {
    let fake = Fake::start().await;
    let config = "[server]\nmax_bodies_bytes = 8388608\n";
    let ticketd = Ticketd::over(&[&fake], config).await;
    let piece = vec![b' '; (1 << 20) - 1];
    let before = peak(&ticketd);
    let head = "POST /summarize HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                content-length: 1048576\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..128 {
        let mut stream = connect(&ticketd).await;
        stream.write_all(head.as_bytes()).await.expect("sent");
        // One that is refused already may be cut off.
        let _ = stream.write_all(&piece).await;
        open.push(stream);
    }
    assert_ticket(&ticketd.summarize(CALL).await);
    let large = async || {
        let (mut reading, mut writing) = split(connect(&ticketd).await);
        let text = format!("{head}{}", " ".repeat(1 << 20));
        let (answer, _) = tokio::join!(rest(&mut reading), writing.write_all(text.as_bytes()));
        answer
    };
    let refused = large().await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("\"busy\""), "{refused}");
    assert!(refused.contains("retry-after: 5"), "{refused}");
    let told = ticketd.process.line_after("large bodies take all of server.max_bodies_bytes").await;
    assert!(told.contains("event=bodies_full"), "{told}");
    let grown = peak(&ticketd) - before;
    assert!(grown < 80 * 1024, "{grown} kB for 8 MiB of 128");
    drop(open);
    until("there is room again", async || large().await.starts_with("HTTP/1.1 400").then_some(()))
        .await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn the_limits_of_bodies_hold_for_admin_calls_too() {
    let folder = Folder::new();
    let config = folder.config(&[]) + "max_body_bytes = 1000\nbody_timeout = \"300ms\"\n";
    let ticketd = start(&config).await;
    let reply = control(&folder.socket(), "POST /admin/nodes", &" ".repeat(1001)).await;
    assert_eq!((reply.status, &reply.body["code"]), (413, &json!("body_too_large")));
    let stream = UnixStream::connect(folder.socket()).await.expect("it is served");
    let head = "POST /admin/nodes HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n";
    let answer = dribble(stream, head, " ").await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_timed_out"), "{answer}");
    ticketd.stop().await;
}

#[actix_web::test]
async fn connections_above_the_limit_wait_and_stop_nobody_who_is_served() {
    let fake = Fake::start().await;
    let folder = Folder::new();
    let config = folder.config(&[])
        + "workers = 1\nmax_connections = 4\nheader_timeout = \"10m\"\n[log]\nlevel = \"debug\"\n";
    let ticketd = Ticketd::over(&[&fake], &config).await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let stalled = post(&ticketd, "", &call(0)).await;
    until("it runs", async || (fake.seen().await["running"] == 1).then_some(())).await;
    let mut served = post(&ticketd, "", CALL).await;
    ticketd.process.line_after("calls wait for a slot waiting=1").await;
    let mut idle = Vec::new();
    for _ in 0..16 {
        idle.push(connect(&ticketd).await);
    }
    let mut waiting = connect(&ticketd).await;
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    waiting.write_all(request.as_bytes()).await.expect("sent");
    drop(stalled);
    assert!(rest(&mut served).await.starts_with("HTTP/1.1 200"), "it was there before");
    let none = waiting.try_read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(none, Err(std::io::ErrorKind::WouldBlock), "those before it have not left");
    assert_eq!(control(&folder.socket(), "GET /admin/status", "").await.status, 200);
    drop(idle);
    assert!(rest(&mut waiting).await.starts_with("HTTP/1.1 200"));
    ticketd.stop().await;
}

#[actix_web::test]
async fn connections_leave_open_files_for_the_calls_whatever_their_limit_is() {
    let fake = Fake::start().await;
    let url = format!("{}/api/generate", fake.url);
    let mut command = Command::new("sh");
    // `start_by` adds the verb and the file.
    let script = format!("ulimit -n 256; exec {} \"$@\"", env!("CARGO_BIN_EXE_ticketd"));
    command.env("DEEPSEEK_ENDPOINTS", url).args(["-c", &script, "sh"]);
    let config = "[server]\nheader_timeout = \"10m\"\n";
    let ticketd = Ticketd::start_by(command, config).await;
    ticketd.healthy(1).await;
    let warned = ticketd.process.log();
    assert!(warned.contains("connections=85"), "{warned}");
    let first = connect(&ticketd).await;
    let mut idle = Vec::new();
    for _ in 0..256 {
        idle.push(connect(&ticketd).await);
    }
    assert_ticket(&exchange(first, "POST /summarize", "", CALL).await);
    drop(idle);
    let log = ticketd.stop().await;
    assert!(!log.contains("Too many open files"), "{log}");
}

#[actix_web::test]
async fn a_caller_who_never_reads_its_answer_holds_no_slot() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let unread = post(&ticketd, "", &call(0)).await;
    ticketd.process.line_after("route=\"/summarize\" status=200").await;
    assert_eq!(fake.seen().await["running"], 0);
    assert_ticket(&ticketd.summarize(&call(1)).await);
    drop(unread);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_caller_who_asks_again_and_again_and_never_reads_is_cut_off() {
    // No other limit can come first: they are longer than this test may take.
    let config = "[server]\nsend_timeout = \"300ms\"\nheader_timeout = \"10m\"\n[log]\nlevel = \"error,ticketd::app=info\"\n";
    let ticketd = start(config).await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("set");
    let address = ticketd.url.trim_start_matches("http://").parse().expect("an address");
    let mut stream = socket.connect(address).await.expect("it listens");
    let requests = "GET /lb-stats HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
    let write = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
    timeout(LIMIT, write).await.expect("it is cut off");
    assert_eq!(ticketd.get("/healthz").await.status, 200);
    ticketd.stop().await;
}

#[actix_web::test]
async fn what_is_no_http_gets_400_and_is_closed() {
    let ticketd = start("").await;
    let post = |rest: &str| format!("POST /summarize HTTP/1.1\r\nhost: x\r\n{rest}").into_bytes();
    let table: [Vec<u8>; 10] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n".to_vec(),
        b"hello\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET /\x00 HTTP/1.1\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n".to_vec(),
        post("content-length: -1\r\n\r\n{}"),
        post("content-length: +2\r\n\r\n{}"),
        post("content-length: 2\r\ncontent-length: 3\r\n\r\n{}"),
        post("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    ];
    for bytes in table {
        let answer = answer_to(&ticketd, &bytes).await;
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        assert!(answer.starts_with("HTTP/1.1 400"), "{shown:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{shown:?}: {answer}");
    }
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_head_that_is_too_large_is_refused() {
    let ticketd = start("").await;
    let many = "x-a: b\r\n".repeat(10_000);
    let long = format!("x-a: {}\r\n", "b".repeat(1024 * 1024));
    let path = "a".repeat(1024 * 1024);
    for head in [
        format!("GET /healthz HTTP/1.1\r\n{many}\r\n"),
        format!("GET /healthz HTTP/1.1\r\n{long}\r\n"),
        format!("GET /{path} HTTP/1.1\r\n\r\n"),
    ] {
        let (mut reading, mut writing) = split(connect(&ticketd).await);
        let write = writing.write_all(head.as_bytes());
        let (answer, _) = tokio::join!(rest(&mut reading), write);
        // The answer may be lost with what was still being sent.
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    assert_eq!(ticketd.get("/healthz").await.status, 200);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_caller_who_sends_without_end_while_its_call_waits_is_cut_off_and_its_call_ends() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let mut stream = post(&ticketd, "", CALL).await;
    until("it runs", async || (fake.seen().await["running"] == 1).then_some(())).await;
    let requests = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
    let write = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
    timeout(LIMIT, write).await.expect("it is cut off");
    until("the node sees it", async || fake.seen().await["left"][0].as_u64()).await;
    assert_ticket(&ticketd.summarize(CALL).await);
    ticketd.stop().await;
}

#[actix_web::test]
async fn requests_that_are_sent_ahead_in_measure_are_answered_in_order() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"delay_ms": 2500})).await;
    let length = CALL.len();
    let get = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".repeat(50);
    let text = format!(
        "POST /summarize HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{CALL}{get}\
         GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    );
    let answer = answer_to(&ticketd, text.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 52, "{answer}");
    let [ticket, alive] = ["zone_correction", "alive"].map(|word| answer.find(word));
    assert!(ticket.is_some() && ticket < alive, "{answer}");
    ticketd.stop().await;
}

//! Tokens over TCP, and the control socket that needs none.

use std::{os::unix::fs::PermissionsExt, path::Path};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    harness::{CALL, Fake, Reply, Ticketd, assert_ticket},
    raw::{control, exchange},
    socket::{Folder, run, start},
};

const USER: &str = "user-token-0123456789";
const ADMIN: &str = "admin-token-0123456789";
const WRONG: &str = "wrong-token-0123456789";

/// `[server]` with the control socket and both files of tokens.
fn guarded(folder: &Folder) -> String {
    let users = folder.write("tokens", &format!("# hotline\n\n{USER}\n"));
    let admins = folder.write("admin-tokens", ADMIN);
    folder.config(&[("tokens_file", &users), ("admin_tokens_file", &admins)])
}

async fn over_tcp(ticketd: &Ticketd, request: &str, token: Option<&str>) -> Reply {
    let address = ticketd.url.trim_start_matches("http://");
    let stream = TcpStream::connect(address).await.expect("open");
    // What a local proxy would add, and what must not count.
    let mut headers = "x-forwarded-for: 127.0.0.1\r\nforwarded: for=unix:\r\n".to_owned();
    if let Some(token) = token {
        headers += &format!("Authorization: bEARER {token}\r\n");
    }
    exchange(stream, request, &headers, "").await
}

const CALLERS: [Option<&str>; 4] = [None, Some(WRONG), Some(USER), Some(ADMIN)];

/// Asserts for every route what each caller gets, 0 where it passes.
async fn assert_rules(ticketd: &Ticketd, socket: &Path, user: [u16; 4], admin: [u16; 4]) {
    let table = [
        ("GET /", [0; 4]),
        ("GET /health", [0; 4]),
        ("GET /healthz", [0; 4]),
        ("GET /readyz", [0; 4]),
        ("GET /openapi.json", [0; 4]),
        ("GET /docs", [0; 4]),
        ("GET /docs/page.css", [0; 4]),
        ("GET /ui", [0; 4]),
        ("GET /ui/app.js", [0; 4]),
        ("GET /metrics", user),
        ("GET /lb-stats", user),
        ("GET /live", user),
        ("POST /summarize", user),
        ("POST /v1/ticket/check", user),
        ("GET /nope", user),
        ("GET /admin/status", admin),
        ("GET /admin/nodes", admin),
        ("POST /admin/nodes", admin),
        ("GET /admin/nodes/nope", admin),
        ("DELETE /admin/nodes/nope", admin),
        ("POST /admin/nodes/nope/drain", admin),
        ("POST /admin/nodes/nope/resume", admin),
        ("POST /admin/nodes/nope/restart", admin),
        ("GET /admin/nodes/nope/log", admin),
        ("GET /admin/nope", admin),
        ("POST /admin/reload", admin),
        ("POST //%61dmin/reload/", admin),
    ];
    for (request, expected) in table {
        for (token, expected) in CALLERS.into_iter().zip(expected) {
            let reply = over_tcp(ticketd, request, token).await;
            let case = format!("{request} {token:?} {reply:?}");
            let refusal = if matches!(reply.status, 401 | 403) { reply.status } else { 0 };
            assert_eq!(refusal, expected, "{case}");
            let scheme = (expected == 401).then_some("Bearer");
            assert_eq!(reply.header("www-authenticate"), scheme, "{case}");
            assert!(reply.header("x-request-id").is_some(), "{case}");
            let code = match expected {
                401 => json!("unauthorized"),
                403 => json!("forbidden"),
                _ => continue,
            };
            assert_eq!(reply.body["code"], code, "{case}");
            let detail = reply.body["detail"].as_str().expect("a sentence");
            assert!(detail.contains("令牌") || detail.contains("server.control_socket"), "{case}");
        }
        let reply = control(socket, request, "").await;
        assert!(!matches!(reply.status, 401 | 403), "{request} {reply:?}");
    }
}

#[actix_web::test]
async fn with_both_files_every_route_asks_for_its_token_over_tcp_and_for_none_over_the_socket() {
    let folder = Folder::new();
    let ticketd = start(&(guarded(&folder) + "[log]\nlevel = \"trace\"\n")).await;
    let (user, admin) = ([401, 401, 0, 0], [401, 401, 403, 0]);
    assert_rules(&ticketd, &folder.socket(), user, admin).await;
    let log = ticketd.stop().await;
    let line = |parts: [&str; 3]| {
        log.lines().filter(|line| parts.iter().all(|part| line.contains(part))).count()
    };
    let answered = "request answered";
    assert_eq!(line([answered, "route=\"/lb-stats\"", "status=401"]), 2, "{log}");
    assert_eq!(line([answered, "route=\"/admin/reload\"", "status=403"]), 1, "{log}");
    for token in [USER, ADMIN, WRONG] {
        assert!(!log.contains(token), "no token in the log:\n{log}");
    }
}

#[actix_web::test]
async fn without_files_user_calls_are_open_and_admin_calls_are_for_the_socket_alone() {
    let folder = Folder::new();
    let ticketd = start(&folder.config(&[])).await;
    assert_rules(&ticketd, &folder.socket(), [0; 4], [403; 4]).await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_call_without_a_token_is_refused_before_its_body_comes() {
    let folder = Folder::new();
    let ticketd = start(&guarded(&folder)).await;
    let address = ticketd.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("open");
    let head = "POST /summarize HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.expect("an answer");
    assert_eq!(&status, b"HTTP/1.1 401");
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_ticket_is_made_for_a_token_and_over_the_socket() {
    let folder = Folder::new();
    let fake = Fake::start().await;
    let endpoints = format!("{}/api/generate", fake.url);
    let ticketd = Ticketd::start(&guarded(&folder), &[("DEEPSEEK_ENDPOINTS", &endpoints)]).await;
    assert_ticket(&control(&folder.socket(), "POST /summarize", CALL).await);
    let request = ticketd.client.post(format!("{}/summarize", ticketd.url)).bearer_auth(USER);
    assert_eq!(request.send_body(CALL).await.expect("an answer").status(), 200);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_file_of_tokens_allows_other_hosts_and_its_faults_are_told_without_the_token() {
    let folder = Folder::new();
    let file = folder.write("tokens", &format!("{USER}\n"));
    let config = folder.config(&[("tokens_file", &file)]) + "listen = \"0.0.0.0:8001\"\n";
    let check = async || run(&folder, &["check"], &config).output().await.expect("it runs");
    assert!(check().await.status.success());
    folder.write("tokens", &format!("{USER}\nsecret\n"));
    let output = check().await;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{error}");
    let place = format!("server.tokens_file: {}:2: the token is shorter", file.display());
    assert!(error.contains(&place) && !error.contains("secret"), "{error}");
}

#[actix_web::test]
async fn a_file_of_tokens_that_every_user_can_read_is_warned_of() {
    let folder = Folder::new();
    let config = guarded(&folder);
    let open = PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(folder.at("admin-tokens"), open).expect("set");
    let log = start(&config).await.stop().await;
    assert!(log.contains("server.admin_tokens_file: every user of this host can read it"), "{log}");
    assert!(!log.contains("server.tokens_file: every user"), "{log}");
}

//! `GET /live`: nodes and load, once and as they change.

use std::time::Duration;

use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout},
};

use crate::{
    harness::{CALL, Fake, Ticketd, assert_ticket, free_ports, managed, pid_of, until},
    raw::{answer_to, connect, control, exchange, rest},
    socket::{Folder, start},
    stream::Events,
};

const ASK: &[u8] = b"GET /live HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n";

/// How soon a change is to be seen.
const SOON: Duration = Duration::from_secs(8);

/// Counts over all minutes.
fn sum(load: &Value, count: impl Fn(&Value) -> u64) -> u64 {
    load["minutes"].as_array().expect("minutes").iter().map(count).sum()
}

#[actix_web::test]
async fn nodes_and_load_come_at_once_and_calls_are_counted_in_their_minute() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    assert_ticket(&ticketd.summarize(CALL).await);
    fake.behave(json!({"fault": "status500"})).await;
    assert_eq!(ticketd.summarize(CALL).await.status, 502);

    let once = ticketd.get("/live").await;
    assert_eq!((once.status, once.header("content-type")), (200, Some("application/json")));
    let mut events = Events::live(&ticketd).await;
    for (name, value) in [("content-type", "text/event-stream"), ("cache-control", "no-store")] {
        assert_eq!(events.headers.get(name).expect(name), value);
    }
    let (first, nodes) = events.next().await.expect("an event");
    let (second, load) = events.next().await.expect("an event");
    assert_eq!((&*first, &*second), ("nodes", "load"));
    for nodes in [&once.body["nodes"], &nodes] {
        assert_eq!(nodes["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(nodes["waiting"], json!({"begun": 0, "interactive": 0, "batch": 0}));
        assert_eq!(nodes["total_endpoints"], 1);
        let node = &nodes["nodes"][0];
        assert_eq!(node["id"], fake.url.trim_start_matches("http://"));
        assert_eq!(
            (&node["state"], &node["slots"], &node["in_flight"]),
            (&json!("ready"), &json!(1), &json!(0))
        );
        assert_eq!(node["last_call_failure"]["outcome"], "failed");
        assert_eq!(node["breaker"], "closed");
        assert!(node["tokens_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{node}");
    }
    assert_eq!(once.body["nodes"]["since"], nodes["since"], "it is told alike each time");
    for load in [&once.body["load"], &load] {
        let count = |name: &'static str| {
            sum(load, |minute| minute["tickets"][name].as_u64().expect("a count"))
        };
        assert_eq!(["made", "degraded", "failed", "refused"].map(count), [1, 0, 1, 0], "{load}");
        let calls = |minute: &Value| {
            minute["calls"].as_object().expect("calls").values().filter_map(Value::as_u64).sum()
        };
        assert_eq!(sum(load, calls), fake.calls().await, "{load}");
        let last = load["minutes"].as_array().and_then(|minutes| minutes.last()).expect("a minute");
        let at = last["at"].as_str().expect("a time");
        assert!(at.len() == 20 && at.ends_with(":00Z"), "{at}");
        let waits = |minute: &Value| u64::from(minute["queue_wait_ms"]["p95"].is_u64());
        assert!(sum(load, waits) > 0, "{load}");
    }
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_change_of_a_node_is_told_soon_without_what_the_node_wrote_and_nothing_else_is() {
    let (ports, folder) = (free_ports::<1>(), Folder::new());
    let config = folder.config(&[]) + &managed(&ports, &json!({})).replace("100ms", "3s");
    let ticketd = Ticketd::start(&config, &[]).await;
    ticketd.healthy(1).await;
    let mut events = Events::live(&ticketd).await;
    let before = events.wait_for("nodes").await;
    assert_eq!(before["nodes"][0]["last_failure"], Value::Null);
    events.wait_for("load").await;
    let pid = before["nodes"][0]["pid"].as_u64().expect("a pid");
    let killed = Instant::now();
    kill_process(pid_of(u32::try_from(pid).expect("a pid")), Signal::KILL).expect("it runs");
    let lost = until("a node that is not healthy", async || {
        let nodes = events.wait_for("nodes").await;
        (nodes["healthy_endpoints"] == 0).then_some(nodes)
    })
    .await;
    assert!(killed.elapsed() < SOON, "{:?}", killed.elapsed());
    let failure = &lost["nodes"][0]["last_failure"];
    assert!(failure["reason"].is_string() && failure.get("output").is_none(), "{failure}");
    let path = format!("GET /admin/nodes/{}", ports[0]);
    let node = control(&folder.socket(), &path, "").await.body;
    assert!(node["last_failure"]["output"].is_array(), "operators are told: {node}");

    let drain = format!("POST /admin/nodes/{}/drain", ports[0]);
    assert_eq!(control(&folder.socket(), &drain, "").await.status, 202);
    until("a node out of service", async || {
        let nodes = events.wait_for("nodes").await;
        (nodes["nodes"][0]["state"] == "stopped").then_some(())
    })
    .await;
    // From now on nothing changes: what comes next is the load.
    let (name, load) = events.next().await.expect("an event");
    assert_eq!(name, "load", "{load}");
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_stream_ends_when_the_service_stops_over_the_socket_too() {
    let folder = Folder::new();
    let mut ticketd = start(&folder.config(&[])).await;
    let mut tcp = Events::live(&ticketd).await;
    tcp.wait_for("load").await;
    let socket = folder.socket();
    let local = async {
        let stream = tokio::net::UnixStream::connect(&socket).await.expect("the socket is served");
        exchange(stream, "GET /live", "accept: text/event-stream\r\n", "").await
    };
    let stop = async {
        ticketd.process.signal(Signal::TERM);
        while tcp.next().await.is_some() {}
    };
    let (local, ()) = tokio::join!(local, stop);
    assert_eq!(local.status, 200);
    assert!(ticketd.process.ended().await.success());
}

#[actix_web::test]
async fn a_stream_ends_when_its_token_is_taken_away() {
    let [kept, gone] = ["remaining-token-012345", "leaving-token-0123456789"];
    let (fake, folder) = (Fake::start().await, Folder::new());
    let tokens = folder.write("tokens", &format!("{kept}\n{gone}\n"));
    let admins = folder.write("admin-tokens", gone);
    let config = folder.config(&[("tokens_file", &tokens), ("admin_tokens_file", &admins)]);
    let ticketd = Ticketd::start(&config, &[("DEEPSEEK_ENDPOINTS", &fake.url)]).await;
    let open = async |path: &str, token: &str| {
        let mut stream = connect(&ticketd).await;
        let ask = String::from_utf8(ASK.to_vec()).expect("text").replace("/live", path);
        let ask = ask.replace(
            "accept",
            &format!("connection: close\r\nauthorization: Bearer {token}\r\naccept"),
        );
        stream.write_all(ask.as_bytes()).await.expect("sent");
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.expect("it answers");
        assert_eq!(&head, b"HTTP/1.1 200", "{path}");
        stream
    };
    let log = format!("/admin/nodes/{}/log?follow=true", fake.url.trim_start_matches("http://"));
    let mut stays = open("/live", kept).await;
    let goes = [open("/live", gone).await, open(&log, gone).await];
    folder.write("tokens", kept);
    folder.write("admin-tokens", "another-token-0123456789");
    assert_eq!(control(&folder.socket(), "POST /admin/reload", "").await.status, 200);
    for mut stream in goes {
        rest(&mut stream).await;
    }
    let mut text = String::new();
    let mut until_told = async |event: &str, times: usize| {
        let read = async {
            while text.matches(event).count() < times {
                let mut bytes = [0; 4096];
                let length = stays.read(&mut bytes).await.expect("a stream");
                assert!(length > 0, "it ended: {text}");
                text.push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
            text.matches("event: nodes").count()
        };
        timeout(SOON, read).await.expect(event)
    };
    let before = until_told("event: load", 1).await;
    assert_ticket(&control(&folder.socket(), "POST /summarize", CALL).await);
    until_told("event: nodes", before + 1).await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn there_are_so_many_streams_and_one_that_a_reader_left_makes_room() {
    let folder = Folder::new();
    let ticketd = start(&(folder.config(&[]) + "workers = 2\n[log]\nlevel = \"debug\"\n")).await;
    let mut streams = Vec::new();
    for _ in 0..32 {
        let mut events = Events::live(&ticketd).await;
        events.wait_for("load").await;
        streams.push(events);
    }
    let refused =
        exchange(connect(&ticketd).await, "GET /live", "accept: text/event-stream\r\n", "").await;
    assert_eq!((refused.status, &refused.body["code"]), (503, &json!("busy")));
    assert_eq!(refused.header("retry-after"), Some("10"));
    assert_eq!(ticketd.get("/live").await.status, 200, "once is no stream");
    let head = String::from_utf8(ASK.to_vec()).expect("text").replace("GET", "HEAD");
    let head =
        answer_to(&ticketd, head.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n").as_bytes())
            .await;
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
    assert!(head.ends_with("\r\n\r\n"), "{head}");

    drop(streams.pop());
    let again = until("room for another one", async || {
        let mut stream = connect(&ticketd).await;
        stream.write_all(ASK).await.expect("sent");
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.expect("it answers");
        (&head == b"HTTP/1.1 200").then_some(stream)
    })
    .await;
    ticketd.process.line_after("caller left request_id=").await;
    drop(again);
    drop(streams);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_reader_who_sends_on_and_on_is_cut_off() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let mut stream = connect(&ticketd).await;
    stream.write_all(ASK).await.expect("sent");
    let mut told = [0; 15];
    stream.read_exact(&mut told).await.expect("it answers");
    assert_eq!(&told, b"HTTP/1.1 200 OK");
    // More than is read ahead; the cut may come amid it.
    let _ = stream.write_all(&vec![b'x'; 400 * 1024]).await;
    let told = rest(&mut stream).await;
    assert!(!told.ends_with("\r\n0\r\n\r\n"), "{told}");
    assert_ticket(&ticketd.summarize(CALL).await);
    ticketd.stop().await;
}

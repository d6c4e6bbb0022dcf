//! Stops: in order, within the grace, at once.

use std::time::Duration;

use rustix::process::{Signal, test_kill_process};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::{
    harness::{
        CALL, Fake, LIMIT, Ticketd, assert_ticket, behave, call, free_ports, managed, pid_of, seen,
        until,
    },
    operate::operator,
    raw::control,
    socket::Folder,
};

/// The process ids of the managed fakes on these ports.
async fn pids(ticketd: &Ticketd, ports: &[u16]) -> Vec<rustix::process::Pid> {
    let mut pids = Vec::new();
    for port in ports {
        let seen = seen(&ticketd.client, &format!("http://127.0.0.1:{port}")).await;
        pids.push(pid_of(u32::try_from(seen["pid"].as_u64().expect("a pid")).expect("a pid")));
    }
    pids
}

#[actix_web::test]
async fn sigterm_answers_the_calls_in_flight_and_queued_refuses_new_ones_and_leaves_no_process() {
    let ports = free_ports::<3>();
    let config = managed(&ports, &json!({"delay_ms": 800})) + "[log]\nlevel = \"debug\"\n";
    let mut ticketd = Ticketd::start(&config, &[]).await;
    ticketd.healthy(3).await;
    let pids = pids(&ticketd, &ports).await;
    let address = ticketd.url.trim_start_matches("http://").to_owned();
    let bodies: Vec<_> = (0..4).map(call).collect();
    let stop = async {
        // Three are in flight when a fourth has to wait.
        ticketd.process.line_after("calls wait for a slot waiting=1").await;
        ticketd.process.signal(Signal::TERM);
        until("refused connections", async || TcpStream::connect(&address).await.err()).await;
    };
    let calls = futures_util::future::join_all(bodies.iter().map(|body| ticketd.summarize(body)));
    let (replies, ()) = tokio::join!(calls, stop);
    replies.iter().for_each(assert_ticket);
    let status = ticketd.process.ended().await;
    assert_eq!(status.code(), Some(0), "{}", ticketd.process.log());
    for pid in pids {
        assert!(test_kill_process(pid).is_err(), "{pid:?} is left");
    }
}

#[actix_web::test]
async fn what_still_waits_when_the_grace_is_over_gets_503_shutting_down() {
    let fake = Fake::start().await;
    let config = "[server]\nshutdown_grace = \"300ms\"\n[log]\nlevel = \"debug\"\n";
    let ticketd = Ticketd::over(&[&fake], config).await;
    fake.behave(json!({"fault": "stall_amid"})).await;
    let bodies = [call(0), call(1)];
    let stop = async {
        ticketd.process.line_after("calls wait for a slot waiting=1").await;
        ticketd.process.signal(Signal::TERM);
    };
    let (first, second, ()) =
        tokio::join!(ticketd.summarize(&bodies[0]), ticketd.summarize(&bodies[1]), stop);
    for reply in [first, second] {
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (503, &json!("shutting_down")),
            "{reply:?}"
        );
    }
    let mut ticketd = ticketd;
    assert!(ticketd.process.ended().await.success());
}

#[actix_web::test]
async fn a_second_signal_kills_the_groups_and_exits_with_1() {
    let ports = free_ports::<2>();
    let behaviour = json!({"fault": "stall_before", "ignore_sigterm": true});
    let mut ticketd = Ticketd::start(&managed(&ports, &behaviour), &[]).await;
    ticketd.healthy(2).await;
    let pids = pids(&ticketd, &ports).await;
    let body = call(0);
    let second = async {
        until("a call in flight", async || {
            (ticketd.counts().await.iter().sum::<u64>() == 1).then_some(())
        })
        .await;
        ticketd.process.signal(Signal::TERM);
        ticketd.process.line_after("stopping: no new calls").await;
        ticketd.process.signal(Signal::INT);
    };
    let request = ticketd.client.post(format!("{}/summarize", ticketd.url)).send_body(body);
    let (reply, ()) = tokio::join!(request, second);
    // The connection broke, or there was just time to say so.
    assert!(reply.map_or(true, |reply| reply.status() == 503));
    assert_eq!(ticketd.process.ended().await.code(), Some(1));
    for pid in pids {
        until("no process is left", async || test_kill_process(pid).err()).await;
    }
}

#[actix_web::test]
async fn a_node_that_ignores_sigterm_is_killed_after_its_grace() {
    let ports = free_ports::<1>();
    let config = managed(&ports, &json!({"ignore_sigterm": true}));
    let config = config.replace("[nodes]\n", "[nodes]\nstop_grace = \"200ms\"\n");
    let ticketd = Ticketd::start(&config, &[]).await;
    ticketd.healthy(1).await;
    let pid = pids(&ticketd, &ports).await[0];
    let log = ticketd.stop().await;
    assert!(log.contains("no end within nodes.stop_grace"), "{log}");
    assert!(test_kill_process(pid).is_err(), "{pid:?} is left");
}

#[actix_web::test]
async fn a_stop_does_not_wait_for_a_body_that_does_not_come() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let address = ticketd.url.trim_start_matches("http://");
    let mut slow = TcpStream::connect(address).await.expect("open");
    let head =
        format!("POST /summarize HTTP/1.1\r\nhost: {address}\r\ncontent-length: 100\r\n\r\n{{");
    slow.write_all(head.as_bytes()).await.expect("sent");
    // A request behind it on the same worker, so that the first one has been taken up.
    ticketd.get("/healthz").await;
    let stopped = timeout(Duration::from_secs(30), ticketd.stop()).await;
    assert!(stopped.is_ok(), "the grace of 180 s is for calls");
}

#[actix_web::test]
async fn a_stop_does_not_wait_for_idle_connections() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let idle = TcpStream::connect(ticketd.url.trim_start_matches("http://")).await.expect("open");
    let stopped = timeout(Duration::from_secs(30), ticketd.stop()).await;
    assert!(stopped.is_ok(), "the grace of 180 s is for calls");
    drop(idle);
}

#[actix_web::test]
async fn while_a_stop_waits_for_a_call_operators_see_it_and_can_act_on_its_node() {
    let folder = Folder::new();
    let ports = free_ports::<2>();
    let config =
        managed(&ports, &json!({})).replace("[nodes]\n", "[nodes]\ndrain_timeout = \"100ms\"\n");
    let mut ticketd = Ticketd::start(&(folder.config(&[]) + &config), &[]).await;
    ticketd.healthy(2).await;
    for port in ports {
        let stalling = json!({"fault": "stall_amid"});
        behave(&ticketd.client, &format!("http://127.0.0.1:{port}"), stalling).await;
    }
    let stop = async {
        let busy = until("a call in flight", async || {
            let nodes = control(&folder.socket(), "GET /admin/nodes", "").await.body;
            let nodes = nodes["nodes"].as_array().expect("a list").clone();
            nodes.into_iter().find(|node| node["in_flight"] == 1)
        })
        .await;
        let id = busy["id"].as_str().expect("an id");
        for port in ports.iter().filter(|port| port.to_string() != id) {
            behave(&ticketd.client, &format!("http://127.0.0.1:{port}"), json!({})).await;
        }
        ticketd.process.signal(Signal::TERM);
        ticketd.process.line_after("stopping: no new calls").await;
        for refused in ["POST /admin/reload", "POST /summarize"] {
            until(refused, async || {
                let reply = control(&folder.socket(), refused, CALL).await;
                (reply.body["code"] == "shutting_down").then_some(())
            })
            .await;
        }
        let following = UnixStream::connect(folder.socket()).await.expect("it is served");
        let (reading, mut writing) = following.into_split();
        let follow = format!("GET /admin/nodes/{id}/log?follow=true HTTP/1.1\r\nhost: x\r\n\r\n");
        writing.write_all(follow.as_bytes()).await.expect("sent");
        let mut log = BufReader::new(reading).lines();
        let mut read_to = async |part: &str| {
            while !log.next_line().await.expect("read").expect("it goes on").contains(part) {}
        };
        timeout(LIMIT, read_to("Listening on")).await.expect("its first lines");
        let speaking = json!({"fault": "stall_amid", "log_lines": 1});
        behave(&ticketd.client, &format!("http://127.0.0.1:{id}"), speaking).await;
        timeout(LIMIT, read_to("line 1 of 1")).await.expect("a line that came later");
        let status = operator(&folder, &["status"]).await;
        let said = String::from_utf8(status.stdout).expect("UTF-8");
        let row = said.lines().find(|line| line.starts_with(id)).expect("its row");
        assert!(status.status.success() && row.contains("1/1"), "{said}");
        let drained = operator(&folder, &["node", "drain", id, "--no-wait"]).await;
        assert!(drained.status.success(), "{drained:?}");
        // Who follows on holds up nothing.
        (log, writing)
    };
    let (reply, _following) = tokio::join!(ticketd.summarize(CALL), stop);
    assert_ticket(&reply);
    assert!(ticketd.process.ended().await.success(), "{}", ticketd.process.log());
    assert!(!folder.socket().exists());
}

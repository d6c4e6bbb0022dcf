//! No call is lost when a node dies, hangs or lies.

use futures_util::{StreamExt, stream};
use rustix::process::Signal;
use serde_json::json;

use crate::harness::{
    Fake, Ticketd, assert_ticket, behave, call, free_ports, managed, pid_of, seen, until,
};

/// Sends calls through so many callers and expects a ticket for each.
async fn load(ticketd: &Ticketd, calls: std::ops::Range<usize>, callers: usize) {
    let sent = stream::iter(calls).map(|number| async move {
        let body = call(number);
        assert_ticket(&ticketd.summarize(&body).await);
    });
    sent.buffer_unordered(callers).collect::<()>().await;
}

#[actix_web::test]
async fn a_managed_node_killed_amid_sixty_calls_loses_none_and_is_used_again() {
    let ports = free_ports::<3>();
    let behaviour = json!({"delay_ms": 30, "token_ms": 1});
    let ticketd = Ticketd::start(&managed(&ports, &behaviour), &[]).await;
    ticketd.healthy(3).await;
    let victim = format!("http://127.0.0.1:{}", ports[1]);
    let first = seen(&ticketd.client, &victim).await["pid"].clone();
    let kill = async {
        until("the victim amid a call", async || {
            let seen = seen(&ticketd.client, &victim).await;
            (seen["calls"].as_u64() >= Some(3) && seen["running"] == 1).then_some(())
        })
        .await;
        let pid = u32::try_from(first.as_u64().expect("a pid")).expect("a pid");
        rustix::process::kill_process(pid_of(pid), Signal::KILL).expect("it runs");
    };
    tokio::join!(load(&ticketd, 0..60, 60), kill);
    ticketd.healthy(3).await;
    load(&ticketd, 60..75, 3).await;
    let seen = seen(&ticketd.client, &victim).await;
    assert_ne!(seen["pid"], first, "a new process");
    assert!(seen["calls"].as_u64() >= Some(1), "it is used again");
    let stats = ticketd.get("/lb-stats").await.body;
    assert!(
        stats["endpoints"][1]["error_count"].as_u64() >= Some(1),
        "it held a call when it died"
    );
    let log = ticketd.stop().await;
    assert!(log.contains("node process ended by itself"), "{log}");
}

/// Each fault on one of three nodes: every call gets its ticket.
#[actix_web::test]
async fn no_fault_of_one_node_loses_a_call() {
    let fakes = [Fake::start().await, Fake::start().await, Fake::start().await];
    let config = "[balancer]\nfirst_token_timeout = \"1s\"\ntoken_timeout = \"1s\"\ncall_timeout = \"3s\"\npenalty_base = \"50ms\"\npenalty_ceiling = \"100ms\"\n\
                  breaker_base = \"100ms\"\nbreaker_ceiling = \"100ms\"\n\
                  [nodes]\ncanary_timeout = \"500ms\"\ncanary_cooldown = \"100ms\"\n";
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1], &fakes[2]], config).await;
    for fake in &fakes {
        fake.behave(json!({"delay_ms": 10})).await;
    }
    let faults = [
        "stall_before",
        "stall_amid",
        "cut",
        "close",
        "status500",
        "status503",
        "status429",
        "status404",
        "status400",
        "error_line",
        "no_done",
        "garbage",
        "no_ticket",
        "think",
        "endless_think",
        "endless",
    ];
    for (round, fault) in faults.into_iter().enumerate() {
        fakes[2].behave(json!({"fault": fault, "delay_ms": 10})).await;
        let before = fakes[2].calls().await;
        load(&ticketd, round * 12..round * 12 + 12, 6).await;
        assert!(fakes[2].calls().await > before, "{fault} was met");
        fakes[2].behave(json!({"delay_ms": 10})).await;
        ticketd.healthy(3).await;
    }
    ticketd.stop().await;
}

/// A refused connection, a 503 or a 429 uses no attempt: the call waits until a node is well again.
#[actix_web::test]
async fn a_busy_fleet_costs_time_and_no_attempt() {
    let fake = Fake::start().await;
    let config = "[nodes]\nprobe_interval = \"1h\"\n[balancer]\nattempts = 1\n";
    let ticketd = Ticketd::over(&[&fake], config).await;
    for fault in ["status503", "status429"] {
        let before = fake.calls().await;
        fake.behave(json!({"fault": fault, "times": 3})).await;
        assert_ticket(&ticketd.summarize(&call(0)).await);
        assert_eq!(fake.calls().await - before, 4, "{fault}");
    }
    // No probe tells that the node is gone, so the call itself meets the refused connection.
    let address = fake.url.trim_start_matches("http://").to_owned();
    drop(fake);
    let body = call(1);
    let (reply, _back) = tokio::join!(ticketd.summarize(&body), async {
        until("refused connections", async || {
            let stats = ticketd.get("/lb-stats").await.body;
            (stats["endpoints"][0]["error_count"].as_u64() >= Some(8)).then_some(())
        })
        .await;
        Fake::start_with(&address, "deepseek-r1:14b").await
    });
    assert_ticket(&reply);
    ticketd.stop().await;
}

/// A call that had a slot keeps its right to be served, however full the queue is.
#[actix_web::test]
async fn a_call_whose_node_failed_is_never_turned_away_by_a_full_queue() {
    for fault in ["cut", "status503"] {
        let fakes = [Fake::start().await, Fake::start().await];
        let config =
            "[balancer]\nqueue_limit = 2\npenalty_base = \"1ms\"\npenalty_ceiling = \"1ms\"\n";
        let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], config).await;
        fakes[0].behave(json!({"delay_ms": 20})).await;
        fakes[1].behave(json!({"fault": fault})).await;
        // Callers who come back when the queue is full for a new call.
        let sent = stream::iter(0..30).map(|number| {
            let ticketd = &ticketd;
            async move {
                let body = call(number);
                until("a place in the queue", async || {
                    let reply = ticketd.summarize(&body).await;
                    (reply.status != 503).then(|| assert_ticket(&reply))
                })
                .await;
            }
        });
        sent.buffer_unordered(8).collect::<()>().await;
        assert!(fakes[1].calls().await > 0, "{fault} was met");
        let log = ticketd.stop().await;
        let begun = |line: &&str| line.contains("call failed on this node");
        for line in log.lines().filter(begun) {
            let id = line.split_once("request_id=").and_then(|(_, rest)| rest.split('}').next());
            let id = id.expect("a request id");
            let lost = |line: &&str| line.contains("request failed") && line.contains(id);
            assert_eq!(log.lines().find(lost), None, "{fault}");
        }
    }
}

/// An answer that trickles is ended by the limit for the whole call, and made elsewhere.
#[actix_web::test]
async fn a_node_that_trickles_is_left_for_another_one() {
    let fakes = [Fake::start().await, Fake::start().await];
    let config = "[balancer]\ncall_timeout = \"1s\"\n";
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], config).await;
    fakes[0].behave(json!({"token_ms": 100})).await;
    for number in 0..4 {
        assert_ticket(&ticketd.summarize(&call(number)).await);
    }
    assert!(fakes[0].calls().await >= 1);
    let log = ticketd.stop().await;
    assert!(log.contains("no end in time"), "{log}");
}

/// An answer that does not end is ended by its form, long before any limit of time, and made elsewhere.
#[actix_web::test]
async fn an_endless_answer_is_left_for_another_node() {
    for fault in ["endless", "endless_think", "endless_words"] {
        let fakes = [Fake::start().await, Fake::start().await];
        let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], "").await;
        fakes[0].behave(json!({"fault": fault, "token_ms": 2})).await;
        for number in 0..4 {
            assert_ticket(&ticketd.summarize(&call(number)).await);
            if fakes[0].calls().await > 0 {
                break;
            }
        }
        until("its slot is free", async || (fakes[0].seen().await["running"] == 0).then_some(()))
            .await;
        assert!(fakes[0].calls().await >= 1, "{fault} was met");
        let log = ticketd.stop().await;
        assert!(log.contains("the answer does not end"), "{fault}: {log}");
    }
}

/// An attempt that failed on one node is made on another one, and there are no more than allowed.
#[actix_web::test]
async fn attempts_go_to_different_nodes_and_are_counted() {
    let fakes = [Fake::start().await, Fake::start().await, Fake::start().await];
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1], &fakes[2]], "").await;
    for fake in &fakes {
        fake.behave(json!({"fault": "no_ticket"})).await;
    }
    let reply = ticketd.summarize(&call(0)).await;
    assert_eq!((reply.status, &reply.body["code"]), (502, &json!("upstream_failed")));
    for fake in &fakes {
        assert_eq!(fake.calls().await, 1);
    }
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_crash_amid_the_answer_is_survived_by_the_call_and_the_node() {
    let ports = free_ports::<2>();
    let ticketd = Ticketd::start(&managed(&ports, &json!({})), &[]).await;
    ticketd.healthy(2).await;
    for fault in ["crash_amid", "crash_before"] {
        let url = format!("http://127.0.0.1:{}", ports[0]);
        behave(&ticketd.client, &url, json!({"fault": fault})).await;
        load(&ticketd, 0..6, 2).await;
        ticketd.healthy(2).await;
    }
    let log = ticketd.stop().await;
    assert!(log.contains("signal: 6 (SIGABRT)"), "the end is told: {log}");
}

#[actix_web::test]
async fn nothing_of_a_call_is_logged_whatever_fails() {
    let fake = Fake::start().await;
    let config =
        "[log]\nlevel = \"debug\"\n[balancer]\npenalty_base = \"1ms\"\npenalty_ceiling = \"1ms\"\n";
    let ticketd = Ticketd::over(&[&fake], config).await;
    let secret = json!({"s": [{"citizen": "我叫张三丰，电话13800123456，停水了"}]}).to_string();
    for fault in ["cut", "error_line", "garbage", "no_ticket", "status400", "status500", "none"] {
        fake.behave(json!({"fault": fault})).await;
        ticketd.summarize(&secret).await;
    }
    let log = ticketd.stop().await;
    for word in ["张三丰", "13800123456", "停水"] {
        assert!(!log.contains(word), "{word} in {log}");
    }
    assert!(log.contains("call failed on this node"), "{log}");
}

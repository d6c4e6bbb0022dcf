//! Every fault of a node: the state that is shown with its remedy, and no call lost meanwhile.

mod models;

use rustix::process::{Signal, geteuid, kill_process};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    harness::{
        CALL, Fake, Reply, Ticketd, assert_ticket, behave, call, free_ports, managed, pid_of, seen,
        until,
    },
    raw::control,
    socket::Folder,
};

/// Short times, so that a fault is over soon.
const FAST: &str = "[nodes]\nprobe_timeout = \"1s\"\nhang_timeout = \"500ms\"\nbackoff_ceiling = \"400ms\"\n\
                    canary_timeout = \"2s\"\nstop_grace = \"300ms\"\n";

/// Two managed nodes, of which the second behaves in its own way.
async fn with_faulty(behaviour: &Value, keys: &str) -> (Ticketd, [u16; 2]) {
    served_with_faulty("", behaviour, keys).await
}

/// The same, with this `[server]`.
async fn served_with_faulty(server: &str, behaviour: &Value, keys: &str) -> (Ticketd, [u16; 2]) {
    let ports = free_ports::<2>();
    let own = format!(
        "[[nodes.node]]\nport = {}\nenv = {{ FAKE_BEHAVIOUR = '{behaviour}' }}\n",
        ports[1]
    );
    let config = managed(&ports, &json!({})).replace("[nodes]\n", &format!("{FAST}{keys}"));
    let balancer = "[balancer]\nfirst_token_timeout = \"500ms\"\n";
    (Ticketd::start(&(server.to_owned() + &config + &own + balancer), &[]).await, ports)
}

/// What `/lb-stats` tells of the node on a port.
async fn told(ticketd: &Ticketd, port: u16) -> Value {
    let stats = ticketd.get("/lb-stats").await.body;
    let nodes = stats["endpoints"].as_array().expect("a list").clone();
    let id = json!(port.to_string());
    let found = nodes.into_iter().find(|node| node["id"] == id);
    found.expect("it is listed")
}

/// Waits until the node on a port is in a state, and gives what is told of it.
async fn state(ticketd: &Ticketd, port: u16, state: &str) -> Value {
    until(&format!("{port} {state}\n{}", ticketd.process.log()), async || {
        let told = told(ticketd, port).await;
        (told["state"] == state).then_some(told)
    })
    .await
}

async fn pid(ticketd: &Ticketd, port: u16) -> u32 {
    let seen = seen(&ticketd.client, &format!("http://127.0.0.1:{port}")).await;
    u32::try_from(seen["pid"].as_u64().expect("a pid")).expect("a pid")
}

/// Two calls at once, one for each node.
async fn two(ticketd: &Ticketd) -> (Reply, Reply) {
    let bodies = [call(0), call(1)];
    tokio::join!(ticketd.summarize(&bodies[0]), ticketd.summarize(&bodies[1]))
}

fn lives(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[actix_web::test]
async fn a_node_that_ends_at_its_start_is_shown_as_crash_looping_with_its_last_lines() {
    let folder = Folder::new();
    let (ticketd, ports) =
        served_with_faulty(&folder.config(&[]), &json!({"exit_code_at_start": 1}), "").await;
    ticketd.healthy(1).await;
    let told = until("a crash loop with its remedy", async || {
        let told = told(&ticketd, ports[1]).await;
        (told["state"] == "crash-looping").then_some(told)
    })
    .await;
    let shown = control(&folder.socket(), &format!("GET /admin/nodes/{}", ports[1]), "").await;
    let failure = &shown.body["last_failure"];
    assert_eq!(failure["reason"], "exit status: 1", "{failure}");
    let last = failure["output"].as_array().and_then(|lines| lines.last()?.as_str());
    assert!(last.is_some_and(|line| line.starts_with("Error: mkdir")), "{failure}");
    assert!(told["remedy"].as_str().is_some_and(|text| text.contains("5 times")), "{told}");
    assert_ticket(&ticketd.summarize(CALL).await);
    let log = ticketd.stop().await;
    assert!(log.contains("Error: mkdir"), "its own line: {log}");
}

#[actix_web::test]
async fn a_node_that_crashes_after_a_while_comes_back_each_time() {
    let (ticketd, _) = with_faulty(&json!({"crash_after_ms": 700}), "").await;
    ticketd.healthy(2).await;
    ticketd.process.line_after("node process ended by itself").await;
    assert_ticket(&ticketd.summarize(CALL).await);
    until("three processes of it", async || {
        (ticketd.process.log().matches("node process started").count() >= 4).then_some(())
    })
    .await;
    ticketd.stop().await;
}

/// It answers every probe, and no call ever.
#[actix_web::test]
async fn a_node_that_generates_nothing_is_found_by_a_canary_and_restarted() {
    let (ticketd, ports) = with_faulty(&json!({}), "").await;
    ticketd.healthy(2).await;
    let first = pid(&ticketd, ports[1]).await;
    let url = format!("http://127.0.0.1:{}", ports[1]);
    behave(&ticketd.client, &url, json!({"silent_generate": true})).await;
    let (one, other) = two(&ticketd).await;
    assert_ticket(&one);
    assert_ticket(&other);
    ticketd.process.line_after("no token within nodes.canary_timeout").await;
    ticketd.healthy(2).await;
    assert_ne!(pid(&ticketd, ports[1]).await, first);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_slow_call_alone_kills_no_node() {
    let (ticketd, ports) = with_faulty(&json!({}), "").await;
    ticketd.healthy(2).await;
    let first = pid(&ticketd, ports[1]).await;
    let url = format!("http://127.0.0.1:{}", ports[1]);
    behave(&ticketd.client, &url, json!({"fault": "stall_before", "spare_canaries": true})).await;
    let (one, other) = two(&ticketd).await;
    assert_ticket(&one);
    assert_ticket(&other);
    ticketd.process.line_after("calls made no progress on this node").await;
    ticketd.healthy(2).await;
    assert_eq!(pid(&ticketd, ports[1]).await, first, "the canary sang");
    let canaries = seen(&ticketd.client, &url).await["canaries"].as_u64().expect("a count");
    assert!(canaries > 0);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_node_that_ignores_sigterm_is_killed_after_its_grace() {
    let (ticketd, _) = with_faulty(&json!({"ignore_sigterm": true}), "").await;
    ticketd.healthy(2).await;
    let log = ticketd.stop().await;
    assert!(log.contains("no end within nodes.stop_grace"), "{log}");
}

#[actix_web::test]
async fn what_only_an_operator_can_mend_is_shown_with_its_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    let squatter = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = squatter.local_addr().expect("an address").port();
    let [free] = free_ports();
    let with = |keys: &str, ports: &[u16]| {
        managed(ports, &json!({})).replace("[nodes]\n", &format!("{FAST}{keys}"))
    };
    // The states come and go with each try; the remedy stays.
    let table = [
        (
            with(&format!("models_dir = {:?}\n", file.join("models")), &[free]),
            free,
            "correct nodes.models_dir",
        ),
        (with("", &[taken]), taken, "stop it, or take the port out of nodes.ports"),
        (
            format!("[nodes]\nprogram = \"/no/such/ollama\"\nports = [{free}]\n"),
            free,
            "the program was not found: install it",
        ),
    ];
    for (config, port, remedy) in table {
        let ticketd = Ticketd::start(&config, &[]).await;
        until(remedy, async || {
            let told = told(&ticketd, port).await;
            told["remedy"].as_str().filter(|text| text.contains(remedy)).map(|_| ())
        })
        .await;
        assert_eq!(ticketd.get("/health").await.status, 200);
        ticketd.stop().await;
    }
}

/// A runner that dies under its node is loaded again before the node gets calls.
#[actix_web::test]
async fn a_runner_killed_under_the_node_costs_no_call_and_is_loaded_again() {
    let (ticketd, ports) = with_faulty(&json!({"runner": true, "delay_ms": 200}), "").await;
    ticketd.healthy(2).await;
    let url = format!("http://127.0.0.1:{}", ports[1]);
    let runner = seen(&ticketd.client, &url).await["runner_pid"].as_u64().expect("it runs");
    let kill = async {
        until("a call on it", async || {
            (seen(&ticketd.client, &url).await["running"] == 1).then_some(())
        })
        .await;
        kill_process(pid_of(u32::try_from(runner).expect("a pid")), Signal::KILL).expect("runs");
    };
    let ((one, other), ()) = tokio::join!(two(&ticketd), kill);
    assert_ticket(&one);
    assert_ticket(&other);
    until("loaded again", async || {
        let seen = seen(&ticketd.client, &url).await;
        seen["runner_pid"].as_u64().filter(|pid| *pid != runner).map(|_| ())
    })
    .await;
    ticketd.healthy(2).await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn no_runner_outlives_its_node_or_its_ticketd() {
    let ports = free_ports::<1>();
    let config = managed(&ports, &json!({"runner": true}));
    let mut first = Ticketd::start(&config, &[]).await;
    first.healthy(1).await;
    let url = format!("http://127.0.0.1:{}", ports[0]);
    let runner = async |ticketd: &Ticketd| {
        seen(&ticketd.client, &url).await["runner_pid"].as_u64().expect("it runs")
    };
    let old = runner(&first).await;
    assert!(lives(old));
    kill_process(pid_of(pid(&first, ports[0]).await), Signal::KILL).expect("it runs");
    first.process.line_after("node process ended by itself").await;
    // The next line comes after the delay; the runner is gone before any new process starts.
    until("the runner is gone", async || (!lives(old)).then_some(())).await;
    first.healthy(1).await;
    let (node, orphan) = (pid(&first, ports[0]).await, runner(&first).await);
    assert_ne!(orphan, old);
    first.process.signal(Signal::KILL);
    first.process.ended().await;
    let second = Ticketd::start(&config, &[]).await;
    second.healthy(1).await;
    assert!(!lives(orphan), "the runner {orphan} is left");
    assert!(!lives(node.into()), "the node {node} is left");
    assert_ne!(runner(&second).await, orphan);
    second.stop().await;
}

#[actix_web::test]
async fn a_call_that_two_nodes_fail_alike_is_its_own_fault() {
    let fakes = [Fake::start().await, Fake::start().await];
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], "").await;
    for fake in &fakes {
        fake.behave(json!({"fault": "status500", "only_for": "ticket_type"})).await;
    }
    let reply = ticketd.summarize(CALL).await;
    assert_eq!((reply.status, &reply.body["code"]), (502, &json!("upstream_failed")));
    let stats = ticketd.get("/lb-stats").await.body;
    for node in stats["endpoints"].as_array().expect("a list") {
        assert_eq!((&node["error_count"], &node["healthy"]), (&json!(0), &json!(true)), "{stats}");
    }
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_flood_of_lines_is_cut_in_the_log_and_counted() {
    let keys = "log_lines_per_second = 5\n";
    let (ticketd, ports) = with_faulty(&json!({}), keys).await;
    ticketd.healthy(2).await;
    let url = format!("http://127.0.0.1:{}", ports[1]);
    behave(&ticketd.client, &url, json!({"log_lines": 500})).await;
    let rest = ticketd.process.line_after("dropped=").await;
    let dropped: u64 = rest.split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    assert!((400..=500).contains(&dropped), "{rest}");
    ticketd.stop().await;
}

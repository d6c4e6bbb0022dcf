//! Managed nodes: started, restarted, and never a burden.

use std::time::Duration;

use rustix::process::{Signal, kill_process};
use serde_json::json;

use crate::harness::{
    CALL, Fake, Ticketd, assert_ticket, free_ports, managed, pid_of, seen, until,
};

/// The state letter of a process in /proc, such as `Z` for a zombie; none if it is gone.
fn state_of(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

#[actix_web::test]
async fn a_node_gets_its_port_and_the_shared_model_directory() {
    let ports = free_ports::<2>();
    let environment =
        [("OLLAMA_MODELS", "/models"), ("SECRET", "x"), ("CUDA_VISIBLE_DEVICES", "1")];
    let ticketd = Ticketd::start(&managed(&ports, &json!({})), &environment).await;
    ticketd.healthy(2).await;
    for port in ports {
        let seen = seen(&ticketd.client, &format!("http://127.0.0.1:{port}")).await;
        let environment = &seen["environment"];
        assert_eq!(environment["OLLAMA_HOST"], format!("127.0.0.1:{port}"));
        assert_eq!(environment["OLLAMA_MODELS"], "/models");
        assert_eq!(environment["OLLAMA_NOPRUNE"], "1");
        assert_eq!(environment["CUDA_VISIBLE_DEVICES"], "1");
        assert!(environment["SECRET"].is_null(), "explicit, not inherited");
    }
    let log = ticketd.stop().await;
    for port in ports {
        let line = format!("node={port} ");
        assert!(log.lines().any(|l| l.contains(&line) && l.contains("Listening on")), "{log}");
    }
}

#[actix_web::test]
async fn a_node_gets_calls_only_when_its_model_is_loaded_with_their_options() {
    let [port] = free_ports();
    let behaviour = json!({"load_ms": 400, "load_failures": 2});
    let ticketd = Ticketd::start(&managed(&[port], &behaviour), &[]).await;
    ticketd.process.line_after("node loads its model").await;
    let health = ticketd.get("/health").await.body;
    assert_eq!(health["deepseek_service"], "unhealthy", "it answers and takes no calls");
    // A call that comes meanwhile waits, and finds the model loaded.
    assert_ticket(&ticketd.summarize(CALL).await);
    let seen = seen(&ticketd.client, &format!("http://127.0.0.1:{port}")).await;
    let loads = seen["loads"].as_array().expect("a list");
    assert_eq!(loads.len(), 3, "two that failed and one that did not");
    let call = &seen["bodies"][0];
    for load in loads {
        for field in ["model", "keep_alive", "options"] {
            assert_eq!(load[field], call[field], "{field}");
        }
        assert!(load["prompt"].is_null());
    }
    let log = ticketd.stop().await;
    assert_eq!(log.matches("model could not be loaded: tried again").count(), 2, "{log}");
    let loaded = log.find("model loaded").expect("it was loaded");
    assert!(loaded < log.find("node ready").expect("it became ready"), "{log}");
}

#[actix_web::test]
async fn a_killed_node_leaves_no_zombie_and_comes_back() {
    let [port] = free_ports();
    let ticketd = Ticketd::start(&managed(&[port], &json!({})), &[]).await;
    ticketd.healthy(1).await;
    let url = format!("http://127.0.0.1:{port}");
    let pid = seen(&ticketd.client, &url).await["pid"].as_u64().expect("a pid");
    let pid = u32::try_from(pid).expect("a pid");
    kill_process(pid_of(pid), Signal::KILL).expect("it runs");
    ticketd.process.line_after("node process ended by itself").await;
    assert_eq!(state_of(pid), None, "reaped");
    assert_ticket(&ticketd.summarize(CALL).await);
    assert_ne!(seen(&ticketd.client, &url).await["pid"], pid);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_program_that_cannot_start_is_told_once_a_try_and_no_caller_waits_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = folder.path().join("not-executable");
    std::fs::write(&plain, "text").expect("written");
    let [port] = free_ports();
    let table = [
        ("/no/such/ollama".to_owned(), "the program was not found: install it"),
        (plain.display().to_string(), "the program may not be executed: check its permissions"),
    ];
    for (program, remedy) in table {
        let config =
            format!("[nodes]\nprogram = {program:?}\nports = [{port}]\nbackoff_base = \"10ms\"\n");
        let ticketd = Ticketd::start(&config, &[]).await;
        ticketd.process.line_after(remedy).await;
        // Only an operator can help, so the call is refused at once and not after 180 s.
        let reply = tokio::time::timeout(Duration::from_secs(20), ticketd.summarize(CALL)).await;
        let reply = reply.expect("at once");
        assert_eq!((reply.status, &reply.body["code"]), (503, &json!("busy")));
        assert_eq!(ticketd.get("/health").await.body["deepseek_service"], "unreachable");
        let log = ticketd.stop().await;
        assert_eq!(log.matches(remedy).count(), 1, "no loop at full speed: {log}");
    }
}

#[actix_web::test]
async fn a_node_that_ends_at_once_is_restarted_ever_more_slowly() {
    let [port] = free_ports();
    let config = format!(
        "[nodes]\nprogram = \"false\"\nargs = []\nports = [{port}]\nbackoff_base = \"50ms\"\nbackoff_ceiling = \"400ms\"\n"
    );
    let ticketd = Ticketd::start(&config, &[]).await;
    until("five restarts", async || {
        (ticketd.process.log().matches("node process started").count() > 5).then_some(())
    })
    .await;
    let log = ticketd.stop().await;
    let delays: Vec<u64> = log
        .lines()
        .filter(|line| line.contains("node waits before its next start"))
        .filter_map(|line| line.split_once("delay_ms=")?.1.split(' ').next()?.parse().ok())
        .collect();
    // With half of each delay as jitter: 50, 100, 200, 400 at most, and the longest from then on.
    for (delay, most) in delays.iter().zip([50, 100, 200, 400, 400]) {
        assert!((most / 2..=most).contains(delay), "{delays:?}");
    }
    assert!(log.contains("exit status: 1"), "the end is told");
    assert_eq!(
        log.matches("node crash-looping: it ended 5 times").count(),
        1,
        "one loud line: {log}"
    );
}

#[actix_web::test]
async fn what_a_killed_ticketd_leaves_behind_is_ended_at_the_next_start_and_nobody_elses_is() {
    let ports = free_ports::<3>();
    let (own, others) = (&ports[..2], &ports[2..]);
    let pid = async |ticketd: &Ticketd, port: u16| {
        let seen = seen(&ticketd.client, &format!("http://127.0.0.1:{port}")).await;
        u32::try_from(seen["pid"].as_u64().expect("a pid")).expect("a pid")
    };
    let other = Ticketd::start(&managed(others, &json!({})), &[]).await;
    other.healthy(1).await;
    let others_pid = pid(&other, others[0]).await;
    let mut first = Ticketd::start(&managed(own, &json!({})), &[]).await;
    first.healthy(2).await;
    let orphans = [pid(&first, own[0]).await, pid(&first, own[1]).await];
    first.process.signal(Signal::KILL);
    first.process.ended().await;
    let second = Ticketd::start(&managed(own, &json!({})), &[]).await;
    second.healthy(2).await;
    for orphan in orphans {
        assert!(matches!(state_of(orphan), None | Some('Z')), "{orphan} is left");
    }
    assert_ticket(&second.summarize(CALL).await);
    // Which ticketd of this host ended them is chance: that of another test may have come first.
    let log = second.stop().await;
    assert!(!log.contains("adopted as it is"), "{log}");
    assert_eq!(pid(&other, others[0]).await, others_pid, "another ticketd's node lives on");
    other.stop().await;
}

#[actix_web::test]
async fn a_node_that_hangs_is_killed_and_started_anew() {
    let ports = free_ports::<2>();
    let timing = "[nodes]\nprobe_timeout = \"200ms\"\nhang_timeout = \"500ms\"\n";
    let config = managed(&ports, &json!({})).replace("[nodes]\n", timing);
    let ticketd = Ticketd::start(&config, &[]).await;
    ticketd.healthy(2).await;
    let url = format!("http://127.0.0.1:{}", ports[0]);
    let pid = seen(&ticketd.client, &url).await["pid"].as_u64().expect("a pid");
    let stopped = pid_of(u32::try_from(pid).expect("a pid"));
    kill_process(stopped, Signal::STOP).expect("it runs");
    // One of these two meets the node that hangs, and its call goes on elsewhere when it is killed.
    let bodies = [crate::harness::call(0), crate::harness::call(1)];
    let (one, other) = tokio::join!(ticketd.summarize(&bodies[0]), ticketd.summarize(&bodies[1]));
    assert_ticket(&one);
    assert_ticket(&other);
    ticketd.healthy(2).await;
    assert_ne!(seen(&ticketd.client, &url).await["pid"], pid, "a new process");
    let log = ticketd.stop().await;
    assert!(log.contains("node lost: it does not answer"), "{log}");
}

#[actix_web::test]
async fn an_adopted_ollama_that_is_gone_is_replaced_by_our_own() {
    let fake = Fake::start().await;
    let port: u16 =
        fake.url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let timing = "[nodes]\nadopted_gone_timeout = \"300ms\"\n";
    let config = managed(&[port], &json!({})).replace("[nodes]\n", timing);
    let ticketd = Ticketd::start(&config, &[]).await;
    ticketd.healthy(1).await;
    drop(fake);
    ticketd.process.line_after("node process started").await;
    assert_ticket(&ticketd.summarize(CALL).await);
    ticketd.stop().await;
}

/// Its ticketd would take it along when it ends.
#[actix_web::test]
async fn a_node_of_another_ticketd_is_not_adopted_and_its_port_taken_when_it_is_free() {
    let ports = free_ports::<1>();
    let first = Ticketd::start(&managed(&ports, &json!({})), &[]).await;
    first.healthy(1).await;
    let second = Ticketd::start(&managed(&ports, &json!({})), &[]).await;
    second.process.line_after("another ticketd (process ").await;
    first.stop().await;
    second.healthy(1).await;
    assert_ticket(&second.summarize(CALL).await);
    let log = second.stop().await;
    assert!(!log.contains("adopted as it is") && !log.contains("crash-looping"), "{log}");
}

#[actix_web::test]
async fn adoption_can_be_refused() {
    let fake = Fake::start().await;
    let port: u16 =
        fake.url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let config = managed(&[port], &json!({})).replace("[nodes]\n", "[nodes]\nadopt = false\n");
    let ticketd = Ticketd::start(&config, &[]).await;
    ticketd.process.line_after("nodes.adopt = false: stop it").await;
    drop(fake);
    ticketd.healthy(1).await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_port_on_which_an_ollama_answers_becomes_an_endpoint() {
    let mut fake = Fake::start().await;
    let port: u16 =
        fake.url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let ticketd = Ticketd::start(&managed(&[port], &json!({})), &[]).await;
    ticketd.healthy(1).await;
    assert_ticket(&ticketd.summarize(CALL).await);
    assert_eq!(fake.calls().await, 1);
    let log = ticketd.stop().await;
    assert!(log.contains("an Ollama answers on the port already"), "{log}");
    assert!(!log.contains("node process started"), "{log}");
    assert!(
        fake.process.child.try_wait().expect("it can be asked").is_none(),
        "it was not stopped"
    );
}

#[actix_web::test]
async fn a_port_that_something_else_has_is_told_and_taken_when_it_is_free() {
    let squatter = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = squatter.local_addr().expect("an address").port();
    let config =
        managed(&[port], &json!({})).replace("[nodes]\n", "[nodes]\nprobe_timeout = \"200ms\"\n");
    let ticketd = Ticketd::start(&config, &[]).await;
    ticketd.process.line_after(&format!("has the port (process {} (", std::process::id())).await;
    drop(squatter);
    ticketd.healthy(1).await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn one_nodes_own_settings_apply_to_it_alone() {
    let ports = free_ports::<2>();
    let own = format!(
        "[[nodes.node]]\nport = {}\nslots = 3\nenv = {{ HIP_VISIBLE_DEVICES = \"1\" }}\n",
        ports[1]
    );
    let ticketd = Ticketd::start(&(managed(&ports, &json!({})) + &own), &[]).await;
    ticketd.healthy(2).await;
    let environment = async |port: u16| {
        seen(&ticketd.client, &format!("http://127.0.0.1:{port}")).await["environment"].clone()
    };
    let (first, second) = (environment(ports[0]).await, environment(ports[1]).await);
    assert_eq!(
        (&first["OLLAMA_NUM_PARALLEL"], &second["OLLAMA_NUM_PARALLEL"]),
        (&json!("1"), &json!("3"))
    );
    assert_eq!(
        (&first["HIP_VISIBLE_DEVICES"], &second["HIP_VISIBLE_DEVICES"]),
        (&json!(null), &json!("1"))
    );
    ticketd.stop().await;
}

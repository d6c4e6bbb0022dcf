//! The operator's commands: the real binary against a stub of the control socket.

mod follow;
mod stub;

use std::process::Output;

use serde_json::{Value, json};
use tokio::time::timeout;

use self::stub::{Stub, node};
use crate::harness::{LIMIT, command};

/// What a command wrote, and how it ended.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    error: String,
}

/// Runs a command to its end.
async fn run(arguments: &[&str]) -> Said {
    let output = command(&[]).args(arguments).kill_on_drop(true).output();
    let output = timeout(LIMIT, output).await.expect("it ends").expect("it runs");
    let Output { status, stdout, stderr } = output;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { code: status.code(), out: text(stdout), error: text(stderr) }
}

impl Stub {
    /// Runs `ticketd ARGUMENTS --socket PATH`.
    async fn ask(&self, arguments: &str) -> Said {
        let mut arguments: Vec<_> = arguments.split(' ').collect();
        arguments.extend(["--socket", self.path()]);
        run(&arguments).await
    }
}

fn status(healthy: usize) -> Value {
    json!({
        "version": "0.1.0", "since": "2026-11-22T10:00:00+08:00", "uptime_s": 7500, "waiting": 2,
        "total_endpoints": 1, "healthy_endpoints": healthy, "nodes": [node("11434", "ready")],
        "later": "a field of a later version",
    })
}

#[actix_web::test]
async fn status_tells_the_service_and_its_nodes_and_whether_one_is_healthy() {
    let stub = Stub::start();
    stub.answers("GET /admin/status", 200, status(1));
    let said = stub.ask("status").await;
    assert_eq!((said.code, said.error.as_str()), (Some(0), ""), "{said:?}");
    let lines: Vec<_> = said.out.lines().collect();
    let [header, titles, row] = lines[..] else { panic!("{said:?}") };
    assert_eq!(header, "ticketd 0.1.0, up 2 hours 5 minutes, 1 of 1 node healthy, 2 calls waiting");
    assert!(titles.starts_with("ID     STATE  SINCE"), "{titles}");
    assert!(row.starts_with("11434  ready"), "{row}");

    stub.answers("GET /admin/status", 200, status(0));
    assert_eq!(stub.ask("status").await.code, Some(1));
    let said = stub.ask("status --json").await;
    assert_eq!(said.code, Some(1));
    assert_eq!(said.out, format!("{:#}\n", status(0)));

    stub.answers("GET /admin/nodes", 200, json!({"nodes": [node("11434", "ready")]}));
    let said = stub.ask("node list").await;
    assert_eq!((said.code, said.out.lines().collect::<Vec<_>>()), (Some(0), vec![titles, row]));
    let said = stub.ask("node list --json").await;
    assert_eq!(said.out, format!("{:#}\n", json!({"nodes": [node("11434", "ready")]})));
}

#[actix_web::test]
async fn the_configuration_names_the_socket() {
    let stub = Stub::start();
    stub.answers("GET /admin/status", 200, status(1));
    let file = stub.folder().join("ticketd.toml");
    let file = file.to_str().expect("UTF-8");
    std::fs::write(file, format!("[server]\ncontrol_socket = {:?}\n", stub.path()))
        .expect("a file");
    let said = run(&["status", "--config", file]).await;
    assert_eq!((said.code, said.error.as_str()), (Some(0), ""), "{said:?}");

    // Whatever else is wrong there: the running service can be asked.
    let broken = format!("[server]\nlisten = 8001\ncontrol_socket = {:?}\n", stub.path());
    let amid_editing = format!("{broken}slots = \n[[nodes");
    for text in [broken, amid_editing] {
        std::fs::write(file, text).expect("a file");
        let said = run(&["status", "--config", file]).await;
        assert_eq!((said.code, said.error.as_str()), (Some(0), ""), "{said:?}");
    }
}

#[actix_web::test]
async fn a_ticketd_that_cannot_be_asked_is_told_with_a_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    drop(std::os::unix::net::UnixListener::bind(path("stale.sock")).expect("a socket"));
    let long = format!("/tmp/{}", "x".repeat(200));
    let table = [
        (
            path("none.sock"),
            "ticketd: ticketd does not run here, or server.control_socket is not set",
        ),
        (path("stale.sock"), "before you start it again"),
        (long, "cannot connect to /tmp/xxx"),
    ];
    for (socket, expected) in table {
        for verb in [&["status"][..], &["node", "restart", "11434"], &["ctl", "reload"]] {
            let said = run(&[verb, &["--socket", &socket]].concat()).await;
            assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
            assert!(said.error.contains(expected), "{said:?}");
            assert!(said.error.contains(&socket), "{said:?}");
        }
    }
}

#[actix_web::test]
async fn what_ticketd_refuses_is_told_in_its_words() {
    let stub = Stub::start();
    let table = [
        ("no_such_node", "there is no such node; see `ticketd node list` (no_such_node)"),
        ("of_a_later_version", "没有这个节点\\u{1b}[2J (of_a_later_version)"),
    ];
    for (code, words) in table {
        let detail = json!({"detail": "没有这个节点\u{1b}[2J", "code": code});
        stub.answers("POST /admin/nodes/1/drain", 404, detail);
        let said = stub.ask("node drain 1").await;
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
        assert_eq!(said.error, format!("ticketd: {words}\n"));
    }

    stub.answers("GET /admin/status", 200, json!(["not", "a", "status"]));
    stub.answers("GET /admin/nodes", 502, json!("bad gateway"));
    for verb in ["status", "node list"] {
        let said = stub.ask(verb).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(
            said.error.contains("does not answer as a ticketd of this version does"),
            "{said:?}"
        );
    }
}

#[actix_web::test]
async fn add_waits_until_the_node_is_ready() {
    let stub = Stub::start();
    stub.answers("POST /admin/nodes", 201, node("11437", "starting"));
    for state in ["starting", "loading", "loading", "ready"] {
        stub.answers("GET /admin/nodes/11437", 200, node("11437", state));
    }
    let said = stub.ask("node add --port 11437 --slots 2 --gpu 0,1").await;
    assert_eq!((said.code, said.error.as_str()), (Some(0), ""), "{said:?}");
    assert_eq!(said.out, "11437: starting\n11437: loading\n11437: ready\n");
    let seen = stub.seen();
    assert_eq!(seen[0].body, json!({"port": 11437, "slots": 2, "gpu": "0,1"}));
    assert_eq!(seen.len(), 5);

    let id = "gpu-2:11434";
    stub.answers("POST /admin/nodes", 201, node(id, "checking"));
    let said = stub.ask("node add --endpoint http://gpu-2:11434 --no-wait").await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), "gpu-2:11434: checking\n"), "{said:?}");
    assert_eq!(stub.seen().len(), 6);
    assert_eq!(stub.seen()[5].body, json!({"endpoint": "http://gpu-2:11434"}));
}

#[actix_web::test]
async fn a_node_that_will_not_come_is_told_with_its_reason() {
    let mut looping = node("11437", "crash-looping");
    looping["last_failure"] = json!({"at": "", "reason": "exit status: 1", "output": ["no GPU"]});
    looping["remedy"] = json!("look at the driver");
    let table = [
        (
            looping,
            "ticketd: 11437: crash-looping: exit status: 1; last output: no GPU; look at the driver\n",
        ),
        (node("11437", "model-missing"), "ticketd: 11437: model-missing\n"),
    ];
    for (end, expected) in table {
        let stub = Stub::start();
        stub.answers("POST /admin/nodes/11437/resume", 202, node("11437", "starting"));
        stub.answers("GET /admin/nodes/11437", 200, end);
        let said = stub.ask("node resume 11437").await;
        assert_eq!((said.code, said.error.as_str()), (Some(1), expected), "{said:?}");
        assert!(said.out.starts_with("11437: starting\n"), "{said:?}");
    }
}

#[actix_web::test]
async fn a_wait_ends_at_its_deadline() {
    let stub = Stub::start();
    stub.answers("POST /admin/nodes/1/resume", 202, node("1", "loading"));
    stub.answers("GET /admin/nodes/1", 200, node("1", "loading"));
    let said = stub.ask("node resume 1 --timeout 300ms").await;
    assert_eq!((said.code, said.out.as_str()), (Some(1), "1: loading\n"), "{said:?}");
    assert!(said.error.contains("1 is still loading after 300ms"), "{said:?}");
}

#[actix_web::test]
async fn drain_and_remove_wait_until_the_node_is_out() {
    let stub = Stub::start();
    stub.answers("POST /admin/nodes/1/drain", 202, node("1", "draining"));
    for state in ["draining", "stopping", "stopped"] {
        stub.answers("GET /admin/nodes/1", 200, node("1", state));
    }
    let said = stub.ask("node drain 1").await;
    assert_eq!((said.code, said.error.as_str()), (Some(0), ""), "{said:?}");
    assert_eq!(said.out, "1: draining\n1: stopping\n1: stopped\n");
    let said = stub.ask("node drain 1 --no-wait").await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), "1: draining\n"), "{said:?}");

    stub.answers("DELETE /admin/nodes/1", 202, node("1", "draining"));
    stub.answers("GET /admin/nodes/1", 404, json!({"detail": "没有", "code": "no_such_node"}));
    let said = stub.ask("node remove 1").await;
    assert_eq!((said.code, said.error.as_str()), (Some(0), ""), "{said:?}");
    assert_eq!(said.out, "1: draining\n1: removed\n");
}

#[actix_web::test]
async fn restart_does_not_take_the_state_before_for_the_one_after() {
    let stub = Stub::start();
    let ready = |pid: u32| {
        let mut node = node("1", "ready");
        node["pid"] = json!(pid);
        node
    };
    stub.answers("POST /admin/nodes/1/restart", 202, ready(7));
    for answer in [ready(7), ready(7), node("1", "starting"), ready(8)] {
        stub.answers("GET /admin/nodes/1", 200, answer);
    }
    let said = stub.ask("node restart 1").await;
    assert_eq!((said.code, said.error.as_str()), (Some(0), ""), "{said:?}");
    assert_eq!(said.out, "1: ready\n1: starting\n1: ready\n");
}

#[actix_web::test]
async fn an_id_is_one_segment_of_the_path() {
    let stub = Stub::start();
    let target = "POST /admin/nodes/gw:80%2Follama/drain";
    stub.answers(target, 202, node("gw:80/ollama", "stopped"));
    let said = stub.ask("node drain gw:80/ollama").await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), "gw:80/ollama: stopped\n"), "{said:?}");
    assert_eq!(stub.seen()[0].id.as_deref(), Some("gw:80/ollama"));
    for wrong in ["..", "."] {
        let said = stub.ask(&format!("node drain {wrong}")).await;
        assert_eq!(said.code, Some(2), "{said:?}");
    }
    assert_eq!(stub.seen().len(), 1);
}

#[actix_web::test]
async fn reload_tells_what_changed_or_what_is_wrong() {
    let stub = Stub::start();
    let changed = json!({"added": ["11437"], "removed": [], "restarted": ["11435"], "unchanged": 2,
                         "needs_restart": ["server.listen"]});
    stub.answers("POST /admin/reload", 200, changed);
    let said = stub.ask("ctl reload").await;
    assert_eq!((said.code, said.error.as_str()), (Some(0), ""), "{said:?}");
    let expected = "added: 11437\nrestarted one after the other: 11435\n\
                    takes effect at the next start of ticketd: server.listen\nunchanged nodes: 2\n";
    assert_eq!(said.out, expected);

    let problems = ["/etc/ticketd/config.toml:3: nodes.slots: 0", "/etc/x.toml:1: unknown key"];
    let wrong = json!({"detail": "配置有误", "code": "bad_config", "problems": problems});
    stub.answers("POST /admin/reload", 422, wrong);
    let said = stub.ask("ctl reload").await;
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    assert_eq!(
        said.error,
        format!(
            "ticketd: the configuration is wrong, and the old one stays (bad_config)\n{}\n",
            problems.join("\n")
        )
    );
}

#[actix_web::test]
async fn wrong_arguments_are_refused_before_anything_is_asked() {
    let table = [
        "node add",
        "node add --port 0",
        "node add --port 1 --endpoint http://a:1",
        "node add --endpoint http://a:1 --gpu 0",
        "node add --port 1 --slots 0",
        "node drain",
        "node drain 1 --timeout 10",
        "node drain 1 --no-wait --timeout 10s",
        "ctl",
    ];
    let socket = "/no/such.sock";
    for arguments in table {
        let arguments: Vec<_> = arguments.split(' ').chain(["--socket", socket]).collect();
        let said = run(&arguments).await;
        assert_eq!(said.code, Some(2), "{arguments:?} {said:?}");
    }
}

#[actix_web::test]
async fn a_connection_that_breaks_is_told() {
    let stub = Stub::start();
    stub.closes("GET /admin/status");
    let said = stub.ask("status").await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.error.contains("look whether ticketd still runs"), "{said:?}");
}

//! Operators at work: nodes are drained, restarted, added and removed while calls go on.

use std::{cell::Cell, process::Output};

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    harness::{
        CALL, LIMIT, Ticketd, assert_ticket, behave, call, command, free_ports, managed, seen,
        until,
    },
    raw::control,
    socket::Folder,
};

/// Managed nodes and a control socket.
async fn start(folder: &Folder, ports: &[u16], behaviour: &Value) -> Ticketd {
    let config =
        managed(ports, behaviour).replace("[nodes.env]", "stop_grace = \"2s\"\n[nodes.env]");
    let ticketd = Ticketd::start(&(folder.config(&[]) + &config), &[]).await;
    ticketd.healthy(ports.len()).await;
    ticketd
}

/// What is told of a node.
async fn node(folder: &Folder, id: &str) -> Value {
    control(&folder.socket(), &format!("GET /admin/nodes/{id}"), "").await.body
}

async fn in_state(folder: &Folder, id: &str, state: &str) -> Value {
    until(&format!("{id} {state}"), async || {
        let node = node(folder, id).await;
        (node["state"] == state).then_some(node)
    })
    .await
}

/// Runs `ticketd` as an operator would.
pub(crate) async fn operator(folder: &Folder, arguments: &[&str]) -> Output {
    let mut command = command(&[]);
    command.args(arguments).arg("--socket").arg(folder.socket());
    timeout(LIMIT, command.output()).await.expect("it ends").expect("it starts")
}

/// Six callers, each with one call after the other, until the work beside them is done. Every call
/// gets its ticket; the answer is how many there were.
async fn under_load<T>(ticketd: &Ticketd, work: impl Future<Output = T>) -> (usize, T) {
    let (number, over) = (Cell::new(0), Cell::new(false));
    let caller = async || {
        while !over.get() {
            number.set(number.get() + 1);
            assert_ticket(&ticketd.summarize(&call(number.get())).await);
        }
    };
    let work = async {
        let result = work.await;
        over.set(true);
        result
    };
    let (result, ..) =
        tokio::join!(work, caller(), caller(), caller(), caller(), caller(), caller());
    (number.get(), result)
}

#[actix_web::test]
async fn ten_drains_and_restarts_under_load_fail_no_call() {
    let folder = Folder::new();
    let ports = free_ports::<3>();
    let ticketd = start(&folder, &ports, &json!({"delay_ms": 20, "token_ms": 1})).await;
    let work = async {
        let mut pids = Vec::new();
        for turn in 0..10 {
            let id = ports[turn % 3].to_string();
            let before = node(&folder, &id).await["pid"].clone();
            if turn % 2 == 0 {
                let reply =
                    control(&folder.socket(), &format!("POST /admin/nodes/{id}/restart"), "").await;
                assert_eq!((reply.status, &reply.body["state"]), (202, &json!("draining")));
            } else {
                let path = format!("POST /admin/nodes/{id}/drain");
                assert_eq!(control(&folder.socket(), &path, "").await.status, 202);
                let parked = in_state(&folder, &id, "stopped").await;
                assert_eq!(parked["pid"], Value::Null, "its process has ended");
                let path = format!("POST /admin/nodes/{id}/resume");
                assert_eq!(control(&folder.socket(), &path, "").await.status, 202);
            }
            until("it is ready anew", async || {
                let node = node(&folder, &id).await;
                (node["state"] == "ready" && node["pid"] != before).then_some(())
            })
            .await;
            pids.push(before);
        }
        pids
    };
    let (calls, pids) = under_load(&ticketd, work).await;
    assert!(calls > 20, "{calls} calls");
    assert_eq!(pids.len(), 10);
    let stats = ticketd.get("/lb-stats").await.body;
    for node in stats["endpoints"].as_array().expect("a list") {
        assert_eq!(node["error_count"], 0, "no stream was cut: {stats}");
    }
    ticketd.stop().await;
}

#[actix_web::test]
async fn nodes_are_added_and_removed_under_load_and_no_call_fails() {
    let folder = Folder::new();
    let [first, second, third, fourth] = free_ports();
    let ticketd = start(&folder, &[first, second], &json!({"delay_ms": 20, "token_ms": 1})).await;
    let work = async {
        for (port, body) in [
            (third, json!({"port": third})),
            (fourth, json!({"port": fourth, "slots": 2, "gpu": "1"})),
        ] {
            let added = control(&folder.socket(), "POST /admin/nodes", &body.to_string()).await;
            assert_eq!((added.status, &added.body["runtime"]), (201, &json!(true)), "{added:?}");
            let again = control(&folder.socket(), "POST /admin/nodes", &body.to_string()).await;
            assert_eq!((again.status, &again.body["code"]), (409, &json!("node_exists")));
            let id = port.to_string();
            in_state(&folder, &id, "ready").await;
            until("it takes work", async || {
                (node(&folder, &id).await["requests"].as_u64() >= Some(1)).then_some(())
            })
            .await;
        }
        let path = format!("DELETE /admin/nodes/{first}");
        assert_eq!(control(&folder.socket(), &path, "").await.status, 202);
        until("it is gone", async || {
            (node(&folder, &first.to_string()).await["code"] == "no_such_node").then_some(())
        })
        .await;
    };
    let (calls, ()) = under_load(&ticketd, work).await;
    assert!(calls > 6, "{calls} calls");
    let stats = ticketd.get("/lb-stats").await.body;
    assert_eq!(stats["total_endpoints"], 3, "{stats}");
    let environment = seen(&ticketd.client, &format!("http://127.0.0.1:{fourth}")).await;
    assert_eq!(environment["environment"]["CUDA_VISIBLE_DEVICES"], "1");
    assert_eq!(environment["environment"]["OLLAMA_NUM_PARALLEL"], "2");
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_drain_waits_for_the_calls_in_flight_and_can_be_called_off() {
    let folder = Folder::new();
    let [port] = free_ports();
    let id = port.to_string();
    let ticketd = start(&folder, &[port], &json!({"delay_ms": 3000})).await;
    let pid = node(&folder, &id).await["pid"].clone();
    let drain = async {
        until("a call in flight", async || {
            (node(&folder, &id).await["in_flight"] == 1).then_some(())
        })
        .await;
        control(&folder.socket(), &format!("POST /admin/nodes/{id}/drain"), "").await;
        let told = node(&folder, &id).await;
        assert_eq!((&told["state"], &told["pid"]), (&json!("draining"), &pid), "{told}");
        control(&folder.socket(), &format!("POST /admin/nodes/{id}/resume"), "").await;
    };
    let (reply, ()) = tokio::join!(ticketd.summarize(CALL), drain);
    assert_ticket(&reply);
    assert_eq!(in_state(&folder, &id, "ready").await["pid"], pid, "the same process");
    behave(&ticketd.client, &format!("http://127.0.0.1:{port}"), json!({})).await;
    assert_ticket(&ticketd.summarize(CALL).await);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_drain_that_takes_too_long_ends_and_its_call_goes_elsewhere() {
    let folder = Folder::new();
    let ports = free_ports::<2>();
    let config =
        managed(&ports, &json!({})).replace("[nodes]\n", "[nodes]\ndrain_timeout = \"300ms\"\n");
    let ticketd = Ticketd::start(&(folder.config(&[]) + &config), &[]).await;
    ticketd.healthy(2).await;
    for port in ports {
        let slow = json!({"fault": "stall_amid", "times": 1});
        behave(&ticketd.client, &format!("http://127.0.0.1:{port}"), slow).await;
    }
    let drain = async {
        let busy = until("a call in flight", async || {
            let nodes = control(&folder.socket(), "GET /admin/nodes", "").await.body;
            let nodes = nodes["nodes"].as_array().expect("a list").clone();
            nodes.into_iter().find(|node| node["in_flight"] == 1)
        })
        .await;
        let id = busy["id"].as_str().expect("an id").to_owned();
        for port in ports.iter().filter(|port| port.to_string() != id) {
            behave(&ticketd.client, &format!("http://127.0.0.1:{port}"), json!({})).await;
        }
        control(&folder.socket(), &format!("POST /admin/nodes/{id}/restart"), "").await;
    };
    let (reply, ()) = tokio::join!(ticketd.summarize(CALL), drain);
    assert_ticket(&reply);
    ticketd.healthy(2).await;
    let log = ticketd.stop().await;
    assert!(log.contains("node still has calls after nodes.drain_timeout"), "{log}");
}

#[actix_web::test]
async fn what_cannot_be_asked_of_a_node_is_refused_with_the_reason() {
    let folder = Folder::new();
    let ticketd = crate::socket::start(&folder.config(&[])).await;
    let table = [
        ("GET /admin/nodes/nope", "", 404, "no_such_node"),
        ("POST /admin/nodes/nope/drain", "", 404, "no_such_node"),
        ("DELETE /admin/nodes/nope", "", 404, "no_such_node"),
        ("GET /admin/nodes/nope/log", "", 404, "no_such_node"),
        ("POST /admin/nodes/127.0.0.1%3A1/restart", "", 409, "not_managed"),
        ("POST /admin/nodes", r#"{"endpoint": "http://localhost:1"}"#, 409, "node_exists"),
        ("POST /admin/nodes", r#"{"port": 2, "program": "/bin/sh"}"#, 400, "bad_request"),
        ("GET /admin/reload", "", 405, "method_not_allowed"),
        ("GET /admin/nodes/nope/drain", "", 405, "method_not_allowed"),
        ("PUT /admin/nodes/nope", "", 405, "method_not_allowed"),
    ];
    for (request, body, status, code) in table {
        let reply = control(&folder.socket(), request, body).await;
        assert_eq!((reply.status, &reply.body["code"]), (status, &json!(code)), "{request}");
    }
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_node_that_crashes_again_and_again_can_be_removed() {
    let folder = Folder::new();
    let [port] = free_ports();
    let config = format!("[nodes]\nprogram = \"false\"\nargs = []\nports = [{port}]\n");
    let ticketd = Ticketd::start(&(folder.config(&[]) + &config), &[]).await;
    ticketd.process.line_after("node process ended by itself").await;
    let path = format!("DELETE /admin/nodes/{port}");
    let reply = control(&folder.socket(), &path, "").await;
    assert_eq!((reply.status, &reply.body["id"]), (202, &json!(port.to_string())), "{reply:?}");
    until("it is gone", async || {
        (node(&folder, &port.to_string()).await["code"] == "no_such_node").then_some(())
    })
    .await;
    assert_eq!(ticketd.get("/lb-stats").await.body["total_endpoints"], 0);
    ticketd.stop().await;
}

#[actix_web::test]
async fn the_commands_work_on_the_running_service() {
    let folder = Folder::new();
    let [first, second] = free_ports();
    let (one, other) = (first.to_string(), second.to_string());
    let ticketd = start(&folder, &[first], &json!({})).await;
    assert_ticket(&ticketd.summarize(CALL).await);
    let expect = async |arguments: &[&str], code: i32, part: &str| {
        let output = operator(&folder, arguments).await;
        let text =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        let text = text.concat();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(part), "{arguments:?}: {text}");
        text
    };
    let status = expect(&["status"], 0, "1 of 1 node healthy").await;
    assert!(
        status.lines().any(|line| line.starts_with(&one) && line.contains("ready")),
        "{status}"
    );
    let json: Value =
        serde_json::from_str(&expect(&["status", "--json"], 0, "").await).expect("JSON");
    assert_eq!(json["nodes"][0]["requests"], 1);
    assert!(json["nodes"][0]["latency_ms"]["p50"].is_u64(), "{json}");
    expect(&["node", "log", &one], 0, "Listening on").await;
    expect(&["node", "add", "--port", &other], 0, "ready").await;
    expect(&["node", "restart", &one], 0, "ready").await;
    expect(&["node", "drain", &other], 0, "stopped").await;
    expect(&["node", "resume", &other], 0, "ready").await;
    expect(&["node", "remove", &other], 0, "").await;
    expect(&["node", "drain", &other], 1, "no_such_node").await;
    expect(&["node", "drain", &one], 0, "stopped").await;
    expect(&["node", "remove", &one], 0, "").await;
    expect(&["ctl", "reload"], 0, "").await;
    ticketd.stop().await;
}

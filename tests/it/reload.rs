//! SIGHUP and `ctl reload`: what differs is applied, and nothing else is touched.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    harness::{CALL, Process, Ticketd, assert_ticket, free_ports, managed, until},
    raw::control,
    socket::{Folder, start},
};

/// The process ids of the nodes, by id.
async fn pids(folder: &Folder) -> Vec<(String, Value)> {
    let nodes = control(&folder.socket(), "GET /admin/nodes", "").await.body;
    let nodes = nodes["nodes"].as_array().expect("a list").clone();
    nodes.iter().map(|n| (n["id"].as_str().unwrap_or("").to_owned(), n["pid"].clone())).collect()
}

/// What is not as it should be with each node.
async fn warnings(folder: &Folder) -> Vec<Value> {
    let nodes = control(&folder.socket(), "GET /admin/nodes", "").await.body;
    let nodes = nodes["nodes"].as_array().expect("a list").clone();
    nodes.iter().map(|node| node["warning"].clone()).collect()
}

fn pid_of(pids: &[(String, Value)], port: u16) -> Option<Value> {
    pids.iter().find(|(id, _)| *id == port.to_string()).map(|(_, pid)| pid.clone())
}

/// Waits until the first node works on a call.
async fn call_in_flight(folder: &Folder) {
    until("a call in flight", async || {
        let nodes = control(&folder.socket(), "GET /admin/nodes", "").await.body;
        (nodes["nodes"][0]["in_flight"] == 1).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn sighup_applies_what_differs_and_nothing_else() {
    let folder = Folder::new();
    let [kept, changed, removed, added, runtime] = free_ports();
    let config = |ports: &[u16], own: &str| {
        let own = format!("[[nodes.node]]\nport = {changed}\nenv = {{ OWN = \"{own}\" }}\n");
        folder.config(&[]) + &managed(ports, &json!({})) + &own
    };
    let ticketd = Ticketd::start(&config(&[kept, changed, removed], "1"), &[]).await;
    ticketd.healthy(3).await;
    let body = json!({"port": runtime}).to_string();
    assert_eq!(control(&folder.socket(), "POST /admin/nodes", &body).await.status, 201);
    ticketd.healthy(4).await;
    let before = pids(&folder).await;

    ticketd.rewrite(&config(&[kept, changed, added], "2"));
    ticketd.process.signal(Signal::HUP);
    ticketd.process.line_after("configuration reloaded").await;
    let after = until("all is settled", async || {
        let pids = pids(&folder).await;
        let new = pid_of(&pids, changed).filter(|pid| !pid.is_null());
        let settled = pid_of(&pids, removed).is_none()
            && pid_of(&pids, added).is_some()
            && new.is_some_and(|pid| Some(pid) != pid_of(&before, changed));
        settled.then_some(pids)
    })
    .await;
    ticketd.healthy(4).await;
    assert_eq!(pid_of(&after, kept), pid_of(&before, kept), "it was not touched");
    assert_eq!(pid_of(&after, runtime), pid_of(&before, runtime), "it survives");
    assert_ticket(&ticketd.summarize(CALL).await);

    // The same again changes nothing.
    let same = control(&folder.socket(), "POST /admin/reload", "").await;
    assert_eq!(same.status, 200);
    let nothing = json!({"added": [], "removed": [], "restarted": [], "unchanged": 4,
                         "changed": [], "needs_restart": []});
    assert_eq!(same.body, nothing);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_broken_file_changes_nothing_and_is_told_in_one_line() {
    let folder = Folder::new();
    let ports = free_ports::<1>();
    let config = folder.config(&[]) + &managed(&ports, &json!({}));
    let ticketd = Ticketd::start(&config, &[]).await;
    ticketd.healthy(1).await;
    let before = pids(&folder).await;
    let broken = config.replace("[nodes]\n", "[nodes]\nslots = \"two\"\n");
    ticketd.rewrite(&broken);
    ticketd.process.signal(Signal::HUP);
    let line = ticketd.process.line_after("configuration not reloaded, the old one stays: ").await;
    assert!(line.contains("config.toml:") && line.contains("nodes.slots"), "{line}");
    let reply = control(&folder.socket(), "POST /admin/reload", "").await;
    assert_eq!((reply.status, &reply.body["code"]), (422, &json!("bad_config")));
    let problem = reply.body["problems"][0].as_str().expect("a problem");
    assert!(problem.contains("nodes.slots"), "{problem}");
    assert_eq!(pids(&folder).await, before);
    assert_ticket(&ticketd.summarize(CALL).await);
    let log = ticketd.stop().await;
    let errors = log.lines().filter(|line| line.contains("ERROR")).count();
    assert_eq!(errors, 2, "one for each try: {log}");
}

#[actix_web::test]
async fn what_requests_are_served_with_is_reloaded_too_and_the_rest_is_named() {
    let folder = Folder::new();
    let tokens = folder.write("tokens", "first-token-0123456789\n");
    let fake = crate::harness::Fake::start().await;
    let endpoints = [("DEEPSEEK_ENDPOINTS", fake.url.as_str())];
    let config = folder.config(&[("tokens_file", &tokens)]);
    let ticketd = Ticketd::start(&config, &endpoints).await;
    let stats = async |token: &str| {
        let request = ticketd.client.get(format!("{}/lb-stats", ticketd.url)).bearer_auth(token);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(stats("first-token-0123456789").await, 200);
    folder.write("tokens", "second-token-0123456789\n");
    ticketd.rewrite(&(config + "max_body_bytes = 10\nworkers = 1\n[ticket]\ntypes = [\"咨询\"]\n"));
    let reply = control(&folder.socket(), "POST /admin/reload", "").await;
    assert_eq!(reply.body["needs_restart"], json!(["server.workers"]), "{reply:?}");
    assert_eq!(stats("first-token-0123456789").await, 401);
    assert_eq!(stats("second-token-0123456789").await, 200);
    let reply = control(&folder.socket(), "POST /summarize", CALL).await;
    assert_eq!(reply.status, 413);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_restart_that_fails_is_the_last_one() {
    let folder = Folder::new();
    let ports = free_ports::<3>();
    let nodes = managed(&ports, &json!({}));
    // What cannot start is tried again soon.
    let nodes = nodes.replace("[nodes]\n", "[nodes]\nbackoff_ceiling = \"500ms\"\n");
    let config = folder.config(&[]) + &nodes;
    let ticketd = Ticketd::start(&config, &[]).await;
    ticketd.healthy(3).await;
    let before = pids(&folder).await;
    let (program, late) = (crate::harness::fake_program(), folder.at("late-ollama"));
    let old = format!("program = {program:?}");
    ticketd.rewrite(&config.replace(&old, &format!("program = {late:?}")));
    let reply = control(&folder.socket(), "POST /admin/reload", "").await;
    assert_eq!(reply.body["restarted"].as_array().map(Vec::len), Some(3), "{reply:?}");
    ticketd.process.line_after("node did not come back with the new configuration").await;
    let after = pids(&folder).await;
    assert_eq!(after[1..], before[1..], "the others serve on");
    let warned = warnings(&folder).await;
    for ((id, _), warning) in after.iter().zip(&warned).skip(1) {
        let remedy = format!("from before the last reload: ticketd node restart {id}");
        assert!(warning.as_str().is_some_and(|text| text.ends_with(&remedy)), "{warned:?}");
    }
    assert_eq!(warned[0], Value::Null, "it has no process of any settings");
    assert_ticket(&ticketd.summarize(CALL).await);
    // The file stays, and what it asks for is there now.
    std::fs::copy(program, late).expect("copied");
    let reply = control(&folder.socket(), "POST /admin/reload", "").await;
    let spared: Vec<_> = after[1..].iter().map(|(id, _)| id.clone()).collect();
    let restarted = reply.body["restarted"].as_array().expect("a list");
    assert!(spared.iter().all(|id| restarted.contains(&json!(id))), "{reply:?}");
    until("all run what the file says", async || {
        let now = pids(&folder).await;
        let anew =
            |(now, old): (&(String, Value), &(String, Value))| !now.1.is_null() && now.1 != old.1;
        now.iter().zip(&before).all(anew).then_some(())
    })
    .await;
    ticketd.healthy(3).await;
    assert_eq!(warnings(&folder).await, [Value::Null, Value::Null, Value::Null]);
    ticketd.stop().await;
}

#[actix_web::test]
async fn reloads_during_a_roll_still_restart_one_at_a_time() {
    let folder = Folder::new();
    let ports = free_ports::<3>();
    let config = |own: u32| {
        let behaviour = json!({"load_ms": 300});
        let nodes = managed(&ports, &behaviour);
        folder.config(&[])
            + &nodes.replace("[nodes.env]\n", &format!("[nodes.env]\nOWN = \"{own}\"\n"))
    };
    let ticketd = Ticketd::start(&config(0), &[]).await;
    ticketd.healthy(3).await;
    for own in [1, 1, 2] {
        ticketd.rewrite(&config(own));
        let reply = control(&folder.socket(), "POST /admin/reload", "").await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    let mut fewest = 3;
    until("all run what the last one said", async || {
        let stats = ticketd.get("/lb-stats").await.body;
        fewest = fewest.min(stats["healthy_endpoints"].as_u64().expect("a count"));
        let ready = stats["healthy_endpoints"] == 3;
        for port in ports {
            let url = format!("http://127.0.0.1:{port}/fake");
            let mut reply = ticketd.client.get(url).send().await.ok()?;
            let seen: Value = reply.json().limit(1 << 24).await.ok()?;
            if seen["environment"]["OWN"] != "2" || !ready {
                return None;
            }
        }
        Some(())
    })
    .await;
    assert_eq!(fewest, 2, "one after the other");
    assert_ticket(&ticketd.summarize(CALL).await);
    ticketd.stop().await;
}

#[actix_web::test]
async fn no_reload_opens_a_public_address() {
    let folder = Folder::new();
    let tokens = folder.write("tokens", "user-token-0123456789\n");
    let public = "listen = \"0.0.0.0:0\"\n";
    let file = folder.write("config.toml", &(folder.config(&[("tokens_file", &tokens)]) + public));
    let endpoints = [("DEEPSEEK_ENDPOINTS", "http://127.0.0.1:1")];
    let mut command = crate::harness::command(&endpoints);
    let process = Process::spawn(command.arg("serve").arg("--config").arg(&file));
    process.line_after("listening on http://").await;
    // Right for a new start, and wrong as long as the address is what it is.
    std::fs::write(&file, folder.config(&[])).expect("written");
    let reply = control(&folder.socket(), "POST /admin/reload", "").await;
    assert_eq!((reply.status, &reply.body["code"]), (422, &json!("bad_config")), "{reply:?}");
    let problem = reply.body["problems"][0].as_str().expect("a problem");
    assert!(problem.contains("until a restart") && problem.contains("server.listen"), "{problem}");
}

#[actix_web::test]
async fn a_reload_while_the_service_stops_ends_nothing() {
    let folder = Folder::new();
    let ports = free_ports::<1>();
    let config = folder.config(&[]) + &managed(&ports, &json!({"delay_ms": 1000}));
    let mut ticketd = Ticketd::start(&config, &[]).await;
    ticketd.healthy(1).await;
    let stop = async {
        call_in_flight(&folder).await;
        ticketd.process.signal(Signal::TERM);
        ticketd.process.line_after("stopping: no new calls").await;
        ticketd.process.signal(Signal::HUP);
    };
    let (reply, ()) = tokio::join!(ticketd.summarize(CALL), stop);
    assert_ticket(&reply);
    assert!(ticketd.process.ended().await.success(), "{}", ticketd.process.log());
}

#[actix_web::test]
async fn systemd_is_asked_for_the_time_that_nodes_have_since_the_last_reload() {
    let folder = Folder::new();
    let config = |grace: &str| {
        let grace = format!("shutdown_grace = \"10s\"\n[nodes]\nstop_grace = \"{grace}\"\n");
        folder.config(&[]) + &grace
    };
    let ticketd = start(&config("1s")).await;
    ticketd.rewrite(&config("100s"));
    let reply = control(&folder.socket(), "POST /admin/reload", "").await;
    assert_eq!(reply.body["changed"], json!(["nodes.stop_grace"]), "{reply:?}");
    let log = ticketd.stop().await;
    assert!(log.contains("at_most_s=130"), "{log}");
}

#[actix_web::test]
async fn a_drain_that_is_called_off_after_a_reload_starts_what_the_file_says() {
    let folder = Folder::new();
    let [port] = free_ports();
    let config = |own: &str| {
        let own = format!("[[nodes.node]]\nport = {port}\nenv = {{ OWN = \"{own}\" }}\n");
        folder.config(&[]) + &managed(&[port], &json!({"delay_ms": 2000})) + &own
    };
    let ticketd = Ticketd::start(&config("1"), &[]).await;
    ticketd.healthy(1).await;
    let work = async {
        call_in_flight(&folder).await;
        control(&folder.socket(), &format!("POST /admin/nodes/{port}/drain"), "").await;
        ticketd.rewrite(&config("2"));
        control(&folder.socket(), "POST /admin/reload", "").await;
        let path = format!("POST /admin/nodes/{port}/resume");
        control(&folder.socket(), &path, "").await;
    };
    let (reply, ()) = tokio::join!(ticketd.summarize(CALL), work);
    assert_ticket(&reply);
    ticketd.healthy(1).await;
    let seen = crate::harness::seen(&ticketd.client, &format!("http://127.0.0.1:{port}")).await;
    assert_eq!(seen["environment"]["OWN"], "2");
    ticketd.stop().await;
}

#[actix_web::test]
async fn another_model_is_loaded_before_calls_ask_for_it() {
    let folder = Folder::new();
    let ports = free_ports::<1>();
    let config = folder.config(&[]) + &managed(&ports, &json!({}));
    let ticketd = Ticketd::start(&config, &[]).await;
    ticketd.healthy(1).await;
    let options = config.clone() + "[model.options]\nnum_gpu = 7\n";
    ticketd.rewrite(&options);
    let reply = control(&folder.socket(), "POST /admin/reload", "").await;
    assert_eq!((&reply.body["unchanged"], reply.status), (&json!(1), 200), "{reply:?}");
    assert_ticket(&ticketd.summarize(CALL).await);
    let url = format!("http://127.0.0.1:{}", ports[0]);
    let seen = crate::harness::seen(&ticketd.client, &url).await;
    assert_eq!(seen["bodies"][0]["options"]["num_gpu"], 7);
    let loads = seen["loads"].as_array().expect("a list");
    assert_eq!(loads.last().expect("a load")["options"]["num_gpu"], 7, "{loads:?}");
    let log = ticketd.stop().await;
    let (loaded, answered) = (log.rfind("model loaded"), log.find("route=\"/summarize\""));
    assert!(loaded < answered, "before the call: {log}");
}

//! The wire contract, statement by statement; each test names what it holds.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{CALL, Fake, Ticketd, assert_ticket, call, command, until};

/// `{"detail": "<sentence in Chinese>"}` with a stable English `code`.
pub(crate) fn assert_error(reply: &crate::harness::Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.body["code"].as_str()), (status, Some(code)), "{reply:?}");
    let detail = reply.body["detail"].as_str().expect("a sentence");
    assert!(detail.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{detail}");
    assert!(reply.header("x-request-id").is_some(), "errors carry the request id too");
}

/// The form 2025-10-15T10:30:00.123456.
fn assert_timestamp(body: &Value) {
    let timestamp = body["timestamp"].as_str().expect("text");
    let shape: String =
        timestamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000");
}

#[actix_web::test]
async fn a_transcript_becomes_a_ticket_with_its_four_fields_and_the_zone_correction() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let reply = ticketd.summarize(CALL).await;
    assert_ticket(&reply);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.body["ticket_type"], "投诉");
    assert_eq!(reply.body["ticket_zone"], "六安市三十铺镇水韵东方小区");
    assert!(reply.body["ticket_content"].as_str().expect("text").starts_with("来电人咨询："));
    let expected = json!({
        "original": "六安市三十铺镇水韵东方小区", "corrected": "六安市三十铺镇水韵东方小区",
        "method": "unchanged", "success": true, "changed": false, "changes": [],
        "codes": [
            {"level": "province", "code": "340000", "name": "安徽省"},
            {"level": "city", "code": "341500", "name": "六安市"},
            {"level": "county", "code": "341502", "name": "金安区"},
            {"level": "town", "code": "341502109", "name": "三十铺镇"},
        ],
    });
    assert_eq!(reply.body["zone_correction"], expected);
    ticketd.stop().await;
}

#[actix_web::test]
async fn several_sessions_make_one_ticket_of_all_their_turns() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let body = json!({
        "2": [{"citizen": "小区停水了"}, {"hot-line": "您是哪里", "citizen": "三十铺"}],
        "1": [{"citizen": "金安区三十铺镇"}],
    });
    assert_ticket(&ticketd.summarize(&body.to_string()).await);
    assert_eq!(fake.calls().await, 1);
    let seen = fake.seen().await;
    let prompt = seen["bodies"][0]["prompt"].as_str().expect("a prompt").to_owned();
    assert!(prompt.ends_with(
        "<通话记录>\n来电人：小区停水了\n话务员：您是哪里\n来电人：三十铺\n来电人：金安区三十铺镇\n</通话记录>"
    ));
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_turn_with_neither_key_is_skipped_with_a_warning_and_an_empty_one_silently() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let body = json!({"s": [{"note": "秘密"}, {"citizen": ""}, {"hot-line": "  "}, {}, {"citizen": "停水了，找不到人修"}]});
    assert_ticket(&ticketd.summarize(&body.to_string()).await);
    let prompt = fake.seen().await["bodies"][0]["prompt"].to_string();
    assert_eq!(prompt.matches("来电人：").count(), 1, "{prompt}");
    let log = ticketd.stop().await;
    assert!(
        log.contains("turns with neither citizen nor hot-line were left out skipped=2"),
        "{log}"
    );
    assert!(!log.contains("秘密") && !log.contains("停水"), "no words of a call in the log");
}

#[actix_web::test]
async fn a_body_that_is_no_transcript_is_a_400_with_detail_and_code() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let table = [
        ("", "not_json"),
        ("{", "not_json"),
        ("not json", "not_json"),
        ("[]", "not_an_object"),
        ("\"text\"", "not_an_object"),
        ("{}", "empty_object"),
        (r#"{"s": {}}"#, "session_not_an_array"),
        (r#"{"s": "text"}"#, "session_not_an_array"),
        (r#"{"s": ["text"]}"#, "turn_not_an_object"),
        (r#"{"s": [[]]}"#, "turn_not_an_object"),
        (r#"{"s": [{"citizen": 7}]}"#, "turn_value_not_a_string"),
        (r#"{"s": [{"hot-line": null}]}"#, "turn_value_not_a_string"),
        (r#"{"s": []}"#, "no_words"),
    ];
    for (body, code) in table {
        assert_error(&ticketd.summarize(body).await, 400, code);
    }
    assert_eq!(fake.calls().await, 0, "no model call for any of them");
    ticketd.stop().await;
}

#[actix_web::test]
async fn any_content_type_is_accepted_and_a_byte_order_mark_too() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "nonsense"] {
        let request = ticketd.client.post(format!("{}/summarize", ticketd.url));
        let reply = request.insert_header(("content-type", content_type)).send_body(CALL).await;
        assert_eq!(reply.expect("an answer").status(), 200, "{content_type}");
    }
    assert_ticket(&ticketd.summarize(&format!("\u{feff}{CALL}")).await);
    ticketd.stop().await;
}

#[actix_web::test]
async fn the_type_is_one_of_the_configured_ones() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[ticket]\ntypes = [\"建议\", \"咨询\"]\n").await;
    let body = json!({"s": [{"citizen": "我建议在公园里增加路灯"}]}).to_string();
    assert_eq!(ticketd.summarize(&body).await.body["ticket_type"], "建议");
    // A model that answers with another type is not believed.
    let other = json!({
        "ticket_type": "投诉", "ticket_zone": "", "ticket_title": "公园增加路灯",
        "ticket_content": "来电人咨询：增加路灯。话务员解答内容：已记录。",
    });
    fake.behave(json!({"answer": other.to_string()})).await;
    assert_error(&ticketd.summarize(&body).await, 502, "upstream_failed");
    ticketd.stop().await;
}

#[actix_web::test]
async fn the_zone_is_not_mentioned_when_no_address_was_said() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    for zone in ["", "未提及"] {
        let answer = json!({
            "ticket_type": "咨询", "ticket_zone": zone, "ticket_title": "咨询医保报销",
            "ticket_content": "来电人咨询：医保报销。话务员解答内容：已告知。",
        });
        fake.behave(json!({"answer": answer.to_string()})).await;
        let reply = ticketd.summarize(CALL).await;
        assert_eq!(reply.body["ticket_zone"], "未提及");
        let correction = &reply.body["zone_correction"];
        assert_eq!(
            (&correction["method"], &correction["success"]),
            (&json!("no_input"), &json!(true))
        );
        assert_eq!(correction["changed"], false);
    }
    ticketd.stop().await;
}

#[actix_web::test]
async fn the_node_is_called_as_the_original_called_it() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    assert_ticket(&ticketd.summarize(CALL).await);
    let body = &fake.seen().await["bodies"][0];
    assert_eq!(body["model"], "deepseek-r1:14b");
    assert!(body["system"].as_str().is_some_and(|text| text.contains("咨询、求助、举报、投诉")));
    let expected =
        json!({"temperature": 0.1, "top_p": 0.9, "repeat_penalty": 1.1, "num_ctx": 8192});
    assert_eq!(body["options"], expected);
    assert_eq!(body["format"]["required"].as_array().map(Vec::len), Some(4));
    assert_eq!((&body["think"], &body["stream"]), (&json!(false), &json!(true)));
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_ticket_comes_whatever_the_model_is_told_of_thinking_and_can() {
    for (think, sent) in [("false", json!(false)), ("true", json!(true)), ("\"auto\"", json!(null))]
    {
        for thinks in [false, true] {
            let fake = Fake::start().await;
            fake.behave(json!({"thinks": thinks})).await;
            let ticketd = Ticketd::over(&[&fake], &format!("[model]\nthink = {think}\n")).await;
            assert_ticket(&ticketd.summarize(CALL).await);
            let seen = fake.seen().await;
            // A refused request is not among them: the same call came once more without.
            let sent =
                if thinks { sent.clone() } else { sent.as_bool().filter(|told| !told).into() };
            assert_eq!(seen["bodies"][0]["think"], sent, "{think} {thinks}");
            let stats = ticketd.get("/lb-stats").await.body;
            assert_eq!(stats["endpoints"][0]["error_count"], 0, "{think} {thinks}");
            ticketd.stop().await;
        }
    }
}

#[actix_web::test]
async fn a_call_too_long_for_the_context_is_condensed_and_says_so() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[model.options]\nnum_ctx = 2400\n").await;
    let talk = |at: usize| json!({"citizen": format!("然后就是说那个事情嘛一直没有人来管{at}")});
    let mut turns: Vec<Value> = (0..200).map(talk).collect();
    turns.insert(120, json!({"citizen": "地址是六安市三十铺镇水韵东方小区一百二十一栋"}));
    let reply = ticketd.summarize(&json!({"1": turns}).to_string()).await;
    assert_ticket(&reply);
    assert_eq!(reply.body["quality"]["condensed"], true);
    assert!(
        reply.body["ticket_content"].as_str().expect("text").contains("121栋"),
        "{:?}",
        reply.body
    );
    let seen = fake.seen().await;
    let bodies = seen["bodies"].as_array().expect("a list");
    let parts = bodies.iter().filter(|body| body["format"]["properties"]["turns"].is_object());
    assert!(parts.count() >= 2);
    assert!(bodies.iter().all(|body| body["options"]["num_ctx"] == 2400), "no reload");
    assert_eq!(ticketd.summarize(CALL).await.body["quality"]["condensed"], false);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_draft_stands_in_when_no_node_can_make_the_ticket() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[ticket]\nfallback = \"extractive\"\n").await;
    assert!(ticketd.summarize(CALL).await.body.get("degraded").is_none());
    fake.behave(json!({"fault": "status500"})).await;
    let reply = ticketd.summarize(CALL).await;
    assert_ticket(&reply);
    assert_eq!(reply.body["degraded"], true);
    assert_eq!(reply.body["ticket_zone"], "六安市三十铺镇水韵东方小区");
    ticketd.stop().await;
}

#[actix_web::test]
async fn own_instructions_replace_those_of_the_program() {
    let fake = Fake::start().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "只用这些类型：{types}。\n{type_rules}\n完").expect("written");
    let config =
        format!("[ticket]\ntypes = [\"投诉\", \"表扬\"]\nprompt_file = {:?}\n", file.path());
    let ticketd = Ticketd::over(&[&fake], &config).await;
    assert_ticket(&ticketd.summarize(CALL).await);
    let system = fake.seen().await["bodies"][0]["system"].clone();
    assert_eq!(system, "只用这些类型：投诉、表扬。\n  - 投诉：不属于以上各类的不满和诉求。\n完");
    ticketd.stop().await;
}

#[actix_web::test]
async fn get_root_names_the_service() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let reply = ticketd.get("/").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["service"], "12345 市民热线工单总结服务");
    assert_eq!(reply.body["status"], "running");
    assert_timestamp(&reply.body);
    ticketd.stop().await;
}

#[actix_web::test]
async fn get_health_is_always_200_and_tells_healthy_unhealthy_and_unreachable_apart() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[nodes]\nprobe_interval = \"50ms\"\n").await;
    let health = ticketd.get("/health").await;
    assert_eq!(health.status, 200);
    assert_eq!(health.body["service"], "healthy");
    assert_eq!(health.body["deepseek_service"], "healthy");
    assert_timestamp(&health.body);
    let endpoint = json!({"url": format!("{}/api/generate", fake.url), "healthy": true, "request_count": 0, "error_count": 0});
    let original =
        json!({"total_endpoints": 1, "healthy_endpoints": 1, "endpoints": [endpoint.clone()]});
    assert_eq!(health.body["load_balancer"], original, "what the original told, and no more");
    let told = &ticketd.get("/lb-stats").await.body["endpoints"][0];
    for (name, value) in endpoint.as_object().expect("an object") {
        assert_eq!(&told[name], value);
    }
    assert_eq!((&told["state"], &told["kind"]), (&json!("ready"), &json!("endpoint")));
    assert_eq!(ticketd.get("/readyz").await.status, 200);
    let address = fake.url.trim_start_matches("http://").to_owned();
    drop(fake);
    let is = async |state: &str| {
        until(state, async || {
            let health = ticketd.get("/health").await;
            assert_eq!(health.status, 200);
            (health.body["deepseek_service"] == state).then_some(())
        })
        .await;
    };
    is("unreachable").await;
    // An Ollama that answers, but without the model: reachable, not usable.
    let other = Fake::start_with(&address, "another:7b").await;
    is("unhealthy").await;
    assert_error(&ticketd.get("/readyz").await, 503, "not_ready");
    assert_eq!(ticketd.get("/healthz").await.status, 200);
    assert!(ticketd.process.log().contains("ollama pull deepseek-r1:14b"), "the remedy is named");
    drop(other);
    ticketd.stop().await;
}

#[actix_web::test]
async fn get_lb_stats_shows_every_endpoint_with_its_url_health_and_counts() {
    let fakes = [Fake::start().await, Fake::start().await, Fake::start().await];
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1], &fakes[2]], "").await;
    for number in 0..7 {
        assert_ticket(&ticketd.summarize(&call(number)).await);
    }
    let stats = ticketd.get("/lb-stats").await.body;
    assert_eq!((&stats["total_endpoints"], &stats["healthy_endpoints"]), (&json!(3), &json!(3)));
    for (endpoint, fake) in stats["endpoints"].as_array().expect("a list").iter().zip(&fakes) {
        assert_eq!(endpoint["url"], format!("{}/api/generate", fake.url));
        assert_eq!(endpoint["healthy"], true);
        assert_eq!(endpoint["request_count"], fake.calls().await, "calls, not probes");
        assert_eq!(endpoint["error_count"], 0);
    }
    let counts = ticketd.counts().await;
    let (most, least) = (counts.iter().max(), counts.iter().min());
    assert_eq!(most.zip(least).map(|(most, least)| most - least), Some(1), "{counts:?}");
    ticketd.stop().await;
}

#[actix_web::test]
async fn error_count_counts_the_failures_of_a_node() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"fault": "cut", "times": 2})).await;
    assert_ticket(&ticketd.summarize(CALL).await);
    let node = &ticketd.get("/lb-stats").await.body["endpoints"][0];
    assert_eq!((&node["request_count"], &node["error_count"]), (&json!(3), &json!(2)));
    ticketd.stop().await;
}

#[actix_web::test]
async fn errors_beyond_400_are_precise() {
    let fake = Fake::start().await;
    let config = "[nodes]\nprobe_interval = \"50ms\"\n[server]\nmax_body_bytes = 2000\nbody_timeout = \"200ms\"\nrequest_timeout = \"1s\"\n[balancer]\nqueue_limit = 1\npenalty_base = \"1ms\"\npenalty_ceiling = \"1ms\"\n";
    let ticketd = Ticketd::over(&[&fake], config).await;
    assert_error(&ticketd.summarize(&" ".repeat(2001)).await, 413, "body_too_large");
    // The same without a Content-Length.
    let request = ticketd.client.post(format!("{}/summarize", ticketd.url));
    let piece = || Ok::<_, std::io::Error>(" ".repeat(1000).into());
    let pieces = futures_util::stream::iter([piece(), piece(), piece()]);
    assert_eq!(request.send_stream(pieces).await.expect("an answer").status(), 413);
    assert_error(&ticketd.get("/nope").await, 404, "not_found");
    let reply = ticketd.get("/summarize").await;
    assert_error(&reply, 405, "method_not_allowed");
    assert_eq!(reply.header("allow"), Some("POST"));
    assert_error(&ticketd.send("DELETE", "/health", "").await, 405, "method_not_allowed");
    // A body that does not come whole.
    let mut slow =
        TcpStream::connect(ticketd.url.trim_start_matches("http://")).await.expect("open");
    let head = b"POST /summarize HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    slow.write_all(head).await.expect("sent");
    let mut status = [0; 12];
    slow.read_exact(&mut status).await.expect("an answer");
    assert_eq!(&status, b"HTTP/1.1 408");
    // Every attempt fails.
    fake.behave(json!({"fault": "no_done"})).await;
    assert_error(&ticketd.summarize(CALL).await, 502, "upstream_failed");
    // The deadline comes while a node is at work.
    fake.behave(json!({"fault": "stall_amid"})).await;
    assert_error(&ticketd.summarize(CALL).await, 504, "timed_out");
    // No node comes in time for the one call that may wait, and the queue is full for the other.
    drop(fake);
    until("the node is lost", async || {
        (ticketd.get("/health").await.body["deepseek_service"] == "unreachable").then_some(())
    })
    .await;
    let timed = async |number| {
        let began = tokio::time::Instant::now();
        (ticketd.summarize(&call(number)).await, began.elapsed().as_millis())
    };
    let ((one, first), (other, second)) = tokio::join!(timed(0), timed(1));
    assert!(first.min(second) < 700 && first.max(second) >= 1000, "{first} and {second} ms");
    for busy in [one, other] {
        assert_error(&busy, 503, "busy");
        let retry_after = busy.header("retry-after").and_then(|text| text.parse::<u64>().ok());
        assert!(retry_after.is_some_and(|seconds| seconds > 0));
    }
    ticketd.stop().await;
}

#[actix_web::test]
async fn request_ids_are_taken_over_or_made_and_every_request_has_one_line() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let request = ticketd.client.post(format!("{}/summarize", ticketd.url));
    let reply = request.insert_header(("x-request-id", "call-42")).send_body(CALL).await;
    let reply = reply.expect("an answer");
    assert_eq!(
        reply.headers().get("x-request-id").and_then(|id| id.to_str().ok()),
        Some("call-42")
    );
    let made = ticketd.get("/healthz").await;
    let made = made.header("x-request-id").expect("an id").to_owned();
    let log = ticketd.stop().await;
    for id in ["call-42", made.as_str()] {
        let of_access = |line: &&str| line.contains("request answered") && line.contains(id);
        assert_eq!(log.lines().filter(of_access).count(), 1, "{log}");
    }
    assert!(!log.contains("水韵"), "no words of a call in the log");
}

#[actix_web::test]
async fn deepseek_endpoints_may_have_blanks_and_any_form_and_nothing_is_spawned() {
    let fakes = [Fake::start().await, Fake::start().await];
    let urls = format!(" {}/api/generate , {}/ ,", fakes[0].url, fakes[1].url);
    // A program that would fail loudly, to show that it is not started.
    let config = "[nodes]\nprogram = \"/does/not/exist\"\nports = [1]\n";
    let ticketd = Ticketd::start(config, &[("DEEPSEEK_ENDPOINTS", &urls)]).await;
    ticketd.healthy(2).await;
    assert_eq!(ticketd.get("/lb-stats").await.body["total_endpoints"], 2);
    let log = ticketd.stop().await;
    assert!(!log.contains("node process started") && !log.contains("cannot start"), "{log}");
}

#[actix_web::test]
async fn the_start_names_version_model_nodes_address_and_the_export_line() {
    let fakes = [Fake::start().await, Fake::start().await];
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], "").await;
    let log = ticketd.stop().await;
    let urls = fakes.each_ref().map(|fake| format!("{}/api/generate", fake.url));
    let parts = [
        format!("version=\"{}\"", env!("CARGO_PKG_VERSION")),
        "model.name=\"deepseek-r1:14b\" nodes=2".to_owned(),
        format!("node 1: {}", urls[0]),
        format!("node 2: {}", urls[1]),
        format!("export DEEPSEEK_ENDPOINTS=\"{}\"", urls.join(",")),
    ];
    for part in parts {
        assert!(log.contains(&part), "{part} in\n{log}");
    }
}

#[actix_web::test]
async fn the_environment_of_the_original_has_its_defaults_and_its_meaning() {
    let origin = async |environment: &[(&str, &str)], key: &str| {
        let empty = tempfile::NamedTempFile::new().expect("a file");
        let mut command = command(environment);
        let output = command.args(["check", "--config"]).arg(empty.path()).output().await;
        let output = output.expect("it runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let line = text.lines().find(|line| line.starts_with(&format!("{key} = ")));
        line.unwrap_or_else(|| panic!("{key} in {text}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    type Environment = &'static [(&'static str, &'static str)];
    let table: [(Environment, &str, &str); 8] = [
        (&[], "nodes.ports", "nodes.ports = [11434] # built-in default"),
        (&[], "server.listen", "server.listen = \"127.0.0.1:8001\" # built-in default"),
        (&[], "model.name", "model.name = \"deepseek-r1:14b\" # built-in default"),
        (&[], "nodes.models_dir", "nodes.models_dir = \"~/.ollama/models\" # built-in default"),
        (&[("OLLAMA_MODEL", "qwen3:8b")], "model.name", "model.name = \"qwen3:8b\" # OLLAMA_MODEL"),
        (
            &[("OLLAMA_MODELS", "/m")],
            "nodes.models_dir",
            "nodes.models_dir = \"/m\" # OLLAMA_MODELS",
        ),
        (
            &[("DEEPSEEK_ENDPOINTS", "http://a:1/api/generate")],
            "nodes.endpoints",
            "nodes.endpoints = [\"http://a:1\"] # DEEPSEEK_ENDPOINTS",
        ),
        (
            &[("DEEPSEEK_ENDPOINTS", "http://a:1/api/generate")],
            "nodes.ports",
            "nodes.ports = [] # DEEPSEEK_ENDPOINTS",
        ),
    ];
    for (environment, key, line) in table {
        assert_eq!(origin(environment, key).await, line);
    }
}

#[actix_web::test]
async fn a_ticket_that_cannot_be_used_is_asked_for_anew_with_its_fault_named() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let content = "来电人咨询：我家楼下很吵。 话务员解答内容：已记录。";
    let bad = json!({"ticket_type": "投诉", "ticket_zone": "未提及", "ticket_title": "反映噪音扰民", "ticket_content": content});
    fake.behave(json!({"answer": bad.to_string(), "times": 1})).await;
    let reply = ticketd.summarize(CALL).await;
    assert_ticket(&reply);
    assert_eq!(reply.body["trace"]["attempts"][0]["outcome"], "bad_answer");
    let bodies = fake.seen().await["bodies"].clone();
    let prompt = |at: usize| bodies[at]["prompt"].as_str().expect("a prompt").to_owned();
    assert!(prompt(1).contains("第三人称") && prompt(1).ends_with(&prompt(0)), "{}", prompt(1));
    assert!(!prompt(1).contains("我家楼下很吵"), "what was wrong is not repeated");
    assert_eq!(bodies[1]["system"], bodies[0]["system"], "the prefix stays the same");
    ticketd.stop().await;
}

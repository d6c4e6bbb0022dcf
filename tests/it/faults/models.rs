//! Faults of the model: its directory, its absence, its place in memory.

use std::os::unix::fs::PermissionsExt;

use super::*;

#[actix_web::test]
async fn a_model_directory_that_is_read_only_is_shown_and_used_when_it_is_not_any_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let models = folder.path().join("models");
    std::fs::create_dir(&models).expect("made");
    let set = |mode| {
        std::fs::set_permissions(&models, PermissionsExt::from_mode(mode)).expect("set");
    };
    set(0o555);
    let [port] = free_ports();
    let keys = format!("{FAST}models_dir = {models:?}\n");
    let config = managed(&[port], &json!({})).replace("[nodes]\n", &keys);
    let ticketd = if geteuid().is_root() {
        // Root may write anywhere, unless it gives up the right to.
        let as_anybody = |program: &str| {
            let mut command = Command::new("setpriv");
            command.args(["--bounding-set", "-dac_override,-dac_read_search", program]);
            command
        };
        let can = as_anybody("true").output().await.is_ok_and(|output| output.status.success());
        if !can {
            return eprintln!("not tested: root cannot give up its rights here (setpriv)");
        }
        Ticketd::start_by(as_anybody(env!("CARGO_BIN_EXE_ticketd")), &config).await
    } else {
        Ticketd::start(&config, &[]).await
    };
    let told = state(&ticketd, port, "backing-off").await;
    assert!(told["remedy"].as_str().is_some_and(|text| text.contains("the right to it")), "{told}");
    set(0o755);
    ticketd.healthy(1).await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_model_that_is_missing_and_not_to_be_pulled_is_shown_with_the_command_that_gets_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let [port] = free_ports();
    let keys = format!("{FAST}models_dir = {:?}\n", folder.path());
    let config = managed(&[port], &json!({})).replace("[nodes]\n", &keys)
        + "FAKE_MODELS_ON_DISK = \"1\"\n[model]\npull = \"never\"\n";
    let ticketd = Ticketd::start(&config, &[]).await;
    let told = state(&ticketd, port, "model-missing").await;
    let remedy = format!("OLLAMA_HOST=http://127.0.0.1:{port} ollama pull deepseek-r1:14b");
    assert!(told["remedy"].as_str().is_some_and(|text| text.contains(&remedy)), "{told}");
    assert_eq!(ticketd.get("/health").await.body["deepseek_service"], "unhealthy");
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_model_that_was_lost_without_a_call_is_loaded_again() {
    let (ticketd, ports) = with_faulty(&json!({}), "").await;
    ticketd.healthy(2).await;
    let url = format!("http://127.0.0.1:{}", ports[1]);
    until("its memory is known", async || {
        let loads = seen(&ticketd.client, &url).await["loads"].as_array().map(Vec::len);
        (loads == Some(1)).then_some(())
    })
    .await;
    behave(&ticketd.client, &url, json!({"lost_model": true})).await;
    until("a second load", async || {
        let loads = seen(&ticketd.client, &url).await["loads"].as_array().map(Vec::len);
        (loads == Some(2)).then_some(())
    })
    .await;
    ticketd.healthy(2).await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_model_on_the_cpu_is_a_warning_and_with_require_gpu_takes_the_node_out() {
    let half = json!({"size": 1000, "size_vram": 600});
    let (ticketd, ports) = with_faulty(&half, "").await;
    ticketd.healthy(2).await;
    let warned = until("a warning", async || {
        told(&ticketd, ports[1]).await["warning"].as_str().map(str::to_owned)
    })
    .await;
    assert!(warned.contains("40 % of the model is on the CPU"), "{warned}");
    let log = ticketd.stop().await;
    assert_eq!(log.matches("of the model is on the CPU").count(), 1, "told once: {log}");

    let (ticketd, ports) = with_faulty(&half, "require_gpu = true\n").await;
    let told = state(&ticketd, ports[1], "no-gpu").await;
    assert_eq!(told["healthy"], false);
    assert!(told["remedy"].as_str().is_some_and(|text| text.contains("require_gpu")), "{told}");
    for _ in 0..4 {
        assert_ticket(&ticketd.summarize(CALL).await);
    }
    let url = format!("http://127.0.0.1:{}", ports[1]);
    assert_eq!(seen(&ticketd.client, &url).await["calls"], 0);
    ticketd.stop().await;
}

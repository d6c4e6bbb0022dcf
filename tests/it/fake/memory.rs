//! What is loaded, and the runner that has it: killed, left behind and started again as recorded.

use rustix::process::{Signal, getpgid, kill_process, test_kill_process};
use serde_json::{Value, json};

use super::{Sent, listed, post, recorded, replayed};
use crate::harness::{Fake, pid_of, until};

const NOTHING_LOADED: &str = include_str!("../../data/wire/006-ps-empty.txt");
const LOADED: &str = include_str!("../../data/wire/022-ps-loaded-forever.txt");
const KILLED: &str = include_str!("../../data/wire/130-runner-killed-midstream.txt");
const KILLED_WHOLE: &str = include_str!("../../data/wire/133-runner-killed-nostream.txt");
const KILLED_QUEUED: &str = include_str!("../../data/wire/134-runner-killed-queued.txt");
const KILLED_IDLE: &str = include_str!("../../data/wire/135-request-after-idle-runner-killed.txt");

/// The process id of the runner, if it lives.
async fn runner(fake: &Fake) -> Option<u32> {
    fake.seen().await["runner_pid"].as_u64().map(|pid| u32::try_from(pid).expect("a pid"))
}

/// Kills the runner and waits until the fake has seen it.
async fn kill_runner(fake: &Fake) -> u32 {
    let pid = runner(fake).await.expect("it is loaded");
    kill_process(pid_of(pid), Signal::KILL).expect("it lives");
    until("its death is seen", async || runner(fake).await.is_none().then_some(())).await;
    pid
}

async fn is_running(fake: &Fake, running: u64, waiting: u64) {
    until("the calls are in", async || {
        let seen = fake.seen().await;
        (seen["running"] == running && seen["waiting"] == waiting).then_some(())
    })
    .await;
}

/// A fake with a runner, its model loaded.
async fn loaded() -> Fake {
    let fake = Fake::start_with("127.0.0.1:0", "smol").await;
    fake.behave(json!({"runner": true})).await;
    assert_eq!(post(&fake, "/api/generate", &json!({"model": "smol"})).await.status, 200);
    fake
}

#[actix_web::test]
async fn a_model_is_listed_while_it_is_loaded() {
    let fake = Fake::start_with("127.0.0.1:0", "smol").await;
    let address = fake.url.trim_start_matches("http://");
    let (request, nothing) = recorded(NOTHING_LOADED);
    assert_eq!(replayed(address, &request).await, nothing);
    let call = json!({"model": "smol", "prompt": "x", "stream": false});
    assert_eq!(post(&fake, "/api/generate", &call).await.status, 200);
    assert_eq!(replayed(address, &request).await, recorded(LOADED).1);
    let entry = listed(&fake, "/api/ps").await;
    assert_eq!((&entry["size"], &entry["size_vram"]), (&json!(10_000_000_000_u64), &entry["size"]));
    fake.behave(json!({"lost_model": true, "size": 7, "size_vram": 3})).await;
    assert_eq!(replayed(address, &request).await, nothing);
    assert_eq!(post(&fake, "/api/generate", &json!({"model": "smol"})).await.status, 200);
    let entry = listed(&fake, "/api/ps").await;
    assert_eq!((&entry["size"], &entry["size_vram"]), (&json!(7), &json!(3)));
}

#[actix_web::test]
async fn calls_in_work_and_in_the_queue_learn_of_a_runner_that_was_killed() {
    let fake = loaded().await;
    let answer = "很".repeat(4000);
    fake.behave(json!({"runner": true, "token_ms": 5, "answer": answer})).await;
    let call = json!({"model": "smol", "prompt": "x"});
    let working = Sent::to(&fake, "POST", "/api/generate", &call).await;
    working.begun().await;
    let queued = Sent::to(&fake, "POST", "/api/generate", &call).await;
    is_running(&fake, 1, 1).await;
    let first = kill_runner(&fake).await;
    let working = working.answer().await;
    assert!(working.is_whole && KILLED.contains(&working.last().to_string()), "{working:?}");
    let queued = queued.answer().await;
    assert_eq!((queued.status, &queued.last()["error"]), (500, &recorded(KILLED_QUEUED).1.error));
    // The next call finds a runner that was started for it.
    fake.behave(json!({"runner": true})).await;
    assert_eq!(post(&fake, "/api/generate", &call).await.last()["done"], true);
    assert!(runner(&fake).await.is_some_and(|second| second != first));
}

#[actix_web::test]
async fn a_call_that_comes_after_a_death_amid_work_is_told_once() {
    let fake = loaded().await;
    fake.behave(json!({"runner": true, "fault": "stall_before", "times": 1})).await;
    let call = json!({"model": "smol", "prompt": "x", "stream": false});
    let working = Sent::to(&fake, "POST", "/api/generate", &call).await;
    is_running(&fake, 1, 0).await;
    kill_runner(&fake).await;
    let working = working.answer().await;
    assert_eq!((working.status, &working.last()["error"]), (500, &recorded(KILLED_WHOLE).1.error));
    let told = post(&fake, "/api/generate", &call).await;
    assert_eq!((told.status, &told.last()["error"]), (500, &recorded(KILLED_QUEUED).1.error));
    assert_eq!(post(&fake, "/api/generate", &call).await.status, 200);
}

#[actix_web::test]
async fn the_death_of_an_idle_runner_harms_no_call() {
    let fake = loaded().await;
    kill_runner(&fake).await;
    assert_eq!(listed(&fake, "/api/ps").await["name"], "smol:latest", "as recorded [131]");
    let (request, expected) = recorded(KILLED_IDLE);
    let answer = replayed(fake.url.trim_start_matches("http://"), &request).await;
    assert_eq!(answer, expected, "{request}");
    assert!(runner(&fake).await.is_some());
}

#[actix_web::test]
async fn a_runner_ends_with_sigterm_and_is_left_behind_by_sigkill() {
    for (signal, left) in [(Signal::TERM, false), (Signal::KILL, true)] {
        let mut fake = loaded().await;
        let pid = pid_of(runner(&fake).await.expect("it is loaded"));
        assert_eq!(getpgid(Some(pid)), getpgid(Some(fake.process.pid())), "one group");
        fake.process.signal(signal);
        fake.process.ended().await;
        if left {
            assert!(test_kill_process(pid).is_ok(), "it lives on");
            kill_process(pid, Signal::KILL).expect("it lives");
        }
        until("it is gone", async || is_gone(pid.as_raw_nonzero().get()).then_some(())).await;
    }
}

/// Whether a process has ended, be it waited for or not.
fn is_gone(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.map_or(true, |stat| stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z')))
}

#[actix_web::test]
async fn a_runner_can_be_asked_for_at_the_start() {
    let behaviour = json!({"runner": true}).to_string();
    let fake = Fake::start_in(&[("FAKE_MODEL", "smol"), ("FAKE_BEHAVIOUR", &behaviour)]).await;
    assert_eq!(fake.seen().await["runner_pid"], Value::Null, "there is none before the load");
    assert_eq!(post(&fake, "/api/generate", &json!({"model": "smol"})).await.status, 200);
    let pid = runner(&fake).await.expect("it is loaded");
    fake.behave(json!({"lost_model": true})).await;
    until("it is gone", async || is_gone(pid.cast_signed()).then_some(())).await;
}

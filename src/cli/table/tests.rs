//! The table of nodes, its header and its notes, word for word.

use serde_json::{Value, json};

use super::*;

const NOW: &str = "2026-11-22T12:00:00+08:00";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn node(value: Value) -> Node {
    serde_json::from_value(value).unwrap()
}

#[test]
fn the_table_is_aligned_and_notes_stand_below_it() {
    let all = [
        node(json!({
            "id": "11434", "kind": "managed", "state": "ready", "since": "2026-11-22T10:00:00+08:00",
            "pid": 123, "restarts": 2, "slots": 1, "in_flight": 1, "requests": 1500, "errors": 3,
            "latency_ms": {"p50": 21000, "p95": 30049.5},
            "memory": {"bytes": 10_000_000_000_u64, "vram_bytes": 10_000_000_000_u64},
            "last_failure": {"at": "2026-11-22T09:59:59+08:00", "reason": "of the time before"},
        })),
        node(json!({
            "id": "11435", "kind": "managed", "runtime": true, "state": "crash-looping",
            "since": "2026-11-22T11:59:55+08:00", "restarts": 7, "slots": 2,
            "last_failure": {
                "at": "2026-11-22T11:59:54+08:00", "reason": "exit status: 1",
                "output": ["starting", "\u{1b}[31mError: no GPU", " "],
            },
            "warning": null, "remedy": "look at the driver",
        })),
        node(json!({
            "id": "gw:80/ollama", "kind": "endpoint", "state": "pulling", "pull_percent": 42,
            "since": "2026-11-18T11:00:00+08:00", "slots": 4,
            "memory": {"bytes": 10_000_000_000_u64, "vram_bytes": 6_000_000_000_u64},
            "latency_ms": {"p50": 850, "p95": 125_000}, "warning": "the model lies partly on the CPU",
        })),
    ];
    let expected = "\
ID            STATE          SINCE  PID  RESTARTS  IN-FLIGHT  CALLS  ERRORS    P50    P95  MODEL-MEMORY      KIND
11434         ready             2h  123         2        1/1   1500       3  21.0s  30.0s  9.3 GiB GPU       managed
11435         crash-looping     5s    -         7        0/2      0       0      -      -  -                 managed (runtime)
gw:80/ollama  pulling 42%       4d    -         0        0/4      0       0  850ms   125s  9.3 GiB, 40% CPU  endpoint
11435: crash-looping: exit status: 1 (6s ago); last output: \\u{1b}[31mError: no GPU; look at the driver
gw:80/ollama: pulling: the model lies partly on the CPU
";
    assert_eq!(nodes(&all, now()), expected);
}

#[test]
fn an_answer_of_another_version_is_shown_as_far_as_it_goes() {
    let text = nodes(&[node(json!({"id": "节点", "state": "dreaming", "dreams": [1]}))], now());
    let row = text.lines().nth(1).unwrap();
    let cells: Vec<_> = row.split_whitespace().collect();
    assert_eq!(cells, ["节点", "dreaming", "-", "-", "0", "0/0", "0", "0", "-", "-", "-"]);
    assert_eq!(text.lines().count(), 2);
    assert_eq!(nodes(&[], now()), "no nodes\n");
}

#[test]
fn what_a_node_takes_of_the_host_is_shown_where_it_is_known() {
    let all = [
        node(json!({
            "id": "1", "kind": "managed", "state": "ready", "slots": 1,
            "resources": {"memory_bytes": 3_221_225_472_u64, "memory_max_bytes": 12_884_901_888_u64,
                          "tasks": 41, "cpu_ms": 61_000},
        })),
        node(json!({
            "id": "2", "kind": "managed", "state": "ready", "slots": 1,
            "resources": {"memory_bytes": 1 << 30, "memory_max_bytes": null, "cpu_ms": 9},
        })),
    ];
    let expected = "\
ID  STATE  SINCE  PID  RESTARTS  IN-FLIGHT  CALLS  ERRORS  P50  P95  MODEL-MEMORY  MEMORY        TASKS  CPU-TIME  KIND
1   ready      -    -         0        0/1      0       0    -    -  -             3.0/12.0 GiB     41        1m  managed
2   ready      -    -         0        0/1      0       0    -    -  -             1.0 GiB           -        0s  managed
";
    assert_eq!(nodes(&all, now()), expected);
}

#[test]
fn the_header_tells_the_service_in_a_line() {
    let status = |value: Value| header(&serde_json::from_value(value).unwrap());
    assert_eq!(
        status(json!({"version": "0.1.0", "uptime_s": 93_784, "waiting": 1, "total_endpoints": 3,
                      "healthy_endpoints": 2, "nodes": []})),
        "ticketd 0.1.0, up 1 day 2 hours, 2 of 3 nodes healthy, 1 call waiting\n"
    );
    assert_eq!(
        status(json!({"version": "0.2.0", "total_endpoints": 1})),
        "ticketd 0.2.0, up 0 seconds, 0 of 1 node healthy, 0 calls waiting\n"
    );
}

#[test]
fn lengths_of_time_are_told_in_their_largest_units() {
    for (at, expected) in [
        ("2026-11-22T04:00:00Z", Some("0s")),
        ("2026-11-22T04:00:09Z", Some("0s")),
        ("2026-11-22T03:59:01Z", Some("59s")),
        ("2026-11-22T03:59:00Z", Some("1m")),
        ("2026-11-22T03:00:00Z", Some("1h")),
        ("2026-11-21T04:00:01Z", Some("23h")),
        ("2026-11-12T04:00:00Z", Some("10d")),
        ("yesterday", None),
    ] {
        assert_eq!(age(at, now()).as_deref(), expected, "{at}");
    }
    for (seconds, expected) in [
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (3605, "1 hour"),
        (7500, "2 hours 5 minutes"),
        (86_400 * 40, "40 days"),
    ] {
        assert_eq!(in_words(seconds), expected);
    }
}

#[test]
fn memory_tells_what_no_gpu_holds() {
    const GIB: u64 = 1 << 30;
    for (bytes, vram_bytes, expected) in [
        (GIB, GIB, "1.0 GiB GPU"),
        (GIB, 0, "1.0 GiB CPU"),
        (10 * GIB, 10 * GIB - 1, "10.0 GiB, 1% CPU"),
        (10 * GIB, 1, "10.0 GiB, 99% CPU"),
        (GIB, 2 * GIB, "1.0 GiB GPU"),
        (u64::MAX, 0, "17179869184.0 GiB CPU"),
        (0, 0, "0.0 GiB GPU"),
    ] {
        assert_eq!(memory(&Memory { bytes, vram_bytes }), expected);
    }
}

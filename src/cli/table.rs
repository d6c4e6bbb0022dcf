//! Nodes as people read them: one header, one table, one note for each node that needs one.
//!
//! Pure: the present time is a value.

use jiff::{SignedDuration, Timestamp};

use super::{
    answers::{Failure, Memory, Node, Resources, Status},
    plain::plain,
};

/// What stands in a cell without a value.
const NONE: &str = "-";

/// The columns, and whether their values are numbers, which stand on the right.
const COLUMNS: [(&str, bool); 15] = [
    ("ID", false),
    ("STATE", false),
    ("SINCE", true),
    ("PID", true),
    ("RESTARTS", true),
    ("IN-FLIGHT", true),
    ("CALLS", true),
    ("ERRORS", true),
    ("P50", true),
    ("P95", true),
    ("MODEL-MEMORY", false),
    ("MEMORY", false),
    ("TASKS", true),
    ("CPU-TIME", true),
    ("KIND", false),
];

/// The columns that are shown only if a node has something there: without cgroups none has.
const OPTIONAL: [&str; 3] = ["MEMORY", "TASKS", "CPU-TIME"];

/// The line above the table of `ticketd status`.
pub(super) fn header(status: &Status) -> String {
    let Status { uptime_s, waiting, total_endpoints, healthy_endpoints, .. } = status;
    let calls = if *waiting == 1 { "call" } else { "calls" };
    let nodes = if *total_endpoints == 1 { "node" } else { "nodes" };
    format!(
        "ticketd {}, up {}, {healthy_endpoints} of {total_endpoints} {nodes} healthy, \
         {waiting} {calls} waiting\n",
        plain(&status.version),
        in_words(*uptime_s)
    )
}

/// The table, and below it the notes.
pub(super) fn nodes(nodes: &[Node], now: Timestamp) -> String {
    if nodes.is_empty() {
        return "no nodes\n".to_owned();
    }
    let mut rows = vec![COLUMNS.map(|(title, _)| title.to_owned())];
    rows.extend(nodes.iter().map(|node| row(node, now)));
    let mut text = aligned(&rows);
    for note in nodes.iter().filter_map(|node| note(node, now)) {
        text.push_str(&note);
        text.push('\n');
    }
    text
}

/// What is wrong with a node, why, and what to do about it; nothing for a node without a past.
pub(super) fn note(node: &Node, now: Timestamp) -> Option<String> {
    let told = [
        node.last_failure
            .as_ref()
            .filter(|failure| led_here(failure, node))
            .map(|f| failed(f, now)),
        node.warning.as_deref().map(plain),
        node.remedy.as_deref().map(plain),
    ];
    let told: Vec<_> = told.into_iter().flatten().collect();
    let all = || format!("{}: {}", standing(node), told.join("; "));
    (!told.is_empty()).then(all)
}

/// Whether a failure led to the state that a node is in. An older one explains nothing, and shows in
/// `--json` only.
fn led_here(failure: &Failure, node: &Node) -> bool {
    const SLACK: SignedDuration = SignedDuration::from_secs(5);
    let times = failure.at.parse::<Timestamp>().ok().zip(node.since.parse::<Timestamp>().ok());
    node.state != "ready" && times.is_none_or(|(at, since)| since.duration_since(at) <= SLACK)
}

/// A node and its state, as the commands print each change.
pub(super) fn standing(node: &Node) -> String {
    format!("{}: {}", plain(&node.id), plain(&node.state))
}

fn failed(failure: &Failure, now: Timestamp) -> String {
    let mut text = plain(&failure.reason);
    if let Some(age) = age(&failure.at, now) {
        text.push_str(&format!(" ({age} ago)"));
    }
    if let Some(last) = failure.output.iter().rfind(|line| !line.trim().is_empty()) {
        text.push_str(&format!("; last output: {}", plain(last.trim())));
    }
    text
}

fn row(node: &Node, now: Timestamp) -> [String; COLUMNS.len()] {
    let or_none = |value: Option<String>| value.unwrap_or_else(|| NONE.to_owned());
    let (latency, resources) = (node.latency_ms.as_ref(), node.resources.as_ref());
    let state = match node.pull_percent {
        Some(percent) => format!("{} {percent:.0}%", plain(&node.state)),
        None => plain(&node.state),
    };
    let kind = if node.runtime { "(runtime)" } else { "" };
    [
        plain(&node.id),
        state,
        or_none(age(&node.since, now)),
        or_none(node.pid.map(|pid| pid.to_string())),
        node.restarts.to_string(),
        format!("{}/{}", node.in_flight, node.slots),
        node.requests.to_string(),
        node.errors.to_string(),
        or_none(latency.map(|latency| short(latency.p50))),
        or_none(latency.map(|latency| short(latency.p95))),
        or_none(node.memory.as_ref().map(memory)),
        or_none(resources.and_then(host_memory)),
        or_none(resources.and_then(|own| own.tasks).map(|tasks| tasks.to_string())),
        or_none(resources.and_then(|own| own.cpu_ms).map(|cpu| largest_unit(cpu / 1000))),
        format!("{} {kind}", plain(&node.kind)),
    ]
}

/// The rows with every column as wide as its widest cell.
fn aligned(rows: &[[String; COLUMNS.len()]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<_> = (0..COLUMNS.len()).map(|column| width(column).unwrap_or(0)).collect();
    let empty = |column: usize| rows.iter().skip(1).all(|row| row[column] == NONE);
    let hidden: Vec<_> = (0..COLUMNS.len())
        .map(|column| OPTIONAL.contains(&COLUMNS[column].0) && empty(column))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        let cells = row.iter().zip(&widths).zip(COLUMNS).zip(&hidden);
        for (((cell, width), (_, right)), _) in cells.filter(|(_, hidden)| !**hidden) {
            match right {
                true => line.push_str(&format!("{cell:>width$}  ")),
                false => line.push_str(&format!("{cell:width$}  ")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// How long ago a time was, in its largest unit: `5s`, `3m`, `2h`, `4d`.
fn age(at: &str, now: Timestamp) -> Option<String> {
    let at: Timestamp = at.parse().ok()?;
    Some(largest_unit(now.duration_since(at).as_secs().max(0).unsigned_abs()))
}

/// A length of time in its largest unit.
fn largest_unit(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}

/// A length of time in its two largest units.
fn in_words(seconds: u64) -> String {
    let units = [
        (seconds / 86400, "day"),
        (seconds / 3600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(units.len() - 1);
    let told = units.iter().skip(first).take(2).enumerate();
    let told = told.filter(|(index, (count, _))| *index == 0 || *count > 0);
    let words = told.map(|(_, (count, unit))| match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Milliseconds: `850ms`, `21.0s`, `125s`.
fn short(milliseconds: f64) -> String {
    match milliseconds {
        below if below < 1000.0 => format!("{below:.0}ms"),
        below if below < 100_000.0 => format!("{:.1}s", below / 1000.0),
        rest => format!("{:.0}s", rest / 1000.0),
    }
}

/// What the node takes of the host's memory, and the most that it may.
fn host_memory(resources: &Resources) -> Option<String> {
    let taken = gib(resources.memory_bytes?);
    let most = resources.memory_max_bytes.map(|most| format!("/{}", gib(most)));
    Some(format!("{taken}{} GiB", most.unwrap_or_default()))
}

/// Bytes in GiB, with one decimal place.
fn gib(bytes: u64) -> String {
    let tenths = (u128::from(bytes) * 10 + (1 << 29)) >> 30;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// What the model takes, and how much of it a GPU does not hold.
fn memory(memory: &Memory) -> String {
    let Memory { bytes, vram_bytes } = *memory;
    let size = format!("{} GiB", gib(bytes));
    match bytes.saturating_sub(vram_bytes) {
        0 => format!("{size} GPU"),
        rest if rest == bytes => format!("{size} CPU"),
        rest => {
            let percent = (u128::from(rest) * 100 + u128::from(bytes) / 2) / u128::from(bytes);
            format!("{size}, {}% CPU", percent.clamp(1, 99))
        }
    }
}

#[cfg(test)]
mod tests;

//! What single values cannot show: limits, and keys that contradict each other.

use std::{collections::BTreeSet, ops::RangeInclusive};

use jiff::SignedDuration;
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::{BadPlace, Config, KeepAlive, Place, Size};
use crate::tokens::Tokens;

/// The calls that a node may work on at once.
const SLOTS: RangeInclusive<u64> = 1..=1024;

/// What a node may be allowed to take; less than the least would not even start Ollama.
const MEMORY_MAX: RangeInclusive<Size> = Size(32 << 20)..=Size(1 << 50);

/// Linux takes 107 bytes for a socket's path; it is made in a folder beside its place.
const MOST_SOCKET_BYTES: usize = 99;

/// Every contradiction as `(key, message with remedy)`.
pub(super) fn problems(config: &Config) -> Vec<(String, String)> {
    let mut found = Problems(Vec::new());
    server(config, &mut found);
    nodes(config, &mut found);
    limits(config, &mut found);
    ticket(config, &mut found);
    place(config, &mut found);
    found.0
}

struct Problems(Vec<(String, String)>);

impl Problems {
    fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.0.push((key.into(), message.into()));
    }

    /// A number that must lie between two bounds.
    fn bound(&mut self, key: &str, value: impl TryInto<u64>, bounds: RangeInclusive<u64>) {
        let value = value.try_into().unwrap_or(u64::MAX);
        if !bounds.contains(&value) {
            let (least, most) = bounds.into_inner();
            self.add(key, format!("{value} is out of range; use {least} to {most}"));
        }
    }
}

fn server(config: &Config, found: &mut Problems) {
    let server = &config.server;
    let guarded = server.tokens_file.is_some() || server.allow_anonymous;
    if !server.listen.ip().is_loopback() && !guarded {
        found.add(
            "server.listen",
            format!(
                "other hosts could reach {} without authentication; listen on 127.0.0.1, name a \
                 server.tokens_file, or set server.allow_anonymous = true if the network is trusted",
                server.listen
            ),
        );
    }
    let files = [
        ("server.tokens_file", &server.tokens_file),
        ("server.admin_tokens_file", &server.admin_tokens_file),
    ];
    for (key, file) in files {
        if let Some(Err(error)) = file.as_deref().map(Tokens::read) {
            found.add(key, error.to_string());
        }
    }
    if let Some(path) = &server.control_socket {
        if path.file_name().is_none() {
            let message = "it names no file; write it like \"/run/ticketd/control.sock\"";
            found.add("server.control_socket", message);
        } else if path.as_os_str().len() > MOST_SOCKET_BYTES {
            let message =
                format!("a socket's path has at most {MOST_SOCKET_BYTES} bytes; shorten it");
            found.add("server.control_socket", message);
        }
    }
    found.bound("server.max_connections", server.max_connections, 1..=1 << 20);
    found.bound("server.max_body_bytes", server.max_body_bytes, 1..=1 << 30);
    let one = server.max_body_bytes as u64;
    found.bound("server.max_bodies_bytes", server.max_bodies_bytes, one..=1 << 40);
    found.bound("server.idempotency_bytes", server.idempotency_bytes, 65_536..=1 << 32);
    // The most that actix-web starts.
    found.bound("server.workers", server.workers, 0..=512);
}

fn nodes(config: &Config, found: &mut Problems) {
    let nodes = &config.nodes;
    if nodes.ports.is_empty() && nodes.endpoints.is_empty() {
        found.add(
            "nodes.ports",
            "there is no node; name a port such as [11434], or nodes.endpoints",
        );
    }
    let mut taken = BTreeSet::new();
    for (index, port) in nodes.ports.iter().enumerate() {
        let key = format!("nodes.ports[{index}]");
        if *port == 0 {
            found.add(&key, "0 is no port of a node; choose a free one such as 11434");
        } else if *port == config.server.listen.port() {
            found.add(&key, format!("{port} is the port of server.listen; choose another"));
        } else if !taken.insert(*port) {
            found.add(&key, format!("{port} is listed twice; every node needs a port of its own"));
        }
    }
    let mut ids = BTreeSet::new();
    for (index, endpoint) in nodes.endpoints.iter().enumerate() {
        let key = format!("nodes.endpoints[{index}]");
        let local = endpoint.loopback_port();
        if let Some(port) = local.filter(|port| nodes.ports.contains(port)) {
            found.add(&key, format!("{port} is in nodes.ports too; remove it from one of the two"));
        } else if local.is_some_and(|port| !taken.insert(port)) || !ids.insert(endpoint.id()) {
            found.add(&key, format!("{endpoint} is listed twice; remove one"));
        } else if local == Some(config.server.listen.port()) {
            found.add(&key, format!("{endpoint} is server.listen itself; name an Ollama server"));
        }
    }
    overrides(config, found);
    environment("nodes.env", &nodes.env, found);
    found.bound("nodes.slots", nodes.slots, SLOTS);
    found.bound("nodes.probe_failures", nodes.probe_failures, 1..=1000);
    found.bound("nodes.crash_loop_failures", nodes.crash_loop_failures, 1..=1000);
    found.bound("nodes.kills_per_hour", nodes.kills_per_hour, 0..=3600);
    found.bound("nodes.log_lines_per_second", nodes.log_lines_per_second, 1..=100_000);
    if let Some(most) = nodes.memory_max
        && !MEMORY_MAX.contains(&most)
    {
        let (least, most_of_all) = MEMORY_MAX.into_inner();
        let message = format!(
            "{most} is no limit that a node could live with; use {least} to {most_of_all} (K, M, G and T \
             count in 1024), or remove the key"
        );
        found.add("nodes.memory_max", message);
    }
    if nodes.program.as_os_str().is_empty() {
        found.add("nodes.program", "the program has no name; the default is \"ollama\"");
    }
    if nodes.backoff_base > nodes.backoff_ceiling {
        found.add("nodes.backoff_base", "it is longer than nodes.backoff_ceiling; shorten it");
    }
}

fn overrides(config: &Config, found: &mut Problems) {
    let nodes = &config.nodes;
    let mut seen = BTreeSet::new();
    for (index, node) in nodes.node.iter().enumerate() {
        let key = format!("nodes.node[{index}]");
        if !nodes.ports.contains(&node.port) {
            let message =
                format!("{} is not in nodes.ports; add it there or correct it", node.port);
            found.add(format!("{key}.port"), message);
        } else if !seen.insert(node.port) {
            let message = format!("{} has two [[nodes.node]] entries; merge them", node.port);
            found.add(format!("{key}.port"), message);
        }
        found.bound(&format!("{key}.slots"), node.slots.unwrap_or(1), SLOTS);
        environment(&format!("{key}.env"), &node.env, found);
    }
}

/// Variables that other keys set, or that no process can have.
fn environment<'a>(
    key: &str,
    variables: impl IntoIterator<Item = (&'a String, &'a String)>,
    found: &mut Problems,
) {
    for (name, value) in variables {
        let key = format!("{key}.{name}");
        let instead = match name.as_str() {
            "OLLAMA_HOST" => Some("nodes.ports"),
            "OLLAMA_MODELS" => Some("nodes.models_dir"),
            "OLLAMA_NUM_PARALLEL" => Some("nodes.slots"),
            "OLLAMA_KEEP_ALIVE" => Some("model.keep_alive"),
            "OLLAMA_CONTEXT_LENGTH" => Some("model.options.num_ctx"),
            _ => None,
        };
        if let Some(instead) = instead {
            found.add(key, format!("ticketd sets this variable itself; use {instead}"));
        } else if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            found.add(key, "no process can have such a variable; correct its name or value");
        }
    }
}

/// Ollama takes seconds, or a Go duration such as 5m or 1h30m; it refuses every call with another.
fn keep_alive(value: &KeepAlive, found: &mut Problems) {
    let KeepAlive::Text(text) = value else { return };
    let go = !text.contains(char::is_whitespace) && text.parse::<SignedDuration>().is_ok();
    if text.parse::<i64>().is_err() && !go {
        found.add(
            "model.keep_alive",
            format!("{text:?} is no duration; use -1 or a string like \"5m\""),
        );
    }
}

fn limits(config: &Config, found: &mut Problems) {
    let name = &config.model.name;
    if name.is_empty() || name.contains(char::is_whitespace) {
        found.add(
            "model.name",
            "a model's name has letters and no blanks, such as \"deepseek-r1:14b\"",
        );
    }
    let options = &config.model.options;
    let shares = [
        ("temperature", options.temperature, 5.0),
        ("top_p", options.top_p, 1.0),
        ("repeat_penalty", options.repeat_penalty, 10.0),
    ];
    for (name, value, most) in shares {
        if !(0.0..=most).contains(&value) {
            let message = format!("{value} is out of range; use 0 to {most}");
            found.add(format!("model.options.{name}"), message);
        }
    }
    if options.num_predict.is_some_and(|tokens| tokens == 0 || tokens < -2) {
        found.add("model.options.num_predict", "no answer fits; use 1 or more, or remove the key");
    }
    found.bound("model.options.num_ctx", config.model.options.num_ctx, 256..=1 << 24);
    keep_alive(&config.model.keep_alive, found);
    found.bound("balancer.queue_limit", config.balancer.queue_limit, 1..=100_000);
    found.bound("balancer.attempts", config.balancer.attempts, 1..=100);
    found.bound("balancer.breaker_failures", config.balancer.breaker_failures, 1..=1000);
    found.bound("balancer.budget_factor", config.balancer.budget_factor, 2..=1000);
    found.bound("balancer.hedge_percent", config.balancer.hedge_percent, 0..=100);
    for (name, base, ceiling) in [
        ("penalty", config.balancer.penalty_base, config.balancer.penalty_ceiling),
        ("breaker", config.balancer.breaker_base, config.balancer.breaker_ceiling),
    ] {
        if base > ceiling {
            let message = format!("it is longer than balancer.{name}_ceiling; shorten it");
            found.add(format!("balancer.{name}_base"), message);
        }
    }
    for directive in config.log.level.split(',') {
        // A bare word that is no level would be taken for a part's name with all its records.
        let level = directive.rsplit('=').next().unwrap_or(directive).trim();
        if level.parse::<LevelFilter>().is_err() {
            found.add(
                "log.level",
                format!("{level:?} is no level; use error, warn, info, debug or trace"),
            );
        }
    }
    if config.log.level.parse::<Targets>().is_err() {
        found.add("log.level", "it is no list of levels; write it like \"info,node=debug\"");
    }
}

fn ticket(config: &Config, found: &mut Problems) {
    let types = &config.ticket.types;
    let distinct: BTreeSet<_> = types.iter().map(|name| name.trim()).collect();
    if types.is_empty() {
        found.add("ticket.types", "a ticket needs a type; the default is the original's four");
    } else if distinct.len() < types.len() || distinct.contains("") {
        found.add("ticket.types", "a type is blank or listed twice; remove it");
    }
    match config.ticket.prompt() {
        Err(error) => found.add("ticket.prompt_file", error.to_string()),
        // No tokeniser has more than two characters of Chinese in a token.
        Ok(Some(text))
            if text.chars().filter(|c| !c.is_ascii()).count() / 2
                >= config.model.options.num_ctx as usize =>
        {
            let message =
                "it fills the model's context; shorten it, or raise model.options.num_ctx";
            found.add("ticket.prompt_file", message);
        }
        Ok(_) => {}
    }
}

fn place(config: &Config, found: &mut Problems) {
    if config.place != Place::default()
        && let Err(BadPlace(problems)) = config.place.corrector()
    {
        problems.into_iter().for_each(|(key, message)| found.add(key, message));
    }
}

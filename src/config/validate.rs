//! What single values cannot show: limits, and keys that contradict each other.

use std::collections::BTreeSet;

use tracing_subscriber::filter::{LevelFilter, Targets};

use super::{Config, Correction};

/// Every contradiction as `(key, message with remedy)`.
pub(super) fn problems(config: &Config) -> Vec<(String, String)> {
    let mut found = Problems(Vec::new());
    server(config, &mut found);
    nodes(config, &mut found);
    limits(config, &mut found);
    ticket(config, &mut found);
    found.0
}

struct Problems(Vec<(String, String)>);

impl Problems {
    fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.0.push((key.into(), message.into()));
    }
}

fn server(config: &Config, found: &mut Problems) {
    let server = &config.server;
    if !server.listen.ip().is_loopback() && !server.allow_anonymous {
        found.add(
            "server.listen",
            format!(
                "other hosts could reach {} without authentication; listen on 127.0.0.1, or set \
                 server.allow_anonymous = true if the network is trusted",
                server.listen
            ),
        );
    }
    if server.max_body_bytes == 0 {
        found.add("server.max_body_bytes", "0 refuses every request; the default is 1048576");
    }
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
    let mut authorities = BTreeSet::new();
    for (index, endpoint) in nodes.endpoints.iter().enumerate() {
        let key = format!("nodes.endpoints[{index}]");
        let local = endpoint.loopback_port();
        if let Some(port) = local.filter(|port| nodes.ports.contains(port)) {
            found.add(&key, format!("{port} is in nodes.ports too; remove it from one of the two"));
        } else if local.is_some_and(|port| !taken.insert(port))
            || !authorities.insert(endpoint.base())
        {
            found.add(&key, format!("{endpoint} is listed twice; remove one"));
        } else if local == Some(config.server.listen.port()) {
            found.add(&key, format!("{endpoint} is server.listen itself; name an Ollama server"));
        }
    }
    overrides(config, found);
    environment("nodes.env", &nodes.env, found);
    if nodes.slots == 0 {
        found.add("nodes.slots", "a node without a slot gets no call; use 1 or more");
    }
    if nodes.probe_failures == 0 {
        found.add("nodes.probe_failures", "0 would make every node unhealthy; use 1 or more");
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
        if node.slots == Some(0) {
            found.add(format!("{key}.slots"), "a node without a slot gets no call; use 1 or more");
        }
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

fn limits(config: &Config, found: &mut Problems) {
    if config.model.name.trim().is_empty() {
        found.add("model.name", "the model has no name; the default is \"deepseek-r1:14b\"");
    }
    if config.model.options.num_ctx == 0 {
        found.add("model.options.num_ctx", "there is no room for a prompt; the default is 8192");
    }
    if config.balancer.queue_limit == 0 {
        found.add(
            "balancer.queue_limit",
            "without a queue every node start loses calls; use 1 or more",
        );
    }
    if config.balancer.attempts == 0 {
        found.add("balancer.attempts", "0 attempts make no ticket; use 1 or more");
    }
    if config.balancer.penalty_base > config.balancer.penalty_ceiling {
        found
            .add("balancer.penalty_base", "it is longer than balancer.penalty_ceiling; shorten it");
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
    match &config.place.location_file {
        Some(file) => {
            if let Err(error) = crate::place::Locations::read(file) {
                found.add("place.location_file", error.to_string());
            }
        }
        None if config.ticket.correction == Correction::Always => {
            found.add(
                "ticket.correction",
                "\"always\" needs place.location_file; set that too, or \"auto\"",
            );
        }
        None => {}
    }
}

//! The configuration: one struct a section, layers that are checked one by one and then merged.
//!
//! Later wins: built-in defaults < file < `config.d/*.toml` < `TICKETD_SECTION__KEY` < the
//! original's variables < command line. Whatever is wrong is reported with its place, its key and a
//! remedy, and nothing starts.

mod balancer;
pub mod duration;
mod endpoint;
mod invalid;
mod layer;
mod log;
mod model;
mod nodes;
mod place;
mod server;
mod size;
mod sources;
mod ticket;
mod validate;

use serde::{Deserialize, Serialize};
use toml::Table;

pub use self::{
    balancer::{Balancer, Policy},
    endpoint::Endpoint,
    invalid::{Invalid, Problem},
    log::{Format, Log},
    model::{KeepAlive, Model, Options, Pull, Think},
    nodes::{NodeOverride, Nodes},
    place::{BadPlace, Place},
    server::Server,
    size::Size,
    sources::{Files, Loaded, Sources},
    ticket::{BadPrompt, Correction, Fallback, TYPES, Ticket, Ungrounded},
};

/// The whole configuration. Parts get their own section, never this.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The HTTP face.
    pub server: Server,
    /// The model.
    pub model: Model,
    /// The nodes.
    pub nodes: Nodes,
    /// Balancer and dispatch.
    pub balancer: Balancer,
    /// Tickets.
    pub ticket: Ticket,
    /// Place names.
    pub place: Place,
    /// The log.
    pub log: Log,
}

impl Config {
    /// Every value as `(dotted key, TOML value)`, in the order of the sections; a key without a value is
    /// left out.
    pub fn values(&self) -> Vec<(String, String)> {
        let table = Table::try_from(self).expect("the configuration is a table");
        let mut rows = Vec::new();
        let mut tables = vec![(String::new(), table)];
        while let Some((prefix, table)) = tables.pop() {
            let mut inner = Vec::new();
            for (name, value) in table {
                let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
                match value.as_table() {
                    Some(table) => inner.push((key, table.clone())),
                    None => rows.push((key, value.to_string())),
                }
            }
            tables.extend(inner.into_iter().rev());
        }
        rows
    }

    /// Checks values that come from more than one time; `origin` says so in the problems.
    pub fn check(&self, origin: &str) -> Result<(), Invalid> {
        let problem = |(key, message)| Problem { origin: origin.to_owned(), key, message };
        let problems: Vec<_> = validate::problems(self).into_iter().map(problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(Invalid(problems)) }
    }
}

//! `ticketd node`: the nodes of the running service, one by one.

mod log;
mod settle;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use actix_web::http::Method;
use clap::{ArgGroup, Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Map, Value};

use self::settle::{Goal, settle};
use super::{
    answers,
    control::{ANSWER, Control, Socket},
    say, table,
};

#[derive(Debug, Args)]
#[command(after_help = super::ORDER_CODES)]
pub(super) struct Node {
    #[command(flatten)]
    socket: Socket,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the nodes
    List {
        /// Print the answer as JSON
        #[arg(long)]
        json: bool,
    },
    /// Add a node to the running service; the configuration stays as it is
    Add(Add),
    /// Let a node finish its calls, and stop it
    Drain(Order),
    /// Take a drained node into service again
    Resume(Order),
    /// End a node's process and start it anew
    Restart(Order),
    /// Drain a node and forget it
    Remove(Order),
    /// Print the last lines of a node's output
    Log(log::Log),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("place").required(true).args(["port", "endpoint"]))]
struct Add {
    /// Run an Ollama on this port of 127.0.0.1
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Use an Ollama that others run
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Calls that it works on at once, instead of nodes.slots
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    slots: Option<u32>,
    /// The GPUs that it may use, such as 0 or 0,1
    #[arg(long, value_name = "LIST", conflicts_with = "endpoint")]
    gpu: Option<String>,
    #[command(flatten)]
    patience: Patience,
}

/// What is done with one node.
#[derive(Debug, Args)]
struct Order {
    /// The node, as `node list` calls it
    #[arg(value_parser = id)]
    id: String,
    #[command(flatten)]
    patience: Patience,
}

#[derive(Debug, Args)]
struct Patience {
    /// Return at once instead of waiting until the node is ready, stopped or gone
    #[arg(long)]
    no_wait: bool,
    /// How long to wait, such as 30s or 10m
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = super::time, conflicts_with = "no_wait")]
    timeout: Duration,
}

impl Node {
    pub(super) async fn run(self, file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
        let control = self.socket.open(file)?;
        match self.verb {
            Verb::List { json } => list(&control, json).await?,
            Verb::Add(add) => {
                let body = add.body();
                let path = ["admin", "nodes"];
                let answer = control.call(Method::POST, &path, Some(&body), ANSWER).await?;
                let node = control.understand(&answer)?;
                finish(&control, node, Goal::Ready, &add.patience).await?;
            }
            Verb::Drain(order) => order.give(&control, "drain", Goal::Stopped).await?,
            Verb::Resume(order) => order.give(&control, "resume", Goal::Ready).await?,
            Verb::Restart(order) => {
                // A node that is ready now must be ready anew.
                let answer = control.get(&["admin", "nodes", &order.id]).await?;
                let before = control.understand::<answers::Node>(&answer)?;
                let goal = Goal::ReadyAnew { before: (&before).into() };
                order.give(&control, "restart", goal).await?;
            }
            Verb::Remove(order) => {
                let path = ["admin", "nodes", &order.id];
                let answer = control.call(Method::DELETE, &path, None, ANSWER).await?;
                let node = control.understand(&answer)?;
                finish(&control, node, Goal::Gone, &order.patience).await?;
            }
            Verb::Log(log) => return log.run(&control).await,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(control: &Control, json: bool) -> anyhow::Result<()> {
    let answer = control.get(&["admin", "nodes"]).await?;
    if json {
        say(&format!("{answer:#}\n"))?;
    } else {
        let answers::Nodes { nodes } = control.understand(&answer)?;
        say(&table::nodes(&nodes, Timestamp::now()))?;
    }
    Ok(())
}

impl Add {
    /// The request; what is not given is left out.
    fn body(&self) -> Value {
        let fields = [
            ("port", self.port.map(Value::from)),
            ("endpoint", self.endpoint.clone().map(Value::from)),
            ("slots", self.slots.map(Value::from)),
            ("gpu", self.gpu.clone().map(Value::from)),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(given.collect::<Map<_, _>>())
    }
}

impl Order {
    async fn give(self, control: &Control, verb: &str, goal: Goal) -> anyhow::Result<()> {
        let path = ["admin", "nodes", &self.id, verb];
        let answer = control.call(Method::POST, &path, None, ANSWER).await?;
        finish(control, control.understand(&answer)?, goal, &self.patience).await
    }
}

/// Tells the node's state, and waits for the goal unless that is not wanted.
async fn finish(
    control: &Control,
    node: answers::Node,
    goal: Goal,
    patience: &Patience,
) -> anyhow::Result<()> {
    say(&format!("{}\n", table::standing(&node)))?;
    if patience.no_wait { Ok(()) } else { settle(control, node, &goal, patience.timeout).await }
}

/// A text that can be one segment of a path.
fn id(text: &str) -> Result<String, &'static str> {
    match text {
        "" | "." | ".." => Err("this is no id of a node; `ticketd node list` shows them"),
        _ => Ok(text.to_owned()),
    }
}

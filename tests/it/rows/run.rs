//! Runs one row: the fakes, a ticketd that knows nothing but their URLs, and callers from its
//! first second on.

use std::{fmt, path::Path, time::Duration};

use futures_util::{StreamExt, future::join_all, stream};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::{Ill, Row};
use crate::harness::{Fake, Ticketd, call, exchange, free_ports, is_ticket};

/// How long a caller waits for a ticket. Whoever gets it later has lost it.
const PATIENCE: Duration = Duration::from_secs(20);

/// How large a run is.
pub(super) struct Size {
    calls: usize,
    callers: usize,
    /// What a node that is well takes for a call.
    delay_ms: u64,
    /// When those are well again that are healed.
    healed_after: Duration,
}

/// The run that `make faults` is about.
pub(super) const FULL: Size =
    Size { calls: 60, callers: 6, delay_ms: 150, healed_after: Duration::from_secs(10) };

/// The run within the normal suite.
pub(super) const SHORT: Size =
    Size { calls: 18, callers: 6, delay_ms: 30, healed_after: Duration::from_secs(1) };

/// What came of a run.
pub(super) struct Outcome {
    row: &'static str,
    round: usize,
    /// The calls without a ticket in time, and why.
    pub(super) lost: Vec<String>,
    /// The longest that a caller waited.
    longest: Duration,
    total: Duration,
    /// What each node got.
    per_node: Vec<Got>,
    /// The nodes that were ill.
    ill: Vec<usize>,
}

/// What a node says that it got.
#[derive(PartialEq)]
enum Got {
    Calls(u64),
    /// It died of a call.
    Died,
    /// There was no node.
    Nothing,
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls(calls) => write!(f, "{calls}"),
            Self::Died => f.write_str("died"),
            Self::Nothing => f.write_str("-"),
        }
    }
}

impl Outcome {
    /// The head of a table of outcomes.
    pub(super) fn head(size: &Size) -> String {
        let lost = format!("LOST/{}", size.calls);
        let head = format!("{:20} {:>3} {lost:>8} {:>10} {:>8}", "ROW", "RUN", "LONGEST", "TOTAL");
        format!("{head}  CALLS (* ill)")
    }

    /// Whether every ill node got a call: if not, the run shows nothing.
    pub(super) fn is_met(&self) -> bool {
        self.ill.iter().all(|node| self.per_node[*node] != Got::Calls(0))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, round, lost, longest, total, per_node, ill } = self;
        let (lost, longest) = (lost.len(), longest.as_millis());
        let total = total.as_secs_f64();
        write!(f, "{row:20} {round:>3} {lost:>8} {longest:>7} ms {total:>6.1} s ")?;
        for (node, calls) in per_node.iter().enumerate() {
            write!(f, " {calls}{}", if ill.contains(&node) { "*" } else { "" })?;
        }
        Ok(())
    }
}

/// Runs a row once. The round says which nodes are the ill ones.
pub(super) async fn run(row: &Row, size: &Size, round: usize) -> Outcome {
    let nodes = row.nodes;
    let ill: Vec<_> = (0..row.ills.len()).map(|number| (2 + round + number) % nodes).collect();
    let well = json!({"delay_ms": size.delay_ms});
    let mut fleet = vec![Ill::Behaves(well.clone()); nodes];
    for (node, is) in ill.iter().zip(&row.ills) {
        fleet[*node] = is.clone();
    }
    let mut nodes = join_all(fleet.iter().map(|is| start(is, size))).await;
    let urls: Vec<_> = nodes.iter().map(|(_, url)| format!("{url}/api/generate")).collect();
    let ticketd = Ticketd::start("", &[("DEEPSEEK_ENDPOINTS", &urls.join(","))]).await;
    let begin = Instant::now();
    let heal = async {
        if row.healed {
            sleep(size.healed_after).await;
            join_all(nodes.iter().flat_map(|(fake, _)| fake).map(|fake| fake.behave(well.clone())))
                .await;
        }
    };
    let asked = stream::iter(0..size.calls).map(|number| ask(&ticketd, number));
    let asked = asked.buffer_unordered(size.callers).collect::<Vec<_>>();
    let (answers, ()) = tokio::join!(asked, heal);
    let total = begin.elapsed();
    let per_node = join_all(nodes.iter_mut().map(|(fake, _)| got(fake.as_mut()))).await;
    let longest = answers.iter().map(|(took, _)| *took).max().unwrap_or_default();
    let reason =
        |(_, lost): (Duration, Option<String>)| lost.map(|why| format!("{}: {why}", row.name));
    let lost: Vec<_> = answers.into_iter().filter_map(reason).collect();
    let log = ticketd.stop().await;
    if !lost.is_empty() {
        let file = format!("{}-{round}-{}.log", row.name, size.calls);
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
        std::fs::write(&file, log).expect("a writable folder");
        println!("{} calls lost, the log is in {}", lost.len(), file.display());
    }
    Outcome { row: row.name, round, lost, longest, total, per_node, ill }
}

/// Starts a node, if there is one, and gives its URL.
async fn start(is: &Ill, size: &Size) -> (Option<Fake>, String) {
    let behaviour = match is {
        Ill::Absent => {
            let [port] = free_ports();
            return (None, format!("http://127.0.0.1:{port}"));
        }
        Ill::Slow(times) => json!({"delay_ms": size.delay_ms * times}),
        Ill::Behaves(behaviour) => {
            let mut behaviour = behaviour.clone();
            behaviour["delay_ms"] = Value::from(size.delay_ms);
            behaviour
        }
    };
    let fake = Fake::start_in(&[("FAKE_BEHAVIOUR", &behaviour.to_string())]).await;
    let url = fake.url.clone();
    (Some(fake), url)
}

async fn got(fake: Option<&mut Fake>) -> Got {
    let Some(fake) = fake else { return Got::Nothing };
    let status = fake.process.child.try_wait().expect("it can be waited for");
    if status.is_some() { Got::Died } else { Got::Calls(fake.calls().await) }
}

/// Makes one call; gives how long it took, and why it is lost if it is.
async fn ask(ticketd: &Ticketd, number: usize) -> (Duration, Option<String>) {
    let begin = Instant::now();
    // A connection of its own: no reply can be missed because ticketd closed an idle one meanwhile, and
    // whoever has no patience left closes it.
    let request = ticketd.client.post(format!("{}/summarize", ticketd.url)).force_close();
    let reply = timeout(PATIENCE, exchange(request, call(number))).await;
    let took = begin.elapsed();
    let lost = match reply {
        Err(_) => Some("no answer in time".to_owned()),
        Ok(Err(error)) => Some(error.to_string()),
        Ok(Ok(reply)) => {
            let own = format!("第{number}次");
            let content = reply.body["ticket_content"].as_str().unwrap_or_default();
            let is_own = is_ticket(&reply) && content.contains(&own);
            (!is_own).then(|| format!("{} {}", reply.status, reply.body))
        }
    };
    (took, lost.map(|why| format!("call {number} after {} ms: {why}", took.as_millis())))
}

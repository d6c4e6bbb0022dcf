//! An open loop of calls from a thread of its own, so that nothing but ticketd delays an answer.

use std::{thread, time::Duration};

use actix_web::rt::{self, System};
use awc::{Client, Connector};
use tokio::{
    sync::oneshot,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::harness::{LIMIT, Reply, call, exchange, is_ticket};

/// The reason of a call that was refused as the contract says.
pub(super) const BUSY: &str = "busy";

/// What is offered to a ticketd.
pub(super) struct Load {
    pub(super) url: String,
    /// The calls in a second.
    pub(super) rate: u32,
    pub(super) length: Duration,
    pub(super) keep_alive: bool,
}

/// How one call ended.
pub(super) struct Answer {
    /// The time from when the call was due.
    pub(super) took: Duration,
    /// The time from when it was due until it was sent.
    pub(super) lag: Duration,
    /// A ticket, or why there is none.
    pub(super) end: Result<(), String>,
}

/// Offers a load and waits for every answer.
pub(super) async fn offer(load: Load) -> Vec<Answer> {
    let (done, answers) = oneshot::channel();
    thread::spawn(|| {
        let answers = System::new().block_on(send(load));
        // A test that failed meanwhile has no ear any more.
        let _ = done.send(answers);
    });
    answers.await.expect("the client does not panic")
}

/// Sends each call when it is due, whatever became of those before it.
async fn send(load: Load) -> Vec<Answer> {
    // No limit, or calls would wait for connections.
    let connector = Connector::new().limit(0);
    let client = Client::builder().connector(connector).timeout(4 * LIMIT).finish();
    let mut pace = interval(Duration::from_secs(1) / load.rate);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let end = Instant::now() + load.length;
    let mut calls = Vec::new();
    loop {
        let due = pace.tick().await;
        if due >= end {
            break;
        }
        let mut request = client.post(format!("{}/summarize", load.url));
        if !load.keep_alive {
            request = request.force_close();
        }
        let body = call(calls.len());
        calls.push(rt::spawn(async move {
            let lag = due.elapsed();
            let reply = exchange(request, body).await;
            let took = due.elapsed();
            let end = reply.map_err(|error| error.to_string()).and_then(|reply| judge(&reply));
            Answer { took, lag, end }
        }));
    }
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.expect("no call panics"));
    }
    answers
}

fn judge(reply: &Reply) -> Result<(), String> {
    let retry_after = reply.header("retry-after").and_then(|after| after.parse::<u64>().ok());
    match reply.status {
        _ if is_ticket(reply) => Ok(()),
        503 if reply.body["code"] == BUSY && retry_after >= Some(1) => Err(BUSY.to_owned()),
        status => Err(format!("{status}, Retry-After {retry_after:?}, {}", reply.body)),
    }
}

//! Whoever is waited for by a person goes first, and whoever is not is served all the same.

use std::cell::Cell;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::{
    harness::{Fake, LIMIT, Ticketd, assert_ticket, call, exchange, until},
    socket::{Folder, waiting},
};

const NODES: usize = 3;

/// The calls nobody waits for.
const BATCH: usize = 40;

/// A ticketd over nodes that take this long for a call, and its control socket.
async fn over_nodes(delay_ms: u64) -> (Ticketd, Vec<Fake>, Folder) {
    let folder = Folder::new();
    let fakes = join_all((0..NODES).map(|_| Fake::start())).await;
    let ticketd = Ticketd::over(&fakes.iter().collect::<Vec<_>>(), &folder.config(&[])).await;
    join_all(fakes.iter().map(|fake| fake.behave(json!({"delay_ms": delay_ms})))).await;
    (ticketd, fakes, folder)
}

/// Makes one call with a priority and expects its ticket.
async fn ask(ticketd: &Ticketd, number: usize, priority: &str) {
    let request = ticketd.client.post(format!("{}/summarize", ticketd.url));
    let request = request.insert_header(("X-Priority", priority));
    assert_ticket(&exchange(request, call(number)).await.expect("ticketd answers"));
}

#[actix_web::test]
async fn an_interactive_call_passes_most_of_the_batch_calls_that_wait() {
    let (ticketd, fakes, folder) = over_nodes(100).await;
    // No call gets on until all of them are there.
    let all = async |behaviour: Value| {
        join_all(fakes.iter().map(|fake| fake.behave(behaviour.clone()))).await;
    };
    all(json!({"silent_generate": true})).await;
    let answered = Cell::new(0);
    let batch = (0..BATCH).map(async |number| {
        ask(&ticketd, number, "batch").await;
        answered.set(answered.get() + 1);
    });
    let interactive = async {
        waiting(&folder, BATCH - NODES).await;
        let passed = async {
            ask(&ticketd, BATCH, "interactive").await;
            BATCH - answered.get()
        };
        let go_on = async {
            waiting(&folder, BATCH - NODES + 1).await;
            all(json!({"delay_ms": 100})).await;
        };
        let (passed, ()) = tokio::join!(passed, go_on);
        println!("an interactive call passed {passed} of {BATCH} batch calls");
        assert!(passed > BATCH / 2, "it passed {passed} of {BATCH}");
    };
    tokio::join!(join_all(batch), interactive);
    assert_eq!(answered.get(), BATCH);
    ticketd.stop().await;
}

#[actix_web::test]
async fn batch_calls_are_answered_under_a_steady_stream_of_interactive_ones() {
    let (ticketd, _fakes, _folder) = over_nodes(30).await;
    let over = Cell::new(false);
    let served = Cell::new(0);
    // Twice as many as there are slots: one waits whenever a slot becomes free.
    let stream = (0..2 * NODES).map(|caller| {
        let (ticketd, over, served) = (&ticketd, &over, &served);
        async move {
            for number in 0.. {
                if over.get() {
                    break;
                }
                ask(ticketd, 1000 * (caller + 1) + number, "interactive").await;
                served.set(served.get() + 1);
            }
        }
    });
    let batch = async {
        until("the stream runs", async || (served.get() > NODES).then_some(())).await;
        let begin = Instant::now();
        let batch = (0..BATCH).map(|number| ask(&ticketd, number, "batch"));
        let answered = timeout(LIMIT, join_all(batch)).await;
        over.set(true);
        println!("{BATCH} batch calls took {:?} beside {} others", begin.elapsed(), served.get());
        answered.expect("batch calls are answered in the end");
    };
    tokio::join!(join_all(stream), batch);
    ticketd.stop().await;
}

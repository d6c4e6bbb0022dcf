//! `POST /api/pull`, as recorded [160 to 172]: it goes on where an earlier pull ended, and ends when
//! its caller leaves.

use std::{io, sync::atomic::Ordering, time::Duration};

use actix_web::{
    HttpResponse,
    error::ErrorInternalServerError,
    http::StatusCode,
    web::{Bytes, Data},
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use ticketd::{demo_node::wire, ollama::NDJSON};
use tokio::time::sleep;

use crate::{
    fake::{Counted, Fake, locked},
    generate,
};

pub(crate) async fn pull(fake: Data<Fake>, body: Bytes) -> HttpResponse {
    if body.is_empty() {
        return wire::error(400, "missing request body");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return wire::error(400, "unexpected EOF");
    };
    let name = body["model"].as_str().unwrap_or_default();
    if name.is_empty() || name.contains(char::is_whitespace) {
        return wire::error(400, "invalid model name");
    }
    let lines = lines(&fake, plan(&fake, name));
    if body["stream"] == Value::Bool(false) {
        return whole(lines).await;
    }
    let lines = lines.map(|line| line.map(|line| wire::line(&line)));
    HttpResponse::Ok().content_type(NDJSON).streaming(Box::pin(lines))
}

/// The last line as the answer [166, 172].
async fn whole(lines: impl Stream<Item = actix_web::Result<Value>>) -> HttpResponse {
    let lines = lines.collect::<Vec<_>>().await;
    let Some(Ok(last)) = lines.last() else { return generate::cut() };
    let failed = last["error"].is_string();
    let status = if failed { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
    HttpResponse::build(status).content_type("application/json").body(last.to_string())
}

/// What a pull does next.
enum Step {
    Tell(Value),
    /// So many bytes of so many are there.
    Fetched(u64, u64),
    Verify,
    Publish,
    Cut,
}

fn plan(fake: &Fake, name: &str) -> Vec<Step> {
    let (store, behaviour) = (&fake.store, fake.behaviour.borrow().clone());
    fake.pulls.fetch_add(1, Ordering::SeqCst);
    let mut steps = vec![Step::Tell(json!({"status": "pulling manifest"}))];
    let refused = if behaviour.pull_offline {
        let (path, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
        let url = format!("https://registry.ollama.ai/v2/library/{path}/manifests/{tag}");
        let cause = "lookup registry.ollama.ai: Temporary failure in name resolution";
        Some(format!("Get \"{url}\": dial tcp: {cause}"))
    } else {
        (!store.is_pulled_by(name)).then(|| "file does not exist".to_owned())
    };
    if let Some(cause) = refused {
        steps.push(Step::Tell(json!({"error": format!("pull model manifest: {cause}")})));
        return steps;
    }
    let total = behaviour.pull_bytes.unwrap_or(1_000_000);
    let from = if store.has_blob() { total } else { store.pulled().min(total) };
    locked(&fake.pulled_from).push(from);
    if store.has_blob() {
        steps.push(Step::Tell(progress(&store.blob(), total, total)));
    } else {
        let breaks = behaviour.pull_breaks > 0;
        fake.behaviour.send_modify(|set| set.pull_breaks = set.pull_breaks.saturating_sub(1));
        let goal = if breaks { from + (total - from) / 2 } else { total };
        let size = total.div_ceil(behaviour.pull_lines.unwrap_or(20).max(1)).max(1);
        let counts = (1..).map(|line| from + line * size).take_while(|count| *count < goal);
        steps.extend(counts.chain([goal]).map(|count| Step::Fetched(count, total)));
        if breaks {
            let in_turn = fake.breaks.fetch_add(1, Ordering::SeqCst);
            let error = json!({"error": "max retries exceeded: unexpected EOF"});
            steps.push(if in_turn.is_multiple_of(2) { Step::Tell(error) } else { Step::Cut });
            return steps;
        }
    }
    steps.push(Step::Verify);
    steps.push(Step::Tell(json!({"status": "writing manifest"})));
    steps.push(Step::Publish);
    steps
}

fn progress(blob: &str, completed: u64, total: u64) -> Value {
    let status = format!("pulling {}", blob.get(..12).unwrap_or(blob));
    json!({
        "status": status, "digest": format!("sha256:{blob}"),
        "total": total, "completed": completed,
    })
}

fn lines(
    fake: &Data<Fake>,
    steps: Vec<Step>,
) -> impl Stream<Item = actix_web::Result<Value>> + use<> {
    let pace = Duration::from_millis(fake.behaviour.borrow().pull_step_ms.unwrap_or(5));
    let (fake, counted) = (fake.clone(), Counted::new(fake, |fake| &fake.pulling));
    stream::unfold(
        (steps.into_iter(), fake, counted),
        move |(mut steps, fake, counted)| async move {
            let step = steps.next()?;
            if let Step::Fetched(..) = step {
                sleep(pace).await;
            }
            let line = match perform(&fake, step) {
                Ok(line) => line.ok_or_else(|| ErrorInternalServerError("cut")),
                Err(error) => {
                    steps = Vec::new().into_iter();
                    Ok(json!({"error": error.to_string()}))
                }
            };
            Some((line, (steps, fake, counted)))
        },
    )
}

/// Does a step and gives its line; none where the connection ends.
fn perform(fake: &Fake, step: Step) -> io::Result<Option<Value>> {
    let store = &fake.store;
    Ok(match step {
        Step::Tell(line) => Some(line),
        Step::Fetched(completed, total) => {
            store.keep(completed)?;
            Some(progress(&store.blob(), completed, total))
        }
        Step::Verify => {
            store.complete()?;
            Some(json!({"status": "verifying sha256 digest"}))
        }
        Step::Publish => {
            store.publish()?;
            Some(json!({"status": "success"}))
        }
        Step::Cut => None,
    })
}

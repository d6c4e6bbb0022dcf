//! A stand-in for ticketd's side of the control socket: it answers as it was told to, and keeps
//! what it was asked.

use std::{
    collections::{BTreeMap, VecDeque},
    os::unix::net::UnixListener,
    path::Path,
    sync::{Arc, Mutex},
};

use actix_web::{
    App, FromRequest, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, http::StatusCode,
    web,
};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// A node in a state, with all fields of the contract.
pub(super) fn node(id: &str, state: &str) -> Value {
    json!({
        "id": id, "url": "http://127.0.0.1:11434", "kind": "managed", "runtime": false,
        "state": state, "since": "2026-11-22T10:00:00+08:00", "remedy": null, "pid": 123,
        "restarts": 0, "last_failure": null, "model": "deepseek-r1:14b", "pull_percent": null,
        "memory": {"bytes": 10_000_000_000_u64, "vram_bytes": 10_000_000_000_u64},
        "warning": null, "healthy": state == "ready", "slots": 1, "in_flight": 0, "requests": 15,
        "errors": 0, "latency_ms": {"p50": 21000, "p95": 30000},
    })
}

/// What the stub was asked.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// The id in the path as a server reads it.
    pub(super) id: Option<String>,
    pub(super) body: Value,
}

/// The id in a path.
#[derive(Deserialize)]
struct Named {
    id: String,
}

enum Answer {
    Whole(u16, Value),
    /// Pieces as the test sends them; the end of the channel is the end of the answer.
    Pieces(mpsc::UnboundedReceiver<String>),
    /// The connection ends within the answer.
    Broken,
}

/// The answers to each `METHOD TARGET`, and what was asked.
#[derive(Default)]
struct Script {
    answers: BTreeMap<String, VecDeque<Answer>>,
    /// The last answer given, which stands when no other is left.
    last: BTreeMap<String, (u16, Value)>,
    seen: Vec<Seen>,
}

/// A server on a socket in a folder of its own.
pub(super) struct Stub {
    script: Arc<Mutex<Script>>,
    folder: tempfile::TempDir,
    socket: String,
    server: ServerHandle,
}

impl Stub {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("control.sock").to_str().expect("UTF-8").to_owned();
        let script = Arc::new(Mutex::new(Script::default()));
        let data = web::Data::from(Arc::clone(&script));
        let app = move || {
            App::new()
                .app_data(data.clone())
                .route("/admin/nodes/{id}", web::route().to(answer))
                .route("/admin/nodes/{id}/{verb}", web::route().to(answer))
                .default_service(web::route().to(answer))
        };
        let listener = UnixListener::bind(&socket).expect("a socket");
        let server = HttpServer::new(app).workers(1).disable_signals().listen_uds(listener);
        let server = server.expect("it listens").run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { script, folder, socket, server: handle }
    }

    pub(super) fn path(&self) -> &str {
        &self.socket
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Answers so once what it was told before has been asked for; the last answer stays.
    pub(super) fn answers(&self, what: &str, status: u16, body: Value) {
        self.add(what, Answer::Whole(status, body));
    }

    /// Answers with what is sent over the channel.
    pub(super) fn streams(&self, what: &str) -> mpsc::UnboundedSender<String> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.add(what, Answer::Pieces(receiver));
        sender
    }

    /// Ends the connection within the answer.
    pub(super) fn closes(&self, what: &str) {
        self.add(what, Answer::Broken);
    }

    fn add(&self, what: &str, answer: Answer) {
        let mut script = self.script.lock().expect("no handler panics");
        script.answers.entry(what.to_owned()).or_default().push_back(answer);
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.script.lock().expect("no handler panics").seen.clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

async fn answer(
    request: HttpRequest,
    body: web::Bytes,
    data: web::Data<Mutex<Script>>,
) -> HttpResponse {
    let id = web::Path::<Named>::extract(&request).await;
    let id = id.ok().map(|named| named.into_inner().id);
    let what = format!("{} {}", request.method(), request.uri());
    let mut script = data.lock().expect("no handler panics");
    script.seen.push(Seen { id, body: serde_json::from_slice(&body).unwrap_or(Value::Null) });
    let next = match script.answers.get_mut(&what).and_then(VecDeque::pop_front) {
        Some(next) => next,
        None => match script.last.get(&what) {
            Some((status, body)) => Answer::Whole(*status, body.clone()),
            None => Answer::Whole(501, json!({"detail": what, "code": "not_in_script"})),
        },
    };
    if let Answer::Whole(status, body) = &next {
        script.last.insert(what, (*status, body.clone()));
    }
    match next {
        Answer::Whole(status, body) => {
            HttpResponse::build(StatusCode::from_u16(status).expect("a status")).json(body)
        }
        Answer::Pieces(receiver) => {
            let pieces = stream::unfold(receiver, |mut receiver| async move {
                let piece = receiver.recv().await?;
                Some((Ok::<_, actix_web::Error>(web::Bytes::from(piece)), receiver))
            });
            HttpResponse::Ok().content_type("application/x-ndjson").streaming(pieces)
        }
        Answer::Broken => {
            let failed = stream::iter([Err::<web::Bytes, _>(std::io::Error::other("broken"))]);
            HttpResponse::Ok().streaming(failed)
        }
    }
}

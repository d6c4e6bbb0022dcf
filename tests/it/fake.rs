//! The fake and the demo node answer as a real Ollama 0.32.15 was recorded to answer.

mod answers;
mod faults;
mod memory;
mod pull;

use std::io::ErrorKind;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::harness::{Fake, LIMIT, Process, command, free_ports, until};

/// The recorded exchanges that both must answer alike.
const EXCHANGES: [(&str, &str); 18] = [
    ("version", include_str!("../data/wire/001-version-get.txt")),
    ("root", include_str!("../data/wire/002-root-get.txt")),
    ("root head", include_str!("../data/wire/003-root-head.txt")),
    ("tags", include_str!("../data/wire/015-tags-one.txt")),
    ("preload", include_str!("../data/wire/021-generate-preload-keepalive-minus1.txt")),
    ("ps", include_str!("../data/wire/022-ps-loaded-forever.txt")),
    ("whole", include_str!("../data/wire/023-generate-nostream.txt")),
    ("stream", include_str!("../data/wire/024-generate-stream.txt")),
    ("schema", include_str!("../data/wire/026-generate-format-schema.txt")),
    ("think", include_str!("../data/wire/030-generate-think-true.txt")),
    ("unknown model", include_str!("../data/wire/070-err-unknown-model-generate.txt")),
    ("malformed", include_str!("../data/wire/075-err-malformed-json-generate.txt")),
    ("no body", include_str!("../data/wire/077-err-nobody-generate.txt")),
    ("empty model", include_str!("../data/wire/078-err-empty-model-generate.txt")),
    ("get generate", include_str!("../data/wire/082-err-wrong-method-get-generate.txt")),
    ("post tags", include_str!("../data/wire/083-err-wrong-method-post-tags.txt")),
    ("unknown path", include_str!("../data/wire/084-err-unknown-path.txt")),
    ("runner killed", include_str!("../data/wire/134-runner-killed-queued.txt")),
];

/// Status, the headers that carry meaning, and the form of each JSON line.
#[derive(Debug, PartialEq)]
struct Form {
    status: String,
    headers: Vec<String>,
    first: Value,
    last: Value,
    error: Value,
}

fn form(head: &str, body: &str) -> Form {
    let meaning = ["content-type", "transfer-encoding", "allow"];
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim()));
    let headers = headers.filter(|(name, _)| meaning.contains(&name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
    headers.sort();
    let lines: Vec<Value> = body
        .lines()
        .filter(|line| line.starts_with('{'))
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let first = lines.first().cloned().unwrap_or_else(|| Value::from(body.trim()));
    let last = lines.last().map(shape).unwrap_or_default();
    Form { status, headers, error: first["error"].clone(), first: shape(&first), last }
}

/// A value with its strings and numbers blanked out, and lists cut to one item.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) => Value::from(0),
        Value::String(_) => Value::from(""),
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        Value::Object(map) => {
            let mut fields: Vec<_> =
                map.iter().map(|(key, value)| (key.clone(), shape(value))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().collect())
        }
    }
}

/// Request, response head and body of a recording.
fn recorded(exchange: &str) -> (String, Form) {
    let (_, rest) = exchange.split_once(">>> REQUEST\n").expect("a request");
    let (request, rest) = rest.split_once("\n<<< RESPONSE\n").expect("a response");
    let (request_head, request_body) = request.split_once("\n\n").expect("a head");
    let request =
        format!("{}\r\n\r\n{}", request_head.replace('\n', "\r\n"), request_body.trim_end());
    let (head, body) = rest.split_once("\n\n").expect("a head");
    (request, form(head, body.split("# recv timing").next().unwrap_or_default()))
}

async fn replayed(address: &str, request: &str) -> Form {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let (head, body) = read(stream).await;
    form(&head, &body)
}

/// Head and body of an answer, as far as they come.
async fn read(mut stream: TcpStream) -> (String, String) {
    let mut answer = Vec::new();
    // Of an answer that is cut off, what came counts.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).expect("UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}

/// A request that is sent, and whose answer is still to be read.
struct Sent(TcpStream);

impl Sent {
    async fn to(fake: &Fake, method: &str, path: &str, body: &Value) -> Self {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let address = fake.url.trim_start_matches("http://");
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close");
        let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        Self(stream)
    }

    /// Whether nothing has come yet.
    fn is_unanswered(&self) -> bool {
        matches!(self.0.try_read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Waits for the first bytes of the answer.
    async fn begun(&self) {
        timeout(LIMIT, self.0.readable()).await.expect("in time").expect("it is open");
    }

    async fn answer(self) -> Answer {
        let (head, body) = timeout(LIMIT, read(self.0)).await.expect("in time");
        let lines = body.lines().filter_map(|line| serde_json::from_str(line).ok());
        let lines = lines.filter(Value::is_object).collect();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, lines, is_whole: body.ends_with("0\r\n\r\n") }
    }
}

/// An answer; `is_whole` says whether a chunked one came to its end.
#[derive(Debug)]
struct Answer {
    status: u16,
    lines: Vec<Value>,
    is_whole: bool,
}

impl Answer {
    fn last(&self) -> &Value {
        self.lines.last().unwrap_or(&Value::Null)
    }
}

async fn post(fake: &Fake, path: &str, body: &Value) -> Answer {
    Sent::to(fake, "POST", path, body).await.answer().await
}

/// The one model in a list such as `/api/tags`, or null.
async fn listed(fake: &Fake, path: &str) -> Value {
    let answer = Sent::to(fake, "GET", path, &Value::Null).await.answer().await;
    answer.last()["models"].get(0).cloned().unwrap_or_default()
}

async fn assert_like_the_recordings(address: &str, but: &[&str]) {
    for (name, exchange) in EXCHANGES.iter().filter(|(name, _)| !but.contains(name)) {
        let (request, expected) = recorded(exchange);
        let answer = replayed(address, &request).await;
        assert_eq!(answer, expected, "{name}: {request}");
    }
}

#[actix_web::test]
async fn a_prompt_that_does_not_fit_is_refused_as_recorded() {
    let fake = Fake::start_with("127.0.0.1:0", "smol").await;
    let exchange = include_str!("../data/wire/101-ctx-overflow-generate-truncate-false.txt");
    let (_, expected) = recorded(exchange);
    let body = serde_json::json!({"model": "smol", "prompt": "水".repeat(3000), "truncate": false,
                                  "options": {"num_ctx": 2048}});
    let answer = post(&fake, "/api/generate", &body).await;
    assert_eq!(answer.status.to_string(), expected.status);
    let inner = |error: &Value| -> Value {
        shape(&serde_json::from_str(error.as_str().expect("text")).expect("JSON"))
    };
    assert_eq!(inner(&answer.last()["error"]), inner(&expected.error));
}

#[actix_web::test]
async fn a_fake_that_can_think_answers_as_recorded() {
    let fake = Fake::start_with("127.0.0.1:0", "smol-think").await;
    fake.behave(serde_json::json!({"thinks": true})).await;
    let address = fake.url.trim_start_matches("http://");
    for exchange in [
        include_str!("../data/wire/213-think-generate-omitted.txt"),
        include_str!("../data/wire/216-think-true-format-generate.txt"),
    ] {
        let (request, expected) = recorded(exchange);
        assert_eq!(replayed(address, &request).await, expected);
    }
}

#[actix_web::test]
async fn the_fake_answers_as_recorded() {
    let fake = Fake::start_with("127.0.0.1:0", "smol").await;
    let address = fake.url.trim_start_matches("http://").to_owned();
    assert_like_the_recordings(&address, &["runner killed"]).await;
    fake.behave(serde_json::json!({"fault": "status500"})).await;
    let (_, exchange) = EXCHANGES[EXCHANGES.len() - 1];
    let (request, expected) = recorded(exchange);
    assert_eq!(replayed(&address, &request).await, expected);
}

#[actix_web::test]
async fn the_demo_node_answers_as_recorded() {
    let [port] = free_ports();
    let address = format!("127.0.0.1:{port}");
    let mut command = command(&[("OLLAMA_HOST", &address)]);
    let mut node = Process::spawn(command.args(["demo-node", "--model", "smol"]));
    until("the node listens", async || TcpStream::connect(&address).await.ok()).await;
    assert_like_the_recordings(&address, &["runner killed"]).await;
    node.signal(rustix::process::Signal::TERM);
    node.ended().await;
}

//! Starts ticketd and fakes on free loopback ports, talks to them, and ends them by pid.
//!
//! Nothing here waits for a fixed time: everything polls a condition under a deadline.

mod process;

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use awc::{Client, ClientRequest};
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};
use tokio::{process::Command, time::Instant};

pub(crate) use self::process::Process;

/// The longest that anything in these tests may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The transcript of the contract.
pub(crate) const CALL: &str = include_str!("../../data/example-call.json");

/// Polls until a condition gives something.
pub(crate) async fn until<T>(what: &str, condition: impl AsyncFnMut() -> Option<T>) -> T {
    until_or(|| what.to_owned(), condition).await
}

/// The same, with a message that is made when the deadline has come.
async fn until_or<T>(
    what: impl Fn() -> String,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + LIMIT;
    let mut polls = tokio::time::interval(Duration::from_millis(5));
    loop {
        polls.tick().await;
        if let Some(value) = condition().await {
            return value;
        }
        assert!(Instant::now() < deadline, "in vain: {}", what());
    }
}

/// Ports that are free, below those that the kernel gives out by itself, so that nobody else takes
/// them by chance, and never the same twice.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().expect("nobody panics with it");
    std::array::from_fn(|_| {
        for _ in 0..10_000 {
            let port = fastrand::u16(12_000..32_000);
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
            if free && given.insert(port) {
                return port;
            }
        }
        panic!("no port is free");
    })
}

/// Where Cargo put `fake_ollama`.
pub(crate) fn fake_program() -> PathBuf {
    let ticketd = Path::new(env!("CARGO_BIN_EXE_ticketd"));
    let program = ticketd.with_file_name("examples").join("fake_ollama");
    assert!(program.exists(), "{program:?} is missing: run `cargo build --example fake_ollama`");
    program
}

pub(crate) fn pid_of(raw: u32) -> Pid {
    Pid::from_raw(i32::try_from(raw).expect("a pid")).expect("a pid")
}

/// A fake Ollama that ticketd does not manage.
pub(crate) struct Fake {
    pub(crate) process: Process,
    pub(crate) url: String,
    client: Client,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        Self::start_with("127.0.0.1:0", "deepseek-r1:14b").await
    }

    pub(crate) async fn start_with(host: &str, model: &str) -> Self {
        Self::start_in(&[("OLLAMA_HOST", host), ("FAKE_MODEL", model)]).await
    }

    /// Starts with these variables; without `OLLAMA_HOST` on a free port.
    pub(crate) async fn start_in(environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(fake_program());
        command.env("OLLAMA_HOST", "127.0.0.1:0").envs(environment.iter().copied());
        let process = Process::spawn(&mut command);
        let rest = process.line_after("Listening on ").await;
        let address = rest.split(' ').next().expect("an address").to_owned();
        Self { process, url: format!("http://{address}"), client: client() }
    }

    pub(crate) async fn behave(&self, behaviour: Value) {
        behave(&self.client, &self.url, behaviour).await;
    }

    pub(crate) async fn seen(&self) -> Value {
        seen(&self.client, &self.url).await
    }

    pub(crate) async fn calls(&self) -> u64 {
        self.seen().await["calls"].as_u64().expect("a count")
    }
}

pub(crate) async fn behave(client: &Client, url: &str, behaviour: Value) {
    let asked = client.post(format!("{url}/fake")).force_close();
    let reply = asked.send_json(&behaviour).await.expect("it answers");
    assert_eq!(reply.status(), 204, "{behaviour}");
}

pub(crate) async fn seen(client: &Client, url: &str) -> Value {
    // A kept connection may be closed by the fake just when it is taken.
    let asked = client.get(format!("{url}/fake")).force_close();
    let mut reply = asked.send().await.expect("the fake answers");
    reply.json().limit(16 * 1024 * 1024).await.expect("JSON")
}

pub(crate) fn client() -> Client {
    Client::builder().timeout(LIMIT).finish()
}

/// An answer of ticketd's.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: awc::http::header::HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Sends a request and reads the whole answer.
pub(crate) async fn exchange(request: ClientRequest, body: String) -> anyhow::Result<Reply> {
    // What awc says of itself is not `Send`, which anyhow wants.
    let sent = request.send_body(body).await;
    let mut reply = sent.map_err(|error| anyhow::anyhow!("not sent: {error}"))?;
    let bytes = reply.body().limit(16 * 1024 * 1024).await?;
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Ok(Reply { status: reply.status().as_u16(), headers: reply.headers().clone(), body })
}

/// A running `ticketd serve`.
pub(crate) struct Ticketd {
    pub(crate) process: Process,
    pub(crate) url: String,
    pub(crate) client: Client,
    folder: tempfile::TempDir,
}

impl Ticketd {
    /// Starts with a configuration file and variables; listens on a free port.
    pub(crate) async fn start(config: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_by(command(environment), config).await
    }

    /// The same, by a command that gets the verb and the file as its last arguments.
    pub(crate) async fn start_by(mut command: Command, config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("config.toml");
        std::fs::write(&file, listening(config)).expect("a writable folder");
        let process = Process::spawn(command.arg("serve").arg("--config").arg(&file));
        let address = process.line_after("listening on http://").await;
        let url = format!("http://{address}");
        Self { process, url, client: client(), folder }
    }

    /// Writes another configuration into its file.
    pub(crate) fn rewrite(&self, config: &str) {
        let file = self.folder.path().join("config.toml");
        std::fs::write(file, listening(config)).expect("a writable folder");
    }

    /// Starts over these fakes, named as the original's clients name them.
    pub(crate) async fn over(fakes: &[&Fake], config: &str) -> Self {
        let urls: Vec<_> = fakes.iter().map(|fake| format!("{}/api/generate", fake.url)).collect();
        let ticketd = Self::start(config, &[("DEEPSEEK_ENDPOINTS", &urls.join(","))]).await;
        ticketd.healthy(fakes.len()).await;
        ticketd
    }

    /// Waits until so many nodes are healthy.
    pub(crate) async fn healthy(&self, count: usize) {
        let what = || format!("{count} healthy nodes; log:\n{}", self.process.log());
        until_or(what, async || {
            (self.get("/lb-stats").await.body["healthy_endpoints"] == json!(count)).then_some(())
        })
        .await;
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, "").await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: impl Into<String>) -> Reply {
        let method = method.parse().expect("a method");
        let request = self.client.request(method, format!("{}{path}", self.url));
        exchange(request, body.into()).await.expect("ticketd answers")
    }

    pub(crate) async fn summarize(&self, body: &str) -> Reply {
        self.send("POST", "/summarize", body).await
    }

    /// The calls that each node got, in the order of the configuration.
    pub(crate) async fn counts(&self) -> Vec<u64> {
        let stats = self.get("/lb-stats").await.body;
        let nodes = stats["endpoints"].as_array().expect("a list").clone();
        nodes.iter().map(|node| node["request_count"].as_u64().expect("a count")).collect()
    }

    /// Stops in order and expects success.
    pub(crate) async fn stop(mut self) -> String {
        self.process.signal(Signal::TERM);
        let status = self.process.ended().await;
        let log = self.process.log();
        assert!(status.success(), "{status}\n{log}");
        assert!(!log.contains("event=panicked"), "{log}");
        log
    }
}

/// A configuration that listens on a free port.
fn listening(config: &str) -> String {
    let listen = "listen = \"127.0.0.1:0\"\n";
    match config.split_once("[server]\n") {
        Some((before, after)) => format!("{before}[server]\n{listen}{after}"),
        None => format!("[server]\n{listen}{config}"),
    }
}

/// A `ticketd` command with nothing of this shell's environment but these variables.
pub(crate) fn command(environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ticketd"));
    command.env_clear();
    for name in ["PATH", "HOME"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.envs(environment.iter().copied());
    command
}

/// The configuration of managed fakes on these ports, with what every fake shall do.
pub(crate) fn managed(ports: &[u16], behaviour: &Value) -> String {
    format!(
        "[nodes]\nprogram = {:?}\nargs = []\nports = {ports:?}\nbackoff_base = \"100ms\"\n\
         probe_interval = \"200ms\"\n[nodes.env]\nFAKE_BEHAVIOUR = '{behaviour}'\n",
        fake_program()
    )
}

/// A call whose citizen says something that no other call says.
pub(crate) fn call(number: usize) -> String {
    let words = format!("我要投诉，第{number}次打电话了，楼下半夜太吵。");
    json!({"s": [{"citizen": words}, {"citizen": "六安市三十铺镇水韵东方小区。"}]}).to_string()
}

/// Whether an answer is a whole ticket.
pub(crate) fn is_ticket(reply: &Reply) -> bool {
    let text = |field: &str| reply.body[field].as_str().unwrap_or_default();
    let fields = ["ticket_type", "ticket_zone", "ticket_title", "ticket_content"];
    reply.status == 200
        && fields.iter().all(|field| !text(field).is_empty())
        && text("ticket_content").contains("话务员解答内容：")
}

/// Asserts that an answer is a whole ticket.
pub(crate) fn assert_ticket(reply: &Reply) {
    assert!(is_ticket(reply), "{reply:?}");
}

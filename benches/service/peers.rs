//! The processes of the benchmark: fakes, ticketd and nginx, on free ports of this host, ended by pid.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::net::UnixDatagram as Datagram,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use procfs::process::Process as Looked;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::UnixDatagram,
    process::{Child, Command},
    time::{Instant, interval, timeout},
};

use crate::{
    caller::{Caller, Request},
    work,
};

/// The longest that anything may take to start or to end.
const LIMIT: Duration = Duration::from_secs(30);

/// Polls until a condition gives something.
async fn until<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> anyhow::Result<T> {
    let deadline = Instant::now() + LIMIT;
    let mut polls = interval(Duration::from_millis(5));
    while Instant::now() < deadline {
        polls.tick().await;
        if let Some(value) = condition().await {
            return Ok(value);
        }
    }
    anyhow::bail!("in vain: {what}")
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// A process that is ended when this is dropped, and in order by [`Process::end`].
struct Process(Child);

impl Process {
    fn spawn(command: &mut Command, log: impl Into<Stdio>) -> anyhow::Result<Self> {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.kill_on_drop(true).spawn();
        Ok(Self(child.with_context(|| format!("{command:?} does not start"))?))
    }

    fn pid(&self) -> anyhow::Result<i32> {
        Ok(self.0.id().context("it has ended")?.try_into()?)
    }

    async fn end(mut self) -> anyhow::Result<()> {
        let pid = Pid::from_raw(self.pid()?).context("a pid")?;
        kill_process(pid, Signal::TERM)?;
        timeout(LIMIT, self.0.wait()).await.context("it does not end")??;
        Ok(())
    }
}

/// Where Cargo put a program beside this benchmark.
fn fake_program() -> anyhow::Result<PathBuf> {
    let program = ticketd_program().with_file_name("examples").join("fake_ollama");
    let hint = "run `cargo build --release --locked --example fake_ollama`";
    ensure!(program.exists(), "{} is missing: {hint}", program.display());
    Ok(program)
}

fn ticketd_program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_ticketd"))
}

/// A fake node whose ticket is always the same.
pub(crate) struct Fake {
    process: Process,
    pub(crate) address: SocketAddr,
}

/// What a fake saw.
pub(crate) struct Seen {
    pub(crate) calls: u64,
    bodies: Vec<Value>,
}

impl Fake {
    /// Starts a node that works on so many calls at once and takes so long for each. A lean one keeps no
    /// bodies, which would be all that grows.
    pub(crate) async fn start(slots: usize, delay: Duration, lean: bool) -> anyhow::Result<Self> {
        let mut command = Command::new(fake_program()?);
        command
            .env("OLLAMA_HOST", "127.0.0.1:0")
            .env("OLLAMA_NUM_PARALLEL", slots.to_string())
            .env("FAKE_BEHAVIOUR", behaviour(delay, lean).to_string());
        let mut process = Process::spawn(&mut command, Stdio::piped())?;
        let mut lines = BufReader::new(process.0.stderr.take().context("a pipe")?).lines();
        let line = timeout(LIMIT, lines.next_line()).await??.context("the fake says nothing")?;
        let (_, rest) = line.split_once("Listening on ").context(line.clone())?;
        let address = rest.split(' ').next().unwrap_or_default().parse()?;
        Ok(Self { process, address })
    }

    /// The bodies that it kept; from now on it is lean.
    pub(crate) async fn bodies(&self, delay: Duration) -> anyhow::Result<Vec<Value>> {
        let bodies = self.seen().await?.bodies;
        let client = awc::Client::default();
        let set = client.post(format!("http://{}/fake", self.address));
        let reply = set.send_json(&behaviour(delay, true)).await;
        let reply = reply.map_err(|error| anyhow::anyhow!("the fake: {error}"))?;
        ensure!(reply.status() == 204, "the fake refuses its behaviour");
        Ok(bodies)
    }

    pub(crate) async fn seen(&self) -> anyhow::Result<Seen> {
        let mut caller = Caller::connect(self.address).await?;
        let seen: Value = serde_json::from_slice(caller.call(&Request::get("/fake")).await?)?;
        let bodies = seen["bodies"].as_array().cloned().unwrap_or_default();
        Ok(Seen { calls: seen["calls"].as_u64().context("a count")?, bodies })
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.process.end().await
    }
}

fn behaviour(delay: Duration, lean: bool) -> Value {
    let delay = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
    // Of no alternative that is offered it says that the zone stays.
    json!({"delay_ms": delay, "answer": work::answer(), "only_for": "ticket_type", "lean": lean})
}

/// A ticketd over nodes that others run.
pub(crate) struct Ticketd {
    process: Process,
    pub(crate) address: SocketAddr,
    /// From the exec to READY.
    pub(crate) start: Duration,
    _folder: TempDir,
}

impl Ticketd {
    /// Starts over these nodes of so many slots each, and waits until systemd would be told READY.
    pub(crate) async fn start(
        nodes: &[SocketAddr],
        slots: usize,
        correction: &str,
    ) -> anyhow::Result<Self> {
        let (folder, address) = (tempfile::tempdir()?, free_address()?);
        let urls: Vec<_> = nodes.iter().map(|node| format!("http://{node}")).collect();
        let config = format!(
            "[server]\nlisten = \"{address}\"\n[nodes]\nports = []\nendpoints = {urls:?}\nslots = {slots}\n\
             [place]\nhome = \"六安市\"\n[ticket]\ncorrection = \"{correction}\"\n"
        );
        let file = folder.path().join("config.toml");
        fs::write(&file, config)?;
        let socket = folder.path().join("notify");
        let manager = Datagram::bind(&socket)?;
        manager.set_nonblocking(true)?;
        let manager = UnixDatagram::from_std(manager)?;
        let mut command = Command::new(ticketd_program());
        command.env_clear().env("NOTIFY_SOCKET", &socket);
        command.arg("serve").arg("--config").arg(&file);
        let log = fs::File::create(folder.path().join("log"))?;
        let since = Instant::now();
        let process = Process::spawn(&mut command, log)?;
        let mut message = [0; 4096];
        let ready = async {
            loop {
                let length = manager.recv(&mut message).await?;
                if message[..length].starts_with(b"READY=1") {
                    return anyhow::Ok(since.elapsed());
                }
            }
        };
        let start = timeout(LIMIT, ready).await.context("ticketd is not ready")??;
        Ok(Self { process, address, start, _folder: folder })
    }

    /// Waits until so many nodes take calls.
    pub(crate) async fn healthy(&self, nodes: usize) -> anyhow::Result<()> {
        let mut caller = Caller::connect(self.address).await?;
        until("every node takes calls", async || {
            let body = caller.call(&Request::get("/lb-stats")).await.ok()?;
            let stats: Value = serde_json::from_slice(body).ok()?;
            (stats["healthy_endpoints"] == nodes).then_some(())
        })
        .await
    }

    /// The most memory that it has ever had resident, in bytes.
    pub(crate) fn peak_memory(&self) -> anyhow::Result<u64> {
        let status = Looked::new(self.process.pid()?)?.status()?;
        Ok(status.vmhwm.context("Linux tells no VmHWM")? * 1024)
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.process.end().await
    }
}

/// Debian's nginx as a proxy in front of one node, with connections kept open on both sides and a line
/// in its log for each request, as ticketd writes one.
pub(crate) struct Nginx {
    process: Process,
    pub(crate) address: SocketAddr,
    /// Name and version.
    pub(crate) version: String,
    _folder: TempDir,
}

impl Nginx {
    pub(crate) async fn start(node: SocketAddr) -> anyhow::Result<Self> {
        let (folder, address) = (tempfile::tempdir()?, free_address()?);
        let config = include_str!("nginx.conf")
            .replace("FOLDER", &folder.path().display().to_string())
            .replace("LISTEN", &address.to_string())
            .replace("NODE", &node.to_string());
        let file = folder.path().join("nginx.conf");
        fs::write(&file, config)?;
        // Debian has it where only root looks.
        let path = format!("{}:/usr/sbin", env::var("PATH").unwrap_or_default());
        let nginx = || {
            let mut command = Command::new("nginx");
            command.env("PATH", &path);
            command
        };
        let version = nginx().arg("-v").output().await;
        let version = version.context("there is no nginx: apt-get install nginx-light")?;
        let version = String::from_utf8(version.stderr)?;
        let version = version.rsplit(' ').next().unwrap_or_default().trim().to_owned();
        let log = fs::File::create(folder.path().join("log"))?;
        let process =
            Process::spawn(nginx().arg("-c").arg(&file).arg("-p").arg(folder.path()), log)?;
        until("nginx listens", async || Caller::connect(address).await.ok()).await?;
        Ok(Self { process, address, version, _folder: folder })
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.process.end().await
    }
}

//! A cgroup for each node, in a subtree of this host's that is delegated as systemd does it. Needs root and
//! a writable cgroup v2; elsewhere these tests say so and do nothing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{XattrFlags, setxattr},
    process::{Signal, kill_process},
};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    harness::{
        CALL, Process, Ticketd, assert_ticket, command, free_ports, managed, pid_of, seen, until,
    },
    raw::control,
    socket::Folder,
};

/// A cgroup as systemd makes it for a service with `Delegate=`; killed and removed when dropped.
struct Unit(PathBuf);

impl Unit {
    /// None where there can be none.
    fn new() -> Option<Self> {
        let name = format!("ticketd-test-{}-{}.service", std::process::id(), fastrand::u32(..));
        let mounts = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].map(Path::new);
        let mount = mounts.into_iter().find(|mount| mount.join("cgroup.procs").exists());
        let unit = Self(mount.unwrap_or(Path::new("/nowhere")).join(name));
        let made = fs::create_dir(&unit.0).is_ok()
            && setxattr(&unit.0, "user.delegate", b"1", XattrFlags::empty()).is_ok();
        if !made {
            eprintln!("skipped: no cgroup can be made here (it needs root and cgroup v2)");
        }
        made.then_some(unit)
    }

    /// A command that begins inside, as systemd starts the main process.
    fn command(&self, command: &Command) -> Command {
        let mut inside = Command::new("sh");
        let script = "echo 0 > \"$0/cgroup.procs\" && exec \"$@\"";
        inside.args(["-c", script]).arg(&self.0).arg(command.as_std().get_program());
        inside.env_clear();
        inside.envs(command.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
        inside
    }

    async fn start(&self, config: &str) -> Ticketd {
        Ticketd::start_by(self.command(&command(&[])), config).await
    }

    fn node(&self, port: u16) -> PathBuf {
        self.0.join(format!("ollama-{port}"))
    }

    /// What is below.
    fn children(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(&self.0).expect("it is there").flatten();
        let dirs = entries.filter(|entry| entry.path().is_dir());
        dirs.map(|entry| entry.file_name().into_string().expect("a name")).collect()
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let _ = fs::write(self.0.join("cgroup.kill"), "1");
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
        while self.0.exists() && tokio::time::Instant::now() < deadline {
            for child in fs::read_dir(&self.0).into_iter().flatten().flatten() {
                let _ = fs::remove_dir(child.path());
            }
            let _ = fs::remove_dir(&self.0);
            std::thread::yield_now();
        }
    }
}

/// The processes of a cgroup.
fn processes(dir: &Path) -> BTreeSet<u32> {
    let text = fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default();
    text.lines().map(|line| line.parse().expect("a pid")).collect()
}

/// A process of a group of its own that is put into a cgroup: a runner that has left its node's group.
fn stray(dir: &Path) -> Process {
    let stray = Process::spawn(Command::new("sleep").arg("1000").process_group(0));
    let pid = stray.pid().as_raw_nonzero();
    fs::write(dir.join("cgroup.procs"), pid.to_string()).expect("it can be moved");
    stray
}

async fn fake(ticketd: &Ticketd, port: u16) -> Value {
    seen(&ticketd.client, &format!("http://127.0.0.1:{port}")).await
}

async fn pid(ticketd: &Ticketd, port: u16) -> u32 {
    u32::try_from(fake(ticketd, port).await["pid"].as_u64().expect("a pid")).expect("a pid")
}

#[actix_web::test]
async fn every_node_lives_in_a_cgroup_of_its_own_and_dies_with_all_that_is_in_it() {
    let Some(unit) = Unit::new() else { return };
    let (folder, ports) = (Folder::new(), free_ports::<2>());
    let left = unit.node(1);
    fs::create_dir(&left).expect("made");
    let mut orphan = stray(&left);
    let config = folder.config(&[]) + &managed(&ports, &json!({"runner": true}));
    let ticketd = unit.start(&config).await;
    orphan.ended().await;
    ticketd.healthy(2).await;
    assert_ticket(&ticketd.summarize(CALL).await);
    let names =
        ["supervisor".to_owned(), format!("ollama-{}", ports[0]), format!("ollama-{}", ports[1])];
    assert_eq!(unit.children(), names.into());
    let own = ticketd.process.pid().as_raw_nonzero().get().unsigned_abs();
    assert_eq!(processes(&unit.0.join("supervisor")), [own].into());
    assert_eq!(processes(&unit.0), [].into());
    for port in ports {
        let inside = processes(&unit.node(port));
        assert!(inside.contains(&pid(&ticketd, port).await) && inside.len() == 2, "{inside:?}");
        for process in inside {
            let score =
                fs::read_to_string(format!("/proc/{process}/oom_score_adj")).expect("it lives");
            let score: i32 = score.trim().parse().expect("a number");
            assert!(score >= 300, "the kernel takes ticketd before it: {score}");
        }
    }
    let told = until("what a node takes", async || {
        let told = control(&folder.socket(), &format!("GET /admin/nodes/{}", ports[0]), "").await;
        let told = told.body["resources"].clone();
        told["cpu_ms"].as_u64().filter(|cpu| *cpu > 0).map(|_| told)
    })
    .await;
    assert!(told["tasks"].as_u64().is_some_and(|tasks| tasks >= 2), "{told}");

    let (first, second) = (pid(&ticketd, ports[0]).await, pid(&ticketd, ports[1]).await);
    let before = processes(&unit.node(ports[0]));
    let mut escaped = stray(&unit.node(ports[0]));
    kill_process(pid_of(first), Signal::KILL).expect("it lives");
    escaped.ended().await;
    until("a new process alone in the cgroup", async || {
        let now = processes(&unit.node(ports[0]));
        (!now.is_empty() && now.is_disjoint(&before)).then_some(())
    })
    .await;
    ticketd.healthy(2).await;
    assert_eq!(pid(&ticketd, ports[1]).await, second, "the other one was left alone");
    ticketd.stop().await;
    assert_eq!(unit.children(), ["supervisor".to_owned()].into());
}

#[actix_web::test]
async fn a_program_that_cannot_be_run_is_told_as_without_a_cgroup() {
    let Some(unit) = Unit::new() else { return };
    let folder = Folder::new();
    let plain = folder.write("plain", "no program");
    let table = [
        (Path::new("/no/such/ollama"), "the program was not found: install it"),
        (Path::new("no-such-ollama"), "the program was not found: install it"),
        (&plain, "the program may not be executed: check its permissions"),
    ];
    for (program, remedy) in table {
        let [port] = free_ports();
        let nodes = format!("[nodes]\nprogram = {program:?}\nports = [{port}]\n");
        let ticketd = unit.start(&(folder.config(&[]) + &nodes)).await;
        let path = format!("GET /admin/nodes/{port}");
        let told = until(remedy, async || {
            let told = control(&folder.socket(), &path, "").await.body;
            told["remedy"].as_str().is_some_and(|text| text.contains(remedy)).then_some(told)
        })
        .await;
        assert_eq!((&told["restarts"], &told["last_failure"]), (&json!(0), &json!(null)), "{told}");
        ticketd.stop().await;
        assert_eq!(unit.children(), ["supervisor".to_owned()].into());
    }
}

#[actix_web::test]
async fn a_limit_that_nothing_enforces_is_told() {
    let [port] = free_ports();
    let config =
        managed(&[port], &json!({})).replace("[nodes]\n", "[nodes]\nmemory_max = \"8G\"\n");
    let ticketd = Ticketd::start(&config, &[]).await;
    ticketd.process.line_after("nodes.memory_max = 8G has no effect").await;
    ticketd.healthy(1).await;
    ticketd.stop().await;
}

/// A cgroup that nobody delegated, such as the one of the shell or service that started ticketd.
#[actix_web::test]
async fn a_cgroup_that_is_not_delegated_is_left_alone() {
    let Some(unit) = Unit::new() else { return };
    rustix::fs::removexattr(&unit.0, "user.delegate").expect("it was set");
    let [port] = free_ports();
    let ticketd = unit.start(&managed(&[port], &json!({}))).await;
    ticketd.healthy(1).await;
    assert_eq!(unit.children(), [].into());
    assert_eq!(processes(&unit.0).len(), 2, "ticketd and its node");
    ticketd.stop().await;
}

//! One cgroup for each node, where systemd delegates a subtree to ticketd's unit.
//!
//! One rule: what cannot be had is done without. A node that has no cgroup is kept together by its
//! process group alone, as before; nothing fails for want of one.

mod delegated;
mod usage;

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    task::spawn_blocking,
    time::{interval, timeout},
};
use tracing::{debug, info, warn};

use self::usage::value;
pub use self::usage::{Events, Usage};
use crate::{balancer::NodeId, config};

/// Where ticketd itself goes, because no cgroup with controllers for its children holds processes.
const SUPERVISOR: &str = "supervisor";

/// What the name of a node's cgroup begins with.
const NODE: &str = "ollama-";

/// What the nodes are to have, as far as the unit has it.
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

/// How long what was killed may take to be gone.
const END_LIMIT: Duration = Duration::from_secs(2);

/// The subtree of the unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroups {
    unit: PathBuf,
    /// Whether nodes' memory is counted and can be limited.
    limits_memory: bool,
}

impl Cgroups {
    /// Takes over the unit's subtree, if there is one, and ends what an earlier ticketd left in it.
    pub async fn claim() -> Option<Self> {
        let unit = match spawn_blocking(delegated::unit).await.ok()? {
            Ok(unit) => unit,
            Err(reason) => {
                debug!(reason, "nodes are kept together by process groups, not by cgroups");
                return None;
            }
        };
        let shown = unit.display().to_string();
        let claimed = spawn_blocking(move || Self::take(unit)).await.ok()?;
        let (cgroups, left) = match claimed {
            Ok(claimed) => claimed,
            Err(error) => {
                info!(
                    cgroup = shown, %error,
                    "the unit's cgroup cannot be used, so nodes are kept together by process groups: give \
                     the unit Delegate=memory pids cpu, and with ProtectControlGroups=yes \
                     ReadWritePaths=-/sys/fs/cgroup/system.slice/%n"
                );
                return None;
            }
        };
        for cgroup in left {
            if cgroup.populated() {
                warn!(cgroup = %cgroup.dir.display(), "left behind by an earlier ticketd: killed");
            }
            cgroup.end().await;
        }
        info!(
            cgroup = shown,
            limits_memory = cgroups.limits_memory,
            "every node has a cgroup of its own"
        );
        Some(cgroups)
    }

    /// Moves every process of the unit's own cgroup out of it, hands its controllers down, and finds the
    /// cgroups of nodes that are there.
    fn take(unit: PathBuf) -> io::Result<(Self, Vec<Cgroup>)> {
        let supervisor = unit.join(SUPERVISOR);
        make(&supervisor)?;
        // What a wrapper forks meanwhile is found by the next look.
        for _ in 0..10 {
            let processes = fs::read_to_string(unit.join("cgroup.procs"))?;
            let mut processes = processes.lines().peekable();
            if processes.peek().is_none() {
                break;
            }
            for process in processes {
                match write(&supervisor.join("cgroup.procs"), process) {
                    // It has ended.
                    Err(error) if error.raw_os_error() == Some(NO_SUCH_PROCESS) => {}
                    moved => moved?,
                }
            }
        }
        let has = |file: &str, name: &str| {
            let names = fs::read_to_string(unit.join(file)).unwrap_or_default();
            names.split_whitespace().any(|own| own == name)
        };
        for name in CONTROLLERS.into_iter().filter(|name| has("cgroup.controllers", name)) {
            if let Err(error) = write(&unit.join("cgroup.subtree_control"), &format!("+{name}")) {
                info!(controller = name, %error, "nodes' cgroups are without this controller");
            }
        }
        let limits_memory = has("cgroup.subtree_control", "memory");
        let entries = fs::read_dir(&unit)?.flatten().map(|entry| entry.path());
        let is_node = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(NODE.as_bytes()))
        };
        let left = entries.filter(|path| is_node(path) && path.is_dir());
        let left = left.map(|dir| Cgroup { dir, before: Events::default() }).collect();
        Ok((Self { unit, limits_memory }, left))
    }

    /// The directory of a node's cgroup; it need not be there yet.
    pub fn of(&self, node: &NodeId) -> PathBuf {
        let name: String = node
            .to_string()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        self.unit.join(format!("{NODE}{name}"))
    }
}

/// Says so if there is a limit on nodes' memory that nothing enforces.
pub fn warn_of_idle_limit(cgroups: Option<&Cgroups>, nodes: &config::Nodes) {
    let idle = !cgroups.is_some_and(|cgroups| cgroups.limits_memory);
    if let Some(most) = nodes.memory_max.filter(|_| idle) {
        warn!(
            "nodes.memory_max = {most} has no effect: it needs cgroup v2 with the memory controller \
             (/sys/fs/cgroup/cgroup.controllers names it), delegated to the unit (Delegate=memory pids cpu)"
        );
    }
}

/// The cgroup of one node.
#[derive(Clone, Debug)]
pub(super) struct Cgroup {
    dir: PathBuf,
    /// What had happened in it before.
    before: Events,
}

impl Cgroup {
    /// Makes the cgroup for a node that is about to start. What is still in it is killed.
    pub(super) fn make(dir: &Path, memory_max: Option<config::Size>) -> io::Result<Self> {
        make(dir)?;
        let mut cgroup = Self { dir: dir.to_owned(), before: Events::default() };
        cgroup.kill();
        cgroup.before = cgroup.events();
        cgroup.limit(memory_max);
        Ok(cgroup)
    }

    /// Where it is.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Sets the most memory that it may take. The kernel may take a while to make room.
    pub(super) fn limit(&self, memory_max: Option<config::Size>) {
        let file = self.dir.join("memory.max");
        let value = memory_max.map_or_else(|| "max".to_owned(), |most| most.0.to_string());
        let result = write(&file, &value).and_then(|()| {
            // A node that swaps crawls; it is to end instead.
            let swap = if memory_max.is_some() { "0" } else { "max" };
            match write(&self.dir.join("memory.swap.max"), swap) {
                // The kernel does not account for swap.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
            // A node without its runner is of no use, and starts anew only as a whole.
            write(&self.dir.join("memory.oom.group"), "1")
        });
        match result {
            // There is no such controller, which was told at the start.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                warn!(file = %file.display(), %error, "nodes.memory_max could not be set")
            }
            Ok(()) => {}
        }
    }

    /// Kills every process in it, those that have left the process group too.
    pub(super) fn kill(&self) {
        // Linux before 5.14 has no such file; the process group is killed anyway.
        let _ = write(&self.dir.join("cgroup.kill"), "1");
    }

    /// What it takes now.
    pub(super) fn usage(&self) -> Usage {
        Usage::read(&self.dir)
    }

    /// What has happened in it since it was made.
    pub(super) fn events(&self) -> Events {
        Events::read(&self.dir).since(self.before)
    }

    /// Whether there is a process in it.
    fn populated(&self) -> bool {
        let events = fs::read_to_string(self.dir.join("cgroup.events"));
        events.is_ok_and(|events| value(&events, "populated") == Some(1))
    }

    /// Kills what is left in it, waits until that is gone, though not for ever, and removes it.
    pub(super) async fn end(self) {
        let dir = self.dir.clone();
        let end = move || {
            self.kill();
            match fs::remove_dir(&self.dir) {
                Err(error) => error.kind() == io::ErrorKind::NotFound,
                Ok(()) => true,
            }
        };
        let gone = async {
            let mut polls = interval(Duration::from_millis(5));
            loop {
                polls.tick().await;
                // A look that cannot be made is made no more.
                if spawn_blocking(end.clone()).await.unwrap_or(true) {
                    return;
                }
            }
        };
        if timeout(END_LIMIT, gone).await.is_err() {
            warn!(cgroup = %dir.display(), "processes of a node do not end: they may keep memory of the GPU");
        }
    }
}

const NO_SUCH_PROCESS: i32 = rustix::io::Errno::SRCH.raw_os_error();

/// Makes a directory, if it is not there.
fn make(dir: &Path) -> io::Result<()> {
    match fs::create_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Writes into a file of the kernel's, which is there or not, and is never made.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes())
}

//! How a managed node is started: its program, and an environment that is explicit, not inherited.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    thread,
};

use super::cgroup::Cgroups;
use crate::{
    config::{KeepAlive, Model, Nodes},
    systemd,
};

/// The most host memory in MiB that the prompt cache of one runner may take. Ollama's own default of
/// 8192 grows unseen (measured with Ollama 0.32.15).
const CACHE_RAM_MIB: &str = "512";

/// The variable of the thread budget; two nodes with default threads fight for the cores and lose half
/// their speed (measured with Ollama 0.32.15).
const THREADS: &str = "LLAMA_ARG_THREADS";

/// Files that show a GPU which Ollama can use, and the variable that chooses among those of a maker.
/// Only one is set: AMD's runtime applies `ROCR_VISIBLE_DEVICES` first and numbers what is left anew.
const GPUS: [(&str, &str); 3] = [
    ("/dev/nvidiactl", "CUDA_VISIBLE_DEVICES"),
    ("/dev/kfd", "ROCR_VISIBLE_DEVICES"),
    ("/dev/dri/renderD128", "GGML_VK_VISIBLE_DEVICES"),
];

/// What a managed node is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program, a path or a name in `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment.
    pub env: BTreeMap<OsString, OsString>,
}

/// What a command takes from the host.
#[derive(Clone, Debug)]
pub struct Host {
    /// ticketd's own environment, without what systemd means for ticketd alone.
    pub env: BTreeMap<OsString, OsString>,
    /// The home directory.
    pub home: PathBuf,
    /// Processor cores.
    pub cores: usize,
    /// The variable that chooses among the GPUs; none if there is no GPU.
    pub gpu: Option<&'static str>,
    /// Where nodes have cgroups of their own.
    pub cgroups: Option<Cgroups>,
}

impl Host {
    /// The host as it is.
    pub fn of_this_process() -> Self {
        let own = |name: &OsString| systemd::OWN_VARIABLES.iter().any(|own| name == own);
        Self {
            env: std::env::vars_os().filter(|(name, _)| !own(name)).collect(),
            home: std::env::home_dir().unwrap_or_else(|| PathBuf::from("/")),
            cores: thread::available_parallelism().map_or(1, usize::from),
            gpu: GPUS.iter().find(|(file, _)| Path::new(file).exists()).map(|(_, name)| *name),
            cgroups: None,
        }
    }
}

impl Command {
    /// Whether a process that was started by the other command may stay. The thread budget does not
    /// count: it depends on how many nodes there are, and no node is restarted for another's sake.
    pub fn is_same_process(&self, other: &Self) -> bool {
        let own = |name: &OsString| name != THREADS;
        let env = |command: &Self| {
            let vars = command.env.iter().filter(|(name, _)| own(name));
            vars.map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>()
        };
        (&self.program, &self.args, env(self)) == (&other.program, &other.args, env(other))
    }

    /// The command of the managed node on a port. Later wins: `env_pass`, what ticketd sets, `env`,
    /// `[[nodes.node]]`.
    pub fn new(nodes: &Nodes, model: &Model, port: u16, host: &Host) -> Self {
        let own = nodes.override_for(port);
        let passed = host.env.iter().filter(|(name, _)| is_passed(name, &nodes.env_pass));
        let mut env: BTreeMap<OsString, OsString> =
            passed.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut set = |name: &str, value: OsString| env.insert(name.into(), value);
        set("OLLAMA_HOST", format!("127.0.0.1:{port}").into());
        set("OLLAMA_MODELS", nodes.models_dir_in(&host.home).into());
        set("OLLAMA_NUM_PARALLEL", nodes.slots_of(port).to_string().into());
        set("OLLAMA_CONTEXT_LENGTH", model.options.num_ctx.to_string().into());
        set("OLLAMA_KEEP_ALIVE", keep_alive(&model.keep_alive).into());
        // Pruning at one node's start can destroy what another one is pulling.
        set("OLLAMA_NOPRUNE", "1".into());
        set("OLLAMA_NO_CLOUD", "1".into());
        set("LLAMA_ARG_CACHE_RAM", CACHE_RAM_MIB.into());
        if host.gpu.is_none() {
            let threads = (host.cores / nodes.ports.len().max(1)).max(1);
            set(THREADS, threads.to_string().into());
        }
        set("HOME", host.home.clone().into());
        if let Some(path) = host.env.get(&OsString::from("PATH")) {
            set("PATH", path.clone());
        }
        let configured = nodes.env.iter().chain(own.iter().flat_map(|own| &own.env));
        env.extend(configured.map(|(name, value)| (name.into(), value.into())));
        Self { program: nodes.program.clone(), args: nodes.args.clone(), env }
    }
}

fn keep_alive(value: &KeepAlive) -> String {
    match value {
        KeepAlive::Seconds(seconds) => seconds.to_string(),
        KeepAlive::Text(text) => text.clone(),
    }
}

/// Whether a variable's name matches one of the patterns; a final `*` matches any end.
fn is_passed(name: &OsString, patterns: &[String]) -> bool {
    let Some(name) = name.to_str() else { return false };
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NodeOverride;

    fn host(has_gpu: bool) -> Host {
        let env = [("PATH", "/bin"), ("CUDA_VISIBLE_DEVICES", "0,1"), ("SECRET", "x")];
        let env = env.map(|(name, value)| (name.into(), value.into())).into();
        let gpu = has_gpu.then_some("CUDA_VISIBLE_DEVICES");
        Host { env, home: PathBuf::from("/home/op"), cores: 8, gpu, cgroups: None }
    }

    fn env_of(nodes: &Nodes, port: u16, has_gpu: bool) -> BTreeMap<String, String> {
        let command = Command::new(nodes, &Model::default(), port, &host(has_gpu));
        let text = |value: OsString| value.into_string().expect("UTF-8");
        command.env.into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn the_environment_is_explicit() {
        let nodes = Nodes { ports: vec![11434, 11435, 11436], ..Nodes::default() };
        let expected = [
            ("CUDA_VISIBLE_DEVICES", "0,1"),
            ("HOME", "/home/op"),
            ("LLAMA_ARG_CACHE_RAM", "512"),
            ("LLAMA_ARG_THREADS", "2"),
            ("OLLAMA_CONTEXT_LENGTH", "8192"),
            ("OLLAMA_HOST", "127.0.0.1:11435"),
            ("OLLAMA_KEEP_ALIVE", "-1"),
            ("OLLAMA_MODELS", "/home/op/.ollama/models"),
            ("OLLAMA_NOPRUNE", "1"),
            ("OLLAMA_NO_CLOUD", "1"),
            ("OLLAMA_NUM_PARALLEL", "1"),
            ("PATH", "/bin"),
        ];
        let expected: BTreeMap<String, String> =
            expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(env_of(&nodes, 11435, false), expected);
        assert!(!env_of(&nodes, 11435, true).contains_key("LLAMA_ARG_THREADS"));
    }

    #[test]
    fn another_node_restarts_nobody_and_another_variable_does() {
        let of = |nodes: &Nodes| Command::new(nodes, &Model::default(), 1, &host(false));
        let mut nodes = Nodes { ports: vec![1], ..Nodes::default() };
        let before = of(&nodes);
        nodes.ports.push(2);
        assert_ne!(before, of(&nodes), "fewer threads");
        assert!(before.is_same_process(&of(&nodes)));
        nodes.env.insert("OLLAMA_DEBUG".to_owned(), "1".to_owned());
        assert!(!before.is_same_process(&of(&nodes)));
    }

    #[test]
    fn what_is_passed_never_replaces_what_ticketd_sets() {
        let nodes = Nodes { env_pass: vec!["*".to_owned()], ..Nodes::default() };
        let mut host = host(true);
        host.env.insert("OLLAMA_HOST".into(), "0.0.0.0:1".into());
        let command = Command::new(&nodes, &Model::default(), 11434, &host);
        assert_eq!(command.env[&OsString::from("OLLAMA_HOST")], "127.0.0.1:11434");
        assert_eq!(command.env[&OsString::from("SECRET")], "x");
    }

    #[test]
    fn a_nodes_own_entry_wins_over_all_nodes_and_these_over_what_is_passed() {
        let var =
            |value: &str| BTreeMap::from([("CUDA_VISIBLE_DEVICES".to_owned(), value.to_owned())]);
        let own = NodeOverride { port: 2, slots: Some(4), env: var("own") };
        let nodes =
            Nodes { ports: vec![1, 2], env: var("all"), node: vec![own], ..Nodes::default() };
        assert_eq!(env_of(&nodes, 1, true)["CUDA_VISIBLE_DEVICES"], "all");
        let second = env_of(&nodes, 2, true);
        assert_eq!(second["CUDA_VISIBLE_DEVICES"], "own");
        assert_eq!(second["OLLAMA_NUM_PARALLEL"], "4");
    }
}

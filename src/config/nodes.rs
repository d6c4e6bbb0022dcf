//! `[nodes]`: the Ollama processes that ticketd runs, and the endpoints that others run.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{duration, endpoint::Endpoint, size::Size};

/// Settings of the nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nodes {
    /// The program of a managed node. Default `ollama`, looked up in `PATH`.
    pub program: PathBuf,
    /// Its arguments. Default `serve`.
    pub args: Vec<String>,
    /// One managed node for each port, on 127.0.0.1. Default: the original's single 11434.
    pub ports: Vec<u16>,
    /// The model directory that all managed nodes share. Default `~/.ollama/models`.
    pub models_dir: PathBuf,
    /// Calls that one node works on at once (`OLLAMA_NUM_PARALLEL`). Default 1.
    pub slots: u32,
    /// URLs of Ollama servers that are used but not run by ticketd, in addition to `ports`.
    pub endpoints: Vec<Endpoint>,
    /// Further environment variables of every managed node.
    pub env: BTreeMap<String, String>,
    /// Variables of ticketd's own environment that managed nodes get; a final `*` matches any end.
    pub env_pass: Vec<String>,
    /// How long a started process may take to answer before it is killed and started anew.
    #[serde(with = "duration")]
    pub start_timeout: Duration,
    /// How long loading the model into a managed node may take.
    #[serde(with = "duration")]
    pub load_timeout: Duration,
    /// The time between two probes of a node.
    #[serde(with = "duration")]
    pub probe_interval: Duration,
    /// How long a probe waits for its answer.
    #[serde(with = "duration")]
    pub probe_timeout: Duration,
    /// Failed probes in a row that make a node unhealthy; an endpoint that refuses the connection is
    /// unhealthy at once.
    pub probe_failures: u32,
    /// How long a managed node may go without answering a probe, once it is unhealthy, before it is
    /// killed and started anew.
    #[serde(with = "duration")]
    pub hang_timeout: Duration,
    /// The most kills of one node in any hour because it hangs; after that it is left alone until
    /// it answers or the hour is over.
    pub kills_per_hour: u32,
    /// How long a call may hold an idle node before its caller's leaving, or its deadline, makes the
    /// node prove by a canary, one token, that it generates at all.
    #[serde(with = "duration")]
    pub canary_after: Duration,
    /// How long the canary's token may take.
    #[serde(with = "duration")]
    pub canary_timeout: Duration,
    /// The time after which a node that hangs is asked again, and the least time between two canaries
    /// because of calls that were given up.
    #[serde(with = "duration")]
    pub canary_cooldown: Duration,
    /// How long calls in flight may take when their node is drained.
    #[serde(with = "duration")]
    pub drain_timeout: Duration,
    /// The most memory that the processes of one managed node may take together; the kernel kills what
    /// takes more. Holds where systemd delegates a cgroup. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_max: Option<Size>,
    /// Whether a node gets calls only while its model is wholly on the GPU.
    pub require_gpu: bool,
    /// Lines of a node's output that are logged in a second; what is more is counted and dropped.
    pub log_lines_per_second: u32,
    /// Whether an Ollama that already answers on a port of `ports` is used as it is.
    pub adopt: bool,
    /// How long such an Ollama may be gone before ticketd starts its own.
    #[serde(with = "duration")]
    pub adopted_gone_timeout: Duration,
    /// The delay before the first restart; doubled with each further failure.
    #[serde(with = "duration")]
    pub backoff_base: Duration,
    /// The longest delay before a restart.
    #[serde(with = "duration")]
    pub backoff_ceiling: Duration,
    /// Failures in a row, each soon after a start, that make a crash loop: from then on the delay is
    /// the longest.
    pub crash_loop_failures: u32,
    /// The time between SIGTERM and SIGKILL at a stop.
    #[serde(with = "duration")]
    pub stop_grace: Duration,
    /// What differs for single managed nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node: Vec<NodeOverride>,
}

/// `[[nodes.node]]`: what differs for the managed node on one port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeOverride {
    /// The port of `nodes.ports` that this entry is about.
    pub port: u16,
    /// Slots of this node, instead of `nodes.slots`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<u32>,
    /// Variables of this node, over `nodes.env`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

impl Default for Nodes {
    fn default() -> Self {
        let env_pass =
            ["HTTPS_PROXY", "NO_PROXY", "CUDA_*", "HIP_*", "ROCR_*", "HSA_*", "LD_LIBRARY_PATH"];
        Self {
            program: PathBuf::from("ollama"),
            args: vec!["serve".to_owned()],
            ports: vec![11434],
            models_dir: PathBuf::from("~/.ollama/models"),
            slots: 1,
            endpoints: Vec::new(),
            env: BTreeMap::new(),
            env_pass: env_pass.map(str::to_owned).to_vec(),
            start_timeout: Duration::from_secs(120),
            load_timeout: Duration::from_secs(600),
            probe_interval: Duration::from_secs(2),
            probe_timeout: Duration::from_secs(2),
            probe_failures: 3,
            hang_timeout: Duration::from_secs(20),
            kills_per_hour: 6,
            canary_after: Duration::from_secs(30),
            canary_timeout: Duration::from_secs(30),
            canary_cooldown: Duration::from_secs(15),
            drain_timeout: Duration::from_secs(150),
            memory_max: None,
            require_gpu: false,
            log_lines_per_second: 50,
            adopt: true,
            adopted_gone_timeout: Duration::from_secs(10),
            backoff_base: Duration::from_millis(500),
            backoff_ceiling: Duration::from_secs(30),
            crash_loop_failures: 5,
            stop_grace: Duration::from_secs(10),
            node: Vec::new(),
        }
    }
}

impl Nodes {
    /// The entry of `[[nodes.node]]` for a port, if there is one.
    pub fn override_for(&self, port: u16) -> Option<&NodeOverride> {
        self.node.iter().find(|entry| entry.port == port)
    }

    /// The calls that the managed node on a port may work on at once.
    pub fn slots_of(&self, port: u16) -> u32 {
        self.override_for(port).and_then(|own| own.slots).unwrap_or(self.slots)
    }

    /// The model directory with a leading `~` replaced by `home`.
    pub fn models_dir_in(&self, home: &Path) -> PathBuf {
        match self.models_dir.strip_prefix("~") {
            Ok(rest) => home.join(rest),
            Err(_) => self.models_dir.clone(),
        }
    }
}

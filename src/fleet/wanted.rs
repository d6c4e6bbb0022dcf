//! Which nodes are wanted, and what each one is made from. Pure.

use std::collections::BTreeMap;

use crate::{
    balancer::NodeId,
    config::{self, Endpoint, NodeOverride},
    node::{Command, Host, Setup},
};

/// The variable that chooses the GPUs of a node where none was found.
const GPU_VARIABLE: &str = "CUDA_VISIBLE_DEVICES";

/// A node that shall be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where.
    pub place: Place,
    /// The calls it may work on at once; none means as the configuration says.
    pub slots: Option<u32>,
    /// The GPUs it may use, as the GPU's maker numbers them.
    pub gpu: Option<String>,
    /// Whether it was added at run time.
    pub runtime: bool,
}

/// Where a node answers, and who runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On this port of 127.0.0.1, run by ticketd.
    Port(u16),
    /// Here, run by others.
    Endpoint(Endpoint),
}

impl Place {
    /// Whether two nodes cannot be at both places.
    pub fn clashes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Port(a), Self::Port(b)) => a == b,
            (Self::Port(port), Self::Endpoint(endpoint))
            | (Self::Endpoint(endpoint), Self::Port(port)) => {
                endpoint.loopback_port() == Some(*port)
            }
            (Self::Endpoint(a), Self::Endpoint(b)) => {
                let local = a.loopback_port();
                a.id() == b.id() || (local.is_some() && local == b.loopback_port())
            }
        }
    }
}

impl Wanted {
    /// The id.
    pub fn id(&self) -> NodeId {
        match &self.place {
            Place::Port(port) => NodeId::from(port.to_string()),
            Place::Endpoint(endpoint) => NodeId::from(endpoint.id().to_owned()),
        }
    }

    /// What the node is made from.
    pub fn setup(&self, nodes: &config::Nodes, model: &config::Model, host: &Host) -> Setup {
        let (id, model) = (self.id(), model.clone());
        match &self.place {
            Place::Endpoint(endpoint) => Setup {
                id,
                endpoint: endpoint.clone(),
                command: None,
                slots: self.slots.unwrap_or(nodes.slots),
                model,
                models_dir: None,
                cgroup: None,
                expects_gpu: false,
            },
            Place::Port(port) => {
                let nodes = self.added_to(nodes, *port, host.gpu.unwrap_or(GPU_VARIABLE));
                Setup {
                    cgroup: host.cgroups.as_ref().map(|cgroups| cgroups.of(&id)),
                    id,
                    endpoint: Endpoint::loopback(*port),
                    command: Some(Command::new(&nodes, &model, *port, host)),
                    slots: nodes.slots_of(*port),
                    model,
                    models_dir: Some(nodes.models_dir_in(&host.home)),
                    expects_gpu: host.gpu.is_some(),
                }
            }
        }
    }

    /// The settings as if this node had been in the configuration.
    fn added_to(&self, nodes: &config::Nodes, port: u16, variable: &str) -> config::Nodes {
        let mut nodes = nodes.clone();
        if !nodes.ports.contains(&port) {
            nodes.ports.push(port);
        }
        if self.slots.is_some() || self.gpu.is_some() {
            let gpu = self.gpu.iter().map(|gpu| (variable.to_owned(), gpu.clone()));
            let env: BTreeMap<_, _> = gpu.collect();
            nodes.node.retain(|entry| entry.port != port);
            nodes.node.push(NodeOverride { port, slots: self.slots, env });
        }
        nodes
    }
}

/// The nodes of a configuration: one for each port, one for each endpoint.
pub(super) fn of(nodes: &config::Nodes) -> Vec<Wanted> {
    let ports = nodes.ports.iter().map(|port| Place::Port(*port));
    let endpoints = nodes.endpoints.iter().cloned().map(Place::Endpoint);
    let wanted = |place| Wanted { place, slots: None, gpu: None, runtime: false };
    ports.chain(endpoints).map(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Place {
        Place::Endpoint(url.parse().expect("a URL"))
    }

    #[test]
    fn two_nodes_never_share_a_port_or_a_server() {
        let table = [
            (Place::Port(1), Place::Port(1), true),
            (Place::Port(1), Place::Port(2), false),
            (Place::Port(1), endpoint("http://localhost:1"), true),
            (endpoint("http://127.0.0.1:1/api/generate"), Place::Port(1), true),
            (Place::Port(1), endpoint("http://gpu-2:1"), false),
            (endpoint("http://gpu-2:1"), endpoint("http://gpu-2:1/"), true),
            (endpoint("http://localhost:1"), endpoint("http://127.0.0.1:1"), true),
            (endpoint("http://gpu-2:1"), endpoint("http://gpu-2:2"), false),
        ];
        for (a, b, clash) in table {
            assert_eq!(a.clashes(&b), clash, "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_node_added_at_run_time_has_its_own_slots_and_gpu() {
        let host = Host {
            env: BTreeMap::new(),
            home: "/h".into(),
            cores: 8,
            gpu: Some("ROCR_VISIBLE_DEVICES"),
            cgroups: None,
        };
        let (slots, gpu) = (Some(2), Some("1".to_owned()));
        let wanted = Wanted { place: Place::Port(7), slots, gpu, runtime: true };
        let setup = wanted.setup(&config::Nodes::default(), &config::Model::default(), &host);
        let env = setup.command.expect("it is managed").env;
        let value = |name: &str| env.get(std::ffi::OsStr::new(name)).and_then(|v| v.to_str());
        assert_eq!(setup.slots, 2);
        assert_eq!(value("OLLAMA_NUM_PARALLEL"), Some("2"));
        assert_eq!(value("CUDA_VISIBLE_DEVICES"), None, "of another maker");
        assert_eq!(value("ROCR_VISIBLE_DEVICES"), Some("1"));
        assert_eq!(value("OLLAMA_HOST"), Some("127.0.0.1:7"));
    }
}

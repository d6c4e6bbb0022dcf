//! Who is to blame when nodes fail one call: the nodes, or the call. Pure.
//!
//! One rule: two nodes that fail one call in the same way fail because of the call, and a node that
//! does not answer a call which another one answers fails by its own fault.

use crate::balancer::NodeId;

/// What the nodes did amid one call.
#[derive(Debug, Default)]
pub(super) struct Cases {
    /// Who reported which status.
    faults: Vec<(NodeId, u16)>,
    /// Who gave no answer in time, a useless one, or none for a reason that seemed to be the call's.
    open: Vec<NodeId>,
}

impl Cases {
    /// Takes note of a reported fault and says who is not to blame by now, unless a third node answers.
    pub(super) fn pardoned(&mut self, node: &NodeId, status: u16) -> Vec<NodeId> {
        let same = |(other, theirs): &&(NodeId, u16)| *theirs == status && other != node;
        let earlier = self.faults.iter().filter(same).map(|(other, _)| other.clone());
        let earlier: Vec<_> = earlier.collect();
        self.faults.push((node.clone(), status));
        let pardoned = match earlier.len() {
            0 => Vec::new(),
            1 => vec![earlier[0].clone(), node.clone()],
            // Those before have been pardoned.
            _ => vec![node.clone()],
        };
        self.open.extend_from_slice(&pardoned);
        pardoned
    }

    /// Takes note of an answer that did not come in time, or is useless.
    pub(super) fn open(&mut self, node: &NodeId) {
        self.open.push(node.clone());
    }

    /// A node has answered: who is to blame now for giving no good answer.
    pub(super) fn blamed(&mut self, answered: &NodeId) -> Vec<NodeId> {
        let mut blamed = std::mem::take(&mut self.open);
        blamed.retain(|node| node != answered);
        blamed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes() -> [NodeId; 3] {
        ["a", "b", "c"].map(|name| NodeId::from(name.to_owned()))
    }

    #[test]
    fn two_nodes_that_fail_a_call_alike_are_not_to_blame() {
        let [a, b, c] = nodes();
        let mut cases = Cases::default();
        assert_eq!(cases.pardoned(&a, 500), []);
        assert_eq!(cases.pardoned(&a, 500), [], "one node alone proves nothing");
        let mut cases = Cases::default();
        assert_eq!(cases.pardoned(&a, 500), []);
        assert_eq!(cases.pardoned(&b, 200), [], "another fault");
        assert_eq!(cases.pardoned(&b, 500), [a.clone(), b.clone()]);
        assert_eq!(cases.pardoned(&c, 500), std::slice::from_ref(&c));
        assert_eq!(cases.blamed(&c), [a, b], "it could be answered");
    }

    #[test]
    fn who_did_not_answer_is_to_blame_once_another_one_does() {
        let [a, b, c] = nodes();
        let mut cases = Cases::default();
        cases.open(&a);
        cases.open(&b);
        assert_eq!(cases.blamed(&b), [a], "its second answer was good");
        assert_eq!(cases.blamed(&c), []);
    }
}

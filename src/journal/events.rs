//! What ticketd tells operators by a name that stays: `TICKETD_EVENT=` in the journal, `event=` in text.
//!
//! One rule: a record that an operator must see or act on is written with [`tell!`]. Where somebody has
//! to act, its event has a message id, and `systemd/*.catalog` say how (`journalctl -x`).

use std::fmt;

/// Makes the enum of events with all that is known of each.
macro_rules! events {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal $(, $message_id:literal)?;)+) => {
        /// An event that operators can wait for by its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Event {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl Event {
            /// Every event.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name, which stays.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The id of its entry in the message catalog, if an operator has to act.
            pub fn message_id(self) -> Option<&'static str> {
                match self { $(Self::$variant => None$(.or(Some($message_id)))?,)+ }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning),+).trim_ascii_start(),)+ }
            }
        }
    };
}

events! {
    /// The service begins; its nodes start.
    Started = "started";
    /// No new calls are taken; those that came are served.
    DrainStarted = "drain_started";
    /// The grace of a stop is over: calls that still wait are refused.
    DrainOverdue = "drain_overdue";
    /// Everything has ended in order.
    Stopped = "stopped";
    /// A part of ticketd panicked, which is a fault of ticketd.
    Panicked = "panicked", "cd33433dd4bc462987b959361242ecb3";
    /// A part of ticketd shows no life, so the watchdog gets no ping.
    WatchdogStale = "watchdog_stale", "59103c337bc9494dae58f017e349e0d8";

    /// The process of a node was started.
    NodeStarted = "node_started";
    /// A node loads its model.
    NodeLoading = "node_loading";
    /// A node takes calls.
    NodeReady = "node_ready";
    /// An Ollama of somebody else's has the port, and is used as it is.
    NodeAdopted = "node_adopted";
    /// A node does not answer, and gets no calls.
    NodeLost = "node_lost", "2782eae9de5040179137edb6377d3942";
    /// Calls made no progress on a node: it gets none until it has answered a short one.
    NodeDoubted = "node_doubted";
    /// A node answers probes but generates nothing.
    NodeHung = "node_hung", "4a1fb342191c4be48847aa28983a2b05";
    /// A node hung too often within an hour, and is left alone.
    NodeKillsSpent = "node_kills_spent", "a50b0cf1917347d8b834bea03516acd9";
    /// The process of a node ended by itself.
    NodeEnded = "node_ended";
    /// The process of a node was killed.
    NodeKilled = "node_killed";
    /// A node ended several times soon after its start.
    NodeCrashLoop = "node_crash_loop", "908a72d947ed4601b724a57ab9cc165c";
    /// The process of a node cannot be started.
    NodeCannotStart = "node_cannot_start", "34ad9425879742eebb1e38ee4f8d78fc";
    /// The kernel killed processes of a node for want of memory.
    NodeOutOfMemory = "node_out_of_memory", "d49ab929f52c45a39f44677eb374a598";
    /// Somebody else has the port of a node.
    NodePortTaken = "node_port_taken", "1f8cc4686936478892b4f8fb0767b53f";
    /// A node answers but does not have the model.
    NodeModelMissing = "node_model_missing", "65406aeaaa7246b29b9b0171a6556cb0";
    /// A node has the model but cannot load it.
    NodeLoadFailed = "node_load_failed", "313f6ff5d03a44de959c328e8048196b";
    /// The model of a node is not wholly on the GPU.
    NodeOffGpu = "node_off_gpu", "dd720f6c02104aceb165be33da64bab6";
    /// A node gets no new calls, because somebody drains it.
    NodeDraining = "node_draining";
    /// A node is out of service until it is resumed.
    NodeParked = "node_parked";
    /// A node is gone from the fleet.
    NodeRemoved = "node_removed";
    /// A node did not come back with a new configuration, so the others keep theirs.
    RestartsHalted = "restarts_halted", "1a019662d09641a9bade1c6516a40c6d";
    /// A node wrote more lines than are logged.
    NodeLinesDropped = "node_lines_dropped";
    /// The nodes serve different models of one name.
    ModelsDiffer = "models_differ", "d6785924249d4197bd750cffaad3ab2a";
    /// Processes that an earlier ticketd left behind.
    Orphaned = "orphaned";

    /// The pull of a model begins.
    PullStarted = "pull_started";
    /// The pull of a model goes on.
    PullProgress = "pull_progress";
    /// A model was pulled.
    PullFinished = "pull_finished";
    /// A pull failed.
    PullFailed = "pull_failed", "c143c0499e164bbbb6bbe6e03f1cbc91";

    /// A model call failed on a node, and is tried elsewhere.
    CallRetried = "call_retried";
    /// The deadline of a call came before its ticket: its caller got an error.
    CallTimedOut = "call_timed_out";
    /// No node made a ticket of a call: its caller got an error.
    CallFailed = "call_failed", "1456a98f8ca6463794dbb3e77e4536ed";
    /// A call was refused for want of a free slot in time.
    QueueFull = "queue_full", "c49915bc885e4a068d0b84c739fffc52";
    /// A call was refused, because large bodies of others take all that they may together.
    BodiesFull = "bodies_full", "041f7f9e451c4cf3a7a69bb119013b28";
    /// No node made the ticket: it is a rule-made draft.
    TicketDegraded = "ticket_degraded", "fcd981e926cf4b0996b1b10211e5b350";
    /// A ticket says what nobody said, and is marked or refused.
    TicketUngrounded = "ticket_ungrounded";
    /// A call was too long for the model's context, and was condensed.
    TicketCondensed = "ticket_condensed";
    /// A zone was not corrected, because no node chose what it means.
    ZoneKept = "zone_kept";

    /// A new configuration holds.
    ConfigReloaded = "config_reloaded";
    /// A part of a new configuration holds only after a restart.
    ConfigNeedsRestart = "config_needs_restart";
    /// A new configuration is wrong, and the old one stays.
    ConfigRefused = "config_refused", "3819d4003ece4ccf8c99a7a7f3c3c3f2";
    /// Own place names were read anew.
    PlacesReloaded = "places_reloaded";
    /// Files of own place names are wrong, and the old names stay.
    PlacesRefused = "places_refused", "daffdb2b8b7149ae96287e408418aa65";
    /// Every host that reaches the address can use the service, or every user can read its tokens.
    AccessOpen = "access_open", "ff757ab34af9474ca36b5ea876570c7d";
    /// The journal cannot be used for the output of nodes.
    JournalUnusable = "journal_unusable", "b4d8712788ee40c89f3103a1aa5da78e";
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Logs an event: `tell!(warn: NodeLost, ticketd.node = %id, "node lost: it does not answer")`.
macro_rules! tell {
    ($level:ident: $event:ident, $($rest:tt)+) => {
        ::tracing::$level!(
            ticketd.event = %$crate::journal::Event::$event,
            message_id = $crate::journal::Event::$event.message_id(),
            $($rest)+
        )
    };
}
pub(crate) use tell;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const CATALOGS: [&str; 2] = [
        include_str!("../../systemd/ticketd.catalog"),
        include_str!("../../systemd/ticketd.zh_CN.catalog"),
    ];

    /// The entries of a catalog by id, as their header and body.
    fn entries(catalog: &'static str) -> BTreeMap<&'static str, (&'static str, &'static str)> {
        let entries = catalog.split("\n-- ").skip(1).map(|entry| {
            let (id, rest) = entry.split_once('\n').expect("an id of its own line");
            (id, rest.split_once("\n\n").expect("an empty line after the header"))
        });
        entries.collect()
    }

    #[test]
    fn names_and_ids_are_what_they_should_be_and_each_there_once() {
        let mut names: Vec<_> = Event::ALL.iter().map(|event| event.name()).collect();
        let mut ids: Vec<_> = Event::ALL.iter().filter_map(|event| event.message_id()).collect();
        assert!(names.iter().all(|name| name.chars().all(|c| c == '_' || c.is_ascii_lowercase())));
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        assert!(ids.iter().all(|id| id.len() == 32 && id.chars().all(hex)), "{ids:?}");
        let counts = (names.len(), ids.len());
        names.sort_unstable();
        names.dedup();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((names.len(), ids.len()), counts);
        assert!(ids.len() >= 10);
        assert!(Event::ALL.iter().all(|event| event.meaning().ends_with('.')));
    }

    #[test]
    fn the_catalogs_explain_every_event_with_an_id_and_no_other() {
        let with_ids: Vec<_> = Event::ALL.iter().filter_map(|event| event.message_id()).collect();
        for catalog in CATALOGS {
            let entries = entries(catalog);
            assert_eq!(entries.len(), with_ids.len());
            for id in &with_ids {
                let (header, body) = entries.get(id).expect(id);
                assert!(header.starts_with("Subject: ticketd") && body.len() > 40, "{id}");
            }
        }
    }

    #[test]
    fn both_readmes_name_every_event() {
        for readme in [include_str!("../../README.md"), include_str!("../../README.zh-CN.md")] {
            for event in Event::ALL {
                assert!(readme.contains(&format!("`{event}`")), "{event}");
            }
        }
    }
}

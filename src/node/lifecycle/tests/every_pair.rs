//! Every phase with every event: what is not listed here changes nothing and does nothing.

use std::collections::BTreeSet;

use super::*;

const NOW: Duration = Duration::from_secs(100);

/// Every phase of a managed node, by the name that the table uses.
fn phases() -> Vec<(&'static str, Phase)> {
    use Phase as P;
    let since = Duration::ZERO;
    vec![
        ("looking", P::Looking),
        ("starting", P::Starting { since }),
        ("model-missing", P::ModelMissing),
        ("pulling", P::Pulling),
        ("loading", P::Loading),
        ("ready", P::Ready { since }),
        ("checking", P::Checking { since }),
        ("no-gpu", P::NoGpu),
        ("hung", P::Hung),
        ("unhealthy", P::Unhealthy { since }),
        ("backing-off", P::BackingOff { until: NOW, hopeless: false }),
        ("crash-looping", P::CrashLooping { until: NOW }),
        ("draining-to-restart", P::Draining { goal: Goal::Restart }),
        ("draining-to-park", P::Draining { goal: Goal::Park }),
        ("draining-to-finish", P::Draining { goal: Goal::Finish }),
        ("stopping-to-recover", P::Stopping { goal: Goal::Recover }),
        ("stopping-to-restart", P::Stopping { goal: Goal::Restart }),
        ("stopping-to-park", P::Stopping { goal: Goal::Park }),
        ("stopping-to-finish", P::Stopping { goal: Goal::Finish }),
        ("stopped", P::Stopped),
        ("finished", P::Finished),
    ]
}

/// Every event, by the name that the table uses.
fn events() -> Vec<(&'static str, Event)> {
    use Event as E;
    vec![
        ("port-free", E::PortFree),
        ("port-served", E::PortServed),
        ("port-taken", E::PortTaken),
        ("spawn-failed", E::SpawnFailed { hopeless: true }),
        ("probe-ready", E::Probed(Probe::Ready)),
        ("probe-missing", E::Probed(Probe::ModelMissing)),
        ("probe-refused", E::Probed(Probe::Refused)),
        ("probe-silent", E::Probed(Probe::Silent)),
        ("probe-unknown", E::Probed(Probe::Unknown)),
        ("on-gpu", E::Located(Memory::Gpu)),
        ("on-cpu", E::Located(Memory::Cpu)),
        ("nowhere", E::Located(Memory::Nowhere)),
        ("warmed", E::Warmed { loaded: true }),
        ("not-warmed", E::Warmed { loaded: false }),
        ("incomplete", E::Incomplete),
        ("pull-begun", E::Pulled(Pulled::Begun)),
        ("pull-whole", E::Pulled(Pulled::Whole)),
        ("pull-broken", E::Pulled(Pulled::Broken)),
        ("pull-elsewhere", E::Pulled(Pulled::Elsewhere)),
        ("stalled", E::Stalled),
        ("doubted", E::Doubted),
        ("faulted", E::Faulted),
        ("unloaded", E::Unloaded),
        ("canary-sang", E::Sang { alive: true }),
        ("canary-dead", E::Sang { alive: false }),
        ("exited", E::Exited),
        ("delay-over", E::DelayOver),
        ("restart-asked", E::DrainAsked(Goal::Restart)),
        ("drain-asked", E::DrainAsked(Goal::Park)),
        ("remove-asked", E::DrainAsked(Goal::Finish)),
        ("idle", E::Idle),
        ("drain-over", E::DrainOver),
        ("resume-asked", E::ResumeAsked),
        ("model-changed", E::ModelChanged),
        ("stop-asked", E::StopAsked),
    ]
}

/// The name of a phase, wherever its times are.
fn name(phase: Phase) -> &'static str {
    let same = |other: Phase| match (phase, other) {
        (Phase::Draining { goal: a }, Phase::Draining { goal: b })
        | (Phase::Stopping { goal: a }, Phase::Stopping { goal: b }) => a == b,
        _ => std::mem::discriminant(&phase) == std::mem::discriminant(&other),
    };
    phases().into_iter().find(|(_, other)| same(*other)).expect("it is listed").0
}

fn action(action: Option<Action>) -> &'static str {
    use Action as A;
    match action {
        None => "-",
        Some(A::Look) => "look",
        Some(A::Watch) => "watch",
        Some(A::Spawn) => "spawn",
        Some(A::Pull) => "pull",
        Some(A::WarmUp) => "warm-up",
        Some(A::Canary) => "canary",
        Some(A::RetryAfter(_)) => "retry-later",
        Some(A::Drain) => "drain",
        Some(A::Kill) => "kill",
        Some(A::Terminate) => "terminate",
        Some(A::Finish) => "finish",
    }
}

/// `phase: event → phase action, …` for every pair that changes or does something.
const TABLE: &str = include_str!("managed.txt");

/// The same of an Ollama that was adopted, where it differs.
const ADOPTED: &str = include_str!("adopted.txt");

/// The same of an endpoint, where it differs from an adopted Ollama.
const ENDPOINT: &str = include_str!("endpoint.txt");

/// What every event does in every phase, a phase a paragraph.
fn table(of: impl Fn(Phase) -> Lifecycle) -> Vec<String> {
    let paragraph = |(from, phase): (&str, Phase)| {
        let mut lines = vec![format!("{from}:")];
        for (event_name, event) in events() {
            let mut life = of(phase);
            let done = action(life.on(event, NOW, 1.0));
            let to = name(life.phase());
            if to != from || done != "-" {
                lines.push(format!("    {event_name} → {to} {done}"));
            }
        }
        lines.join("\n")
    };
    phases().into_iter().map(paragraph).collect()
}

/// The paragraphs that differ, in one text.
fn differing(of: &[String], from: &[String]) -> String {
    let pairs = of.iter().zip(from).filter(|(own, other)| own != other);
    pairs.map(|(own, _)| own.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_phase_has_one_of_the_names_that_people_are_told_and_every_name_a_phase() {
    let told: BTreeSet<_> = phases().into_iter().map(|(_, phase)| phase.name()).collect();
    assert_eq!(told, BTreeSet::from(Phase::NAMES));
}

#[test]
fn every_pair_of_phase_and_event_does_what_the_table_says() {
    let managed = table(in_phase);
    let adopted = table(|phase| Lifecycle { managed: false, ..warm(phase) });
    let endpoint = table(|phase| Lifecycle { managed: false, startable: false, ..warm(phase) });
    for (seen, expected) in [
        (managed.join("\n"), TABLE),
        (differing(&adopted, &managed), ADOPTED),
        (differing(&endpoint, &adopted), ENDPOINT),
    ] {
        assert_eq!(seen, expected.trim_end(), "{seen}");
    }
}

/// Nobody loads the model of others, and they were gone for a while.
fn warm(phase: Phase) -> Lifecycle {
    let refused_since = Some(Duration::ZERO);
    Lifecycle { warmth: Effort::Done, pull: Effort::NEW, refused_since, ..in_phase(phase) }
}

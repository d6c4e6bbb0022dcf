//! The life by examples.

use super::*;
use crate::{backoff::Backoff, ollama::Probe};

const SECOND: Duration = Duration::from_secs(1);

const TIMING: Timing = Timing {
    start_timeout: Duration::from_secs(60),
    probe_failures: 3,
    hang_timeout: Duration::from_secs(20),
    kills_per_hour: 3,
    canary_cooldown: Duration::from_secs(60),
    adopted_gone_timeout: Duration::from_secs(10),
    backoff: Backoff { base: SECOND, ceiling: Duration::from_secs(30) },
    crash_loop_failures: 5,
    pull: true,
    require_gpu: true,
};

/// Runs events one second apart, without jitter, and gives the action of each.
fn run(life: &mut Lifecycle, events: &[Event]) -> Vec<Option<Action>> {
    run_every(SECOND, life, events)
}

fn run_every(pause: Duration, life: &mut Lifecycle, events: &[Event]) -> Vec<Option<Action>> {
    let at = |step: usize| pause * u32::try_from(step).expect("a short list");
    events.iter().enumerate().map(|(step, event)| life.on(*event, at(step), 1.0)).collect()
}

#[test]
fn a_managed_node_starts_serves_restarts_and_stops() {
    use {Action as A, Event as E, Probe as P};
    let mut life = Lifecycle::managed(TIMING);
    let table = [
        (E::PortFree, Some(A::Spawn)),
        (E::Probed(P::Refused), None),
        (E::Probed(P::ModelMissing), Some(A::Pull)),
        (E::Pulled(Pulled::Elsewhere), None),
        (E::Probed(P::Ready), Some(A::WarmUp)),
        (E::Probed(P::Ready), None),
        (E::Warmed { loaded: true }, None),
        (E::Exited, Some(A::RetryAfter(SECOND))),
        (E::DelayOver, Some(A::Look)),
        (E::PortTaken, Some(A::RetryAfter(2 * SECOND))),
        (E::DelayOver, Some(A::Look)),
        (E::PortFree, Some(A::Spawn)),
        (E::SpawnFailed { hopeless: true }, Some(A::RetryAfter(30 * SECOND))),
        (E::DelayOver, Some(A::Look)),
        (E::PortFree, Some(A::Spawn)),
        (E::StopAsked, Some(A::Terminate)),
        (E::Probed(P::Ready), None),
        (E::Exited, Some(A::Finish)),
        (E::DelayOver, None),
    ];
    let (events, actions): (Vec<_>, Vec<_>) = table.into_iter().unzip();
    assert_eq!(run_every(31 * SECOND, &mut life, &events), actions);
    assert_eq!(life.phase(), Phase::Finished);
}

#[test]
fn a_port_that_an_ollama_serves_becomes_an_endpoint() {
    let mut life = Lifecycle::managed(TIMING);
    let actions = run(&mut life, &[Event::PortServed, Event::Probed(Probe::Ready)]);
    assert_eq!(actions, [Some(Action::Watch), None]);
    assert!(life.is_adopted());
    assert_eq!(life.on(Event::StopAsked, SECOND, 1.0), Some(Action::Finish));
}

#[test]
fn an_endpoint_is_lost_at_the_first_refusal_and_ready_again_by_itself() {
    let mut life = Lifecycle::endpoint(TIMING);
    let states: Vec<_> = [Probe::Ready, Probe::Silent, Probe::Refused, Probe::Ready]
        .map(|probe| {
            life.on(Event::Probed(probe), SECOND, 0.0);
            life.state(SECOND) == NodeState::Ready
        })
        .to_vec();
    assert_eq!(states, [true, true, false, true]);
}

#[test]
fn an_endpoint_that_never_answered_is_unhealthy_too() {
    let mut life = Lifecycle::endpoint(TIMING);
    let silent = Event::Probed(Probe::Silent);
    run(&mut life, &[silent, silent]);
    assert_eq!(life.phase(), Phase::Starting { since: Duration::ZERO });
    life.on(silent, 3 * SECOND, 0.0);
    assert_eq!(life.phase(), Phase::Unhealthy { since: 3 * SECOND });
    life.on(Event::Probed(Probe::Ready), 4 * SECOND, 0.0);
    assert_eq!(life.state(4 * SECOND), NodeState::Ready);
}

#[test]
fn a_port_that_stays_taken_is_no_crash_loop() {
    let mut life = Lifecycle::managed(TIMING);
    for turn in 1..9 {
        life.on(Event::PortTaken, 60 * SECOND * turn, 1.0);
        assert!(matches!(life.phase(), Phase::BackingOff { hopeless: false, .. }));
        life.on(Event::DelayOver, 60 * SECOND * turn + 30 * SECOND, 1.0);
    }
}

#[test]
fn a_silent_node_is_unhealthy_after_some_probes() {
    let mut life = Lifecycle::managed(TIMING);
    let silent = Event::Probed(Probe::Silent);
    let (ready, warmed) = (Event::Probed(Probe::Ready), Event::Warmed { loaded: true });
    run(&mut life, &[Event::PortFree, ready, warmed, silent, silent]);
    assert!(matches!(life.phase(), Phase::Ready { .. }));
    life.on(silent, 5 * SECOND, 0.0);
    assert_eq!(life.phase(), Phase::Unhealthy { since: 5 * SECOND });
    assert_eq!(life.on(silent, 24 * SECOND, 0.0), None);
    assert_eq!(life.on(silent, 25 * SECOND, 0.0), Some(Action::Kill));
    assert_eq!(life.on(silent, 26 * SECOND, 0.0), None, "once is enough");
}

#[test]
fn a_port_whose_adopted_ollama_is_gone_is_taken_by_our_own() {
    let mut life = Lifecycle::managed(TIMING);
    let (ready, refused) = (Event::Probed(Probe::Ready), Event::Probed(Probe::Refused));
    run(&mut life, &[Event::PortServed, ready, refused]);
    assert_eq!(life.on(refused, 11 * SECOND, 0.0), None, "it may come back");
    assert_eq!(life.on(Event::Probed(Probe::Silent), 12 * SECOND, 0.0), None, "it has the port");
    assert_eq!(life.on(refused, 13 * SECOND, 0.0), None, "it is gone only now");
    assert_eq!(life.on(Event::Probed(Probe::Unknown), 22 * SECOND, 0.0), None);
    assert_eq!(life.on(refused, 23 * SECOND, 0.0), Some(Action::Look));
    assert_eq!(life.on(Event::PortFree, 24 * SECOND, 0.0), Some(Action::Spawn));
    assert!(life.is_managed());
    let mut endpoint = Lifecycle::endpoint(TIMING);
    run(&mut endpoint, &[ready, refused]);
    assert_eq!(endpoint.on(refused, 99 * SECOND, 0.0), None, "an endpoint is never ours");
}

#[test]
fn a_process_that_never_answers_is_killed_after_its_time() {
    let mut life = Lifecycle::managed(TIMING);
    life.on(Event::PortFree, SECOND, 0.0);
    assert_eq!(life.on(Event::Probed(Probe::Silent), 60 * SECOND, 0.0), None);
    assert_eq!(life.on(Event::Probed(Probe::Silent), 61 * SECOND, 0.0), Some(Action::Kill));
}

#[test]
fn delays_grow_to_the_ceiling_and_a_long_service_starts_them_over() {
    let mut life = Lifecycle::managed(TIMING);
    let mut delays = Vec::new();
    for failures in 0..7 {
        let looping = matches!(life.phase(), Phase::CrashLooping { .. });
        assert!(!looping, "a new try begins");
        life.on(Event::PortFree, SECOND, 1.0);
        if let Some(Action::RetryAfter(delay)) = life.on(Event::Exited, SECOND, 1.0) {
            delays.push(delay.as_secs());
        }
        assert_eq!(matches!(life.phase(), Phase::CrashLooping { .. }), failures >= 4);
        assert_eq!(life.on(Event::DelayOver, SECOND, 1.0), None, "it is not over");
        life.on(Event::DelayOver, 31 * SECOND, 1.0);
    }
    assert_eq!(delays, [1, 2, 4, 8, 30, 30, 30]);
    life.on(Event::PortFree, SECOND, 1.0);
    life.on(Event::Probed(Probe::Ready), SECOND, 1.0);
    life.on(Event::Warmed { loaded: true }, SECOND, 1.0);
    assert_eq!(life.on(Event::Exited, 31 * SECOND, 1.0), Some(Action::RetryAfter(SECOND)));
}

#[test]
fn a_model_that_cannot_be_loaded_is_tried_again_ever_more_slowly() {
    let mut life = Lifecycle::managed(TIMING);
    let ready = Event::Probed(Probe::Ready);
    life.on(Event::PortFree, Duration::ZERO, 1.0);
    let mut tries = Vec::new();
    for second in 0..40 {
        if life.on(ready, SECOND * second, 1.0) == Some(Action::WarmUp) {
            tries.push(second);
            life.on(Event::Warmed { loaded: false }, SECOND * second, 1.0);
        }
        assert_eq!(life.phase(), Phase::Loading);
    }
    assert_eq!(tries, [0, 1, 3, 7, 15, 31]);
}

#[test]
fn a_model_that_was_lost_is_loaded_again() {
    let mut life = Lifecycle::managed(TIMING);
    let (ready, warmed) = (Event::Probed(Probe::Ready), Event::Warmed { loaded: true });
    run(&mut life, &[Event::PortFree, ready, warmed, Event::Probed(Probe::ModelMissing)]);
    assert_eq!(life.phase(), Phase::ModelMissing);
    assert_eq!(life.on(ready, 9 * SECOND, 0.0), Some(Action::WarmUp));
}

#[test]
fn a_pull_that_breaks_goes_on_after_a_while_and_its_end_loads_the_model() {
    let mut life = Lifecycle::managed(TIMING);
    let missing = Event::Probed(Probe::ModelMissing);
    let broken = Event::Pulled(Pulled::Broken);
    life.on(Event::PortFree, Duration::ZERO, 1.0);
    assert_eq!(life.on(missing, SECOND, 1.0), Some(Action::Pull));
    assert_eq!(life.phase(), Phase::ModelMissing, "the lock is not ours yet");
    life.on(Event::Pulled(Pulled::Begun), SECOND, 1.0);
    assert_eq!(life.phase(), Phase::Pulling);
    life.on(broken, 2 * SECOND, 1.0);
    assert_eq!(life.on(missing, 2 * SECOND, 1.0), None);
    assert_eq!(life.on(missing, 3 * SECOND, 1.0), Some(Action::Pull));
    life.on(broken, 4 * SECOND, 1.0);
    assert_eq!(life.on(missing, 5 * SECOND, 1.0), None, "twice as long");
    assert_eq!(life.on(missing, 6 * SECOND, 1.0), Some(Action::Pull));
    let whole = Event::Pulled(Pulled::Whole);
    assert_eq!(life.on(whole, 7 * SECOND, 1.0), Some(Action::WarmUp));
    assert_eq!(life.phase(), Phase::Loading);
}

#[test]
fn a_model_that_is_listed_and_cannot_be_found_is_pulled_again() {
    let mut life = in_phase(Phase::Loading);
    life.on(Event::Warmed { loaded: false }, SECOND, 1.0);
    assert_eq!(life.on(Event::Incomplete, SECOND, 1.0), Some(Action::Pull));
    life.on(Event::Pulled(Pulled::Begun), SECOND, 1.0);
    assert_eq!(life.on(Event::Probed(Probe::Ready), 2 * SECOND, 1.0), None, "it is listed still");
    let whole = Event::Pulled(Pulled::Whole);
    assert_eq!(life.on(whole, 3 * SECOND, 1.0), Some(Action::WarmUp));
}

#[test]
fn a_pull_that_is_cut_short_by_the_node_is_begun_again() {
    let mut life = Lifecycle::managed(TIMING);
    let missing = Event::Probed(Probe::ModelMissing);
    run(&mut life, &[Event::PortFree, missing, Event::Pulled(Pulled::Begun)]);
    for _ in 0..3 {
        life.on(Event::Probed(Probe::Silent), 4 * SECOND, 1.0);
    }
    assert!(matches!(life.phase(), Phase::Unhealthy { .. }));
    assert_eq!(life.on(missing, 5 * SECOND, 1.0), Some(Action::Pull));
}

#[test]
fn a_drain_can_be_called_off_and_its_node_needs_no_new_load() {
    let mut life = ready();
    let drain = Event::DrainAsked(Goal::Park);
    assert_eq!(life.on(drain, SECOND, 1.0), Some(Action::Drain));
    assert_eq!(life.on(Event::ResumeAsked, 2 * SECOND, 1.0), None);
    assert_eq!(life.on(Event::Probed(Probe::Ready), 3 * SECOND, 1.0), None);
    assert_eq!(life.state(3 * SECOND), NodeState::Ready);
    life.on(drain, 4 * SECOND, 1.0);
    life.on(Event::ModelChanged, 5 * SECOND, 1.0);
    life.on(Event::ResumeAsked, 6 * SECOND, 1.0);
    assert_eq!(life.on(Event::Probed(Probe::Ready), 7 * SECOND, 1.0), Some(Action::WarmUp));
}

/// A managed node that is ready since the start.
fn ready() -> Lifecycle {
    in_phase(Phase::Ready { since: Duration::ZERO })
}

/// A managed node in a phase, with what belongs to it.
fn in_phase(phase: Phase) -> Lifecycle {
    let mut life = Lifecycle::managed(TIMING);
    life.phase = phase;
    let cold = matches!(phase, Phase::Starting { .. } | Phase::ModelMissing | Phase::Pulling);
    life.warmth = if cold { Effort::NEW } else { Effort::Done };
    if phase == Phase::Loading {
        life.warmth = Effort::Running { failures: 0 };
    }
    if matches!(phase, Phase::Checking { .. }) {
        life.canary_next = 200 * SECOND;
    }
    if phase == Phase::Pulling {
        life.pull = Effort::Running { failures: 0 };
    }
    life
}

mod every_pair;
mod hangs;
mod random;

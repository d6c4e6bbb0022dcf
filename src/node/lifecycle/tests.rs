//! The table by examples, and its rules by random events.

use proptest::prelude::*;

use super::*;
use crate::backoff::Backoff;

const SECOND: Duration = Duration::from_secs(1);

const TIMING: Timing = Timing {
    start_timeout: Duration::from_secs(60),
    probe_failures: 3,
    hang_timeout: Duration::from_secs(20),
    adopted_gone_timeout: Duration::from_secs(10),
    backoff: Backoff { base: SECOND, ceiling: Duration::from_secs(30) },
    crash_loop_failures: 5,
};

/// Runs events one second apart, without jitter, and gives the action of each.
fn run(life: &mut Lifecycle, events: &[Event]) -> Vec<Option<Action>> {
    let at = |step: usize| SECOND * u32::try_from(step).expect("a short list");
    events.iter().enumerate().map(|(step, event)| life.on(*event, at(step), 1.0)).collect()
}

#[test]
fn a_managed_node_starts_serves_restarts_and_stops() {
    use {Action as A, Event as E, Probe as P};
    let mut life = Lifecycle::managed(TIMING);
    let table = [
        (E::PortFree, Some(A::Spawn)),
        (E::Probed(P::Refused), None),
        (E::Probed(P::ModelMissing), None),
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
    assert_eq!(run(&mut life, &events), actions);
    assert_eq!(life.phase(), Phase::Stopped);
}

#[test]
fn a_port_that_an_ollama_serves_becomes_an_endpoint() {
    let mut life = Lifecycle::managed(TIMING);
    let actions =
        run(&mut life, &[Event::PortServed, Event::Probed(Probe::Ready), Event::StopAsked]);
    assert_eq!(actions, [None, None, Some(Action::Finish)]);
    assert!(!life.is_managed());
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
        life.on(Event::DelayOver, SECOND, 1.0);
    }
    assert_eq!(delays, [1, 2, 4, 8, 30, 30, 30]);
    life.on(Event::PortFree, SECOND, 1.0);
    life.on(Event::Probed(Probe::Ready), SECOND, 1.0);
    life.on(Event::Warmed { loaded: true }, SECOND, 1.0);
    assert_eq!(life.on(Event::Exited, 31 * SECOND, 1.0), Some(Action::RetryAfter(SECOND)));
}

#[test]
fn hangs_far_apart_do_not_add_up() {
    let mut life = Lifecycle::managed(TIMING);
    let (ready, silent) = (Event::Probed(Probe::Ready), Event::Probed(Probe::Silent));
    let hour = 3600 * SECOND;
    for hours in 0..8 {
        let now = hour * hours;
        life.on(Event::PortFree, now, 1.0);
        life.on(ready, now, 1.0);
        life.on(Event::Warmed { loaded: true }, now, 1.0);
        for _ in 0..3 {
            life.on(silent, now + hour / 2, 1.0);
        }
        let action = life.on(Event::Exited, now + hour / 2, 1.0);
        assert_eq!(action, Some(Action::RetryAfter(SECOND)));
        life.on(Event::DelayOver, now + hour / 2, 1.0);
    }
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

fn events() -> impl Strategy<Value = Event> {
    let probe = prop_oneof![
        Just(Probe::Ready),
        Just(Probe::ModelMissing),
        Just(Probe::Refused),
        Just(Probe::Silent),
        Just(Probe::Unknown)
    ];
    prop_oneof![
        Just(Event::PortFree),
        Just(Event::PortServed),
        Just(Event::PortTaken),
        any::<bool>().prop_map(|hopeless| Event::SpawnFailed { hopeless }),
        probe.prop_map(Event::Probed),
        any::<bool>().prop_map(|loaded| Event::Warmed { loaded }),
        Just(Event::Exited),
        Just(Event::DelayOver),
        Just(Event::StopAsked),
    ]
}

proptest! {
    #[test]
    fn never_two_processes_and_every_restart_after_a_delay(
        events in prop::collection::vec((events(), 0.0..1.0_f64), 0..60),
    ) {
        let mut life = Lifecycle::managed(TIMING);
        let (mut alive, mut spawned, mut delayed, mut just_spawned) = (false, false, false, false);
        for (step, (event, jitter)) in (0_u32..).zip(events) {
            let failed = matches!(event, Event::SpawnFailed { .. });
            // Only a process that lives can end, and only one that was just to start can fail to.
            if (event == Event::Exited && !alive) || (failed && !just_spawned) {
                continue;
            }
            let action = life.on(event, SECOND * step, jitter);
            alive &= event != Event::Exited && !failed;
            just_spawned = action == Some(Action::Spawn);
            match action {
                Some(Action::Spawn) => {
                    prop_assert!(!alive, "a second process");
                    prop_assert!(!spawned || delayed, "a restart without a delay");
                    (alive, spawned, delayed) = (true, true, false);
                }
                Some(Action::RetryAfter(delay)) => {
                    prop_assert!(delay >= TIMING.backoff.base / 2);
                    prop_assert!(delay <= TIMING.backoff.ceiling);
                    delayed = true;
                }
                Some(Action::Finish) => prop_assert!(!alive, "it ended before its process"),
                Some(Action::WarmUp) => prop_assert!(alive, "nothing to load a model into"),
                Some(Action::Look | Action::Kill | Action::Terminate) | None => {}
            }
            let ready = life.state(SECOND * step) == NodeState::Ready;
            prop_assert!(!ready || alive || !life.is_managed(), "ready without a process");
        }
    }
}

//! Nodes that answer and do not work: hangs, faults, models beside the GPU.

use super::*;

#[test]
fn a_node_that_generates_nothing_is_found_by_its_canary_and_killed() {
    let mut life = ready();
    assert_eq!(life.on(Event::Stalled, SECOND, 1.0), Some(Action::Canary));
    assert_ne!(life.state(SECOND), NodeState::Ready, "no calls meanwhile");
    assert_eq!(life.on(Event::Sang { alive: true }, 2 * SECOND, 1.0), None);
    assert_eq!(life.state(2 * SECOND), NodeState::Ready);
    assert_eq!(life.on(Event::Doubted, 60 * SECOND, 1.0), None, "the cool-down runs");
    assert_eq!(life.on(Event::Doubted, 61 * SECOND, 1.0), Some(Action::Canary));
    assert_eq!(life.on(Event::Sang { alive: true }, 62 * SECOND, 1.0), None);
    let sure = life.on(Event::Stalled, 63 * SECOND, 1.0);
    assert_eq!(
        sure,
        Some(Action::Canary),
        "what gives no token gets no calls, whatever was before"
    );
    assert_eq!(life.on(Event::Sang { alive: false }, 70 * SECOND, 1.0), Some(Action::Kill));
    assert_eq!(life.on(Event::Exited, 71 * SECOND, 1.0), Some(Action::RetryAfter(SECOND)));
}

#[test]
fn no_node_is_stuck_without_a_gpu_that_it_has_again() {
    let probed = Event::Probed(Probe::Ready);
    for managed in [true, false] {
        let out = || {
            let mut life = if managed { ready() } else { Lifecycle::endpoint(TIMING) };
            life.on(probed, SECOND, 1.0);
            life.on(Event::Located(Memory::Cpu), SECOND, 1.0);
            assert_eq!(life.phase(), Phase::NoGpu);
            life
        };
        let mut life = out();
        life.set_timing(Timing { require_gpu: false, ..TIMING });
        life.on(probed, 2 * SECOND, 1.0);
        assert_eq!(life.state(SECOND), NodeState::Ready, "it need not be there any more");
        let mut life = out();
        let load = life.on(Event::Located(Memory::Nowhere), 2 * SECOND, 1.0);
        assert_eq!(
            (load, life.phase() == Phase::NoGpu),
            (managed.then_some(Action::WarmUp), false)
        );
    }
    let mut endpoint = Lifecycle::endpoint(TIMING);
    for event in [probed, Event::Located(Memory::Cpu), Event::Probed(Probe::Refused), probed] {
        endpoint.on(event, SECOND, 1.0);
    }
    assert_eq!(endpoint.state(SECOND), NodeState::Ready, "it may be another process");
    let mut life = in_phase(Phase::Loading);
    life.on(Event::Located(Memory::Cpu), SECOND, 1.0);
    life.on(Event::Warmed { loaded: true }, SECOND, 1.0);
    assert_eq!(life.phase(), Phase::NoGpu, "never ready in between");
}

#[test]
fn faults_load_the_model_again_once_in_a_while_and_not_at_each() {
    let mut life = ready();
    assert_eq!(life.on(Event::Faulted, SECOND, 1.0), Some(Action::WarmUp));
    life.on(Event::Warmed { loaded: true }, 2 * SECOND, 1.0);
    assert_eq!(life.on(Event::Faulted, 3 * SECOND, 1.0), None);
    assert_eq!(life.state(3 * SECOND), NodeState::Ready);
    assert_eq!(life.on(Event::Faulted, 61 * SECOND, 1.0), Some(Action::WarmUp));
}

#[test]
fn a_process_that_never_answers_costs_no_kill_of_the_hour() {
    let mut life = Lifecycle::managed(TIMING);
    for turn in 1..9 {
        let now = 200 * SECOND * turn;
        life.on(Event::PortFree, now, 1.0);
        let silent = Event::Probed(Probe::Silent);
        assert_eq!(life.on(silent, now + 60 * SECOND, 1.0), Some(Action::Kill), "turn {turn}");
        life.on(Event::Exited, now + 60 * SECOND, 1.0);
        life.on(Event::DelayOver, now + 100 * SECOND, 1.0);
    }
    assert!(!life.is_out_of_kills(2000 * SECOND));
}

#[test]
fn a_node_that_hangs_too_often_is_left_alone_until_it_sings() {
    let mut life = ready();
    life.kills = VecDeque::from([SECOND; 3]);
    life.on(Event::Stalled, 10 * SECOND, 1.0);
    assert_eq!(life.on(Event::Sang { alive: false }, 20 * SECOND, 1.0), None);
    assert!(life.is_out_of_kills(20 * SECOND));
    let probed = Event::Probed(Probe::Ready);
    assert_eq!(life.on(probed, 69 * SECOND, 1.0), None);
    assert_eq!(life.phase(), Phase::Hung, "that it answers probes proves nothing");
    assert_eq!(life.on(probed, 70 * SECOND, 1.0), Some(Action::Canary));
    life.on(Event::Sang { alive: false }, 80 * SECOND, 1.0);
    assert_eq!(life.on(probed, HOUR + SECOND, 1.0), Some(Action::Kill), "the hour is over");
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
        life.on(Event::DelayOver, now + hour / 2 + SECOND, 1.0);
    }
}

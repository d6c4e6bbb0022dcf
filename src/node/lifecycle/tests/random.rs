//! The rules that hold whatever happens, by random events.

use proptest::prelude::*;

use super::*;

/// One number makes an event, so that many sequences cost little. Frequent ones stand more than once.
fn event(number: u32) -> Event {
    use Event as E;
    const PROBES: [Probe; 5] =
        [Probe::Ready, Probe::ModelMissing, Probe::Refused, Probe::Silent, Probe::Unknown];
    const MEMORIES: [Memory; 3] = [Memory::Gpu, Memory::Cpu, Memory::Nowhere];
    const PULLED: [Pulled; 4] = [Pulled::Begun, Pulled::Whole, Pulled::Broken, Pulled::Elsewhere];
    const GOALS: [Goal; 3] = [Goal::Restart, Goal::Park, Goal::Finish];
    let kind = number % 46;
    let which = usize::try_from(number / 46 % 60).expect("it is small");
    let flag = which % 2 == 0;
    match kind {
        0..4 => E::PortFree,
        4 => E::PortServed,
        5 => E::PortTaken,
        6 => E::SpawnFailed { hopeless: flag },
        7..12 => E::Probed(Probe::Ready),
        12..16 => E::Probed(PROBES[which % 5]),
        16..18 => E::Located(MEMORIES[which % 3]),
        18..22 => E::Warmed { loaded: flag },
        22..24 => E::Pulled(PULLED[which % 4]),
        24..26 => E::Stalled,
        26 if flag => E::Unloaded,
        26 => E::Faulted,
        27..29 => E::Sang { alive: flag },
        29..32 => E::Exited,
        32..35 => E::DelayOver,
        35 => E::Incomplete,
        36 => E::DrainAsked(GOALS[which % 3]),
        37..39 => E::Idle,
        39 => E::DrainOver,
        40..42 => E::ResumeAsked,
        42 => E::ModelChanged,
        // Rare, because nothing comes after it.
        43 if which == 0 => E::StopAsked,
        _ => E::Probed(Probe::Silent),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]
    #[test]
    fn the_rules_of_a_life_hold_whatever_happens(
        numbers in prop::collection::vec(any::<u32>(), 0..80),
    ) {
        let mut life = Lifecycle::managed(TIMING);
        let mut now = Duration::ZERO;
        let (mut alive, mut just_spawned, mut killing) = (false, false, false);
        // Whether a start may come now: the first one, after a delay, or because it was asked for.
        let mut may_spawn = true;
        let mut due = Duration::ZERO;
        let mut kills: Vec<Duration> = Vec::new();
        for number in numbers {
            let (event, jitter) = (event(number), f64::from(number >> 24) / 255.0);
            now += SECOND * (number >> 13 & 31);
            let failed = matches!(event, Event::SpawnFailed { .. });
            // Only a process that lives can end, and only one that was just to start can fail to.
            if (event == Event::Exited && !alive) || (failed && !just_spawned) {
                continue;
            }
            let before = life.phase();
            let action = life.on(event, now, jitter);
            alive &= event != Event::Exited && !failed;
            killing &= alive;
            let asked = matches!(event, Event::ResumeAsked | Event::DrainAsked(Goal::Restart));
            may_spawn |= asked && life.phase() != before;
            just_spawned = action == Some(Action::Spawn);
            match action {
                Some(Action::Spawn) => {
                    prop_assert!(!alive, "a second process");
                    prop_assert!(may_spawn, "a restart without a delay that nobody asked for");
                    (alive, may_spawn) = (true, false);
                }
                Some(Action::RetryAfter(delay)) => {
                    prop_assert!(delay >= TIMING.backoff.base / 2);
                    prop_assert!(delay <= TIMING.backoff.ceiling);
                    due = now + delay;
                }
                Some(Action::Look) if event == Event::DelayOver => {
                    prop_assert!(now >= due, "the delay is not over");
                    may_spawn = true;
                }
                Some(Action::Look) => {
                    // An operator asked, or an adopted Ollama has gone.
                    may_spawn = true;
                }
                Some(Action::Kill) if matches!(before, Phase::Starting { .. }) => {
                    prop_assert!(alive && !killing, "nothing to kill");
                    killing = true;
                }
                Some(Action::Kill) => {
                    prop_assert!(alive && !killing, "nothing to kill");
                    killing = true;
                    kills.retain(|at| now - *at < HOUR);
                    kills.push(now);
                    prop_assert!(kills.len() <= TIMING.kills_per_hour as usize, "too many kills");
                }
                Some(Action::Finish) => prop_assert!(!alive, "it ended before its process"),
                Some(Action::WarmUp | Action::Pull) => prop_assert!(alive, "nothing to load into"),
                Some(Action::Terminate) => prop_assert!(alive, "nothing to end"),
                Some(Action::Watch | Action::Canary | Action::Drain) | None => {}
            }
            let ready = life.state(now) == NodeState::Ready;
            prop_assert_eq!(ready, matches!(life.phase(), Phase::Ready { .. }));
            prop_assert!(!ready || alive || !life.is_managed(), "ready without a process");
            prop_assert!(!ready || !killing, "ready while it is killed");
        }
    }
}

//! The order of service, by examples and by random steps.

use proptest::prelude::*;

use super::*;

const LATE: Duration = Duration::from_secs(100);
const URGENT: Priority = Priority::Interactive;

fn all(queue: &mut Queue<u32>) -> Vec<u32> {
    queue.serve(|_, _| Some(Some(()))).into_iter().map(|(waiter, _)| waiter).collect()
}

#[test]
fn begun_tickets_go_first_then_urgent_ones_and_each_class_in_the_order_of_arrival() {
    let mut queue = Queue::new(8);
    let (first, begun, batch) = (Stage::First, Stage::Begun, Priority::Batch);
    for (waiter, (stage, priority)) in (1..).zip([
        (first, batch),
        (first, URGENT),
        (begun, batch),
        (first, URGENT),
        (begun, URGENT),
    ]) {
        queue.push(stage, priority, LATE, waiter).expect("there is room");
    }
    assert_eq!(queue.waiting(), Waiting { begun: 2, interactive: 2, batch: 1 });
    assert_eq!(all(&mut queue), [3, 5, 2, 4, 1]);
}

#[test]
fn a_full_queue_gives_a_first_call_back() {
    let mut queue = Queue::new(1);
    assert_eq!(queue.push(Stage::First, URGENT, LATE, 1), Ok(()));
    assert_eq!(queue.push(Stage::First, URGENT, LATE, 2), Err(Full(2)));
    let begun = queue.push(Stage::Begun, URGENT, LATE, 3);
    assert_eq!(begun, Ok(()), "what has begun is not turned away");
    assert_eq!(queue.push(Stage::First, URGENT, LATE, 4), Err(Full(4)));
}

#[test]
fn batch_calls_leave_half_of_the_places_to_urgent_ones() {
    let mut queue = Queue::new(4);
    let mut push = |priority| queue.push(Stage::First, priority, LATE, ()).is_ok();
    let taken = [Priority::Batch, Priority::Batch, Priority::Batch, URGENT, URGENT, URGENT];
    assert_eq!(taken.map(&mut push), [true, true, false, true, true, false]);
}

#[test]
fn a_batch_call_is_passed_so_often_and_no_oftener() {
    let mut queue = Queue::new(1000);
    queue.push(Stage::First, Priority::Batch, LATE, 0).expect("room");
    for waiter in 1..=2 * PASSES {
        queue.push(Stage::First, URGENT, LATE, waiter).expect("room");
    }
    let mut order = Vec::new();
    for _ in 0..=2 * PASSES {
        // One slot at a time, as in life.
        let mut slot = Some(());
        let one = queue.serve(|_, _| slot.take().map(Some));
        order.extend(one.into_iter().map(|(waiter, _)| waiter));
    }
    let expected: Vec<u32> = (1..=PASSES).chain([0]).chain(PASSES + 1..=2 * PASSES).collect();
    assert_eq!(order, expected);
}

#[test]
fn to_be_turned_away_is_no_turn() {
    let mut queue = Queue::new(1000);
    let batch = 2 * PASSES;
    for waiter in 0..=batch + 1 {
        let priority = if waiter < batch { URGENT } else { Priority::Batch };
        queue.push(Stage::First, priority, LATE, waiter).expect("room");
    }
    let mut one = |refused: Option<u32>| {
        let mut slot = Some(());
        let offer = |_, waiter: &u32| {
            if Some(*waiter) == refused { Some(None) } else { slot.take().map(Some) }
        };
        queue.serve(offer).into_iter().map(|(waiter, _)| waiter).collect::<Vec<_>>()
    };
    (0..PASSES).for_each(|waiter| assert_eq!(one(None), [waiter]));
    assert_eq!(one(Some(batch)), [batch, batch + 1]);
}

#[test]
fn who_left_or_is_late_is_never_served() {
    let mut queue = Queue::new(8);
    for (waiter, deadline) in [(1, 10), (2, 5), (3, 10)] {
        let deadline = Duration::from_secs(deadline);
        queue.push(Stage::First, URGENT, deadline, waiter).expect("room");
    }
    assert_eq!(queue.next_deadline(), Some(Duration::from_secs(5)));
    let late = queue.prune(Duration::from_secs(5), |waiter| *waiter == 3);
    assert_eq!(late, [2]);
    assert_eq!(all(&mut queue), [1]);
}

proptest! {
    #[test]
    fn the_order_that_is_foretold_is_that_of_service(
        calls in prop::collection::vec((any::<bool>(), any::<bool>()), 0..60),
        served in 0_usize..30,
    ) {
        let mut queue = Queue::new(1000);
        for (waiter, (begun, batch)) in calls.into_iter().enumerate() {
            let stage = if begun { Stage::Begun } else { Stage::First };
            let priority = if batch { Priority::Batch } else { URGENT };
            queue.push(stage, priority, LATE, waiter).expect("room");
        }
        let one = |queue: &mut Queue<usize>| {
            let mut slot = Some(());
            queue.serve(|_, _| slot.take().map(Some)).pop().map(|(waiter, _)| waiter)
        };
        for _ in 0..served {
            one(&mut queue);
        }
        let foretold: Vec<_> = queue.in_order().copied().collect();
        let order: Vec<_> = std::iter::from_fn(|| one(&mut queue)).collect();
        prop_assert_eq!(foretold, order);
    }

    #[test]
    fn a_waiter_that_cannot_be_served_blocks_nobody(
        choices in prop::collection::vec((any::<bool>(), any::<bool>()), 0..40),
    ) {
        let mut queue = Queue::new(128);
        for (waiter, (batch, _)) in choices.iter().enumerate() {
            let priority = if *batch { Priority::Batch } else { URGENT };
            queue.push(Stage::First, priority, LATE, waiter).expect("room");
        }
        let served = |waiter: usize| choices[waiter].1;
        let taken = queue.serve(|_, waiter| served(*waiter).then_some(Some(())));
        let taken: Vec<usize> = taken.into_iter().map(|(waiter, _)| waiter).collect();
        for batch in [false, true] {
            let of = |waiter: &usize| choices[*waiter].0 == batch;
            let got: Vec<usize> = taken.iter().copied().filter(of).collect();
            let wanted: Vec<usize> =
                (0..choices.len()).filter(|waiter| of(waiter) && served(*waiter)).collect();
            prop_assert_eq!(got, wanted, "first come, first served within a class");
        }
    }
}

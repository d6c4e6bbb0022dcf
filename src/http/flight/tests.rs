//! Flights on their own: who shares, who ends them, and what is left of them.

use std::{
    cell::Cell,
    future::{pending, ready},
    rc::Rc,
    time::Duration,
};

use tokio::{sync::oneshot, task::yield_now};

use super::*;
use crate::dispatch::Now;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(1)
}

fn in_the_air(flights: &Flights<&'static str, u32>) -> usize {
    flights.board().flights.len()
}

/// Says when it is dropped.
struct Flag(Rc<Cell<bool>>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// Work that never ends, and a flag that says that it was dropped.
fn endless() -> (Rc<Cell<bool>>, impl Future<Output = u32> + 'static) {
    let dropped = Rc::new(Cell::new(false));
    let flag = Flag(Rc::clone(&dropped));
    let work = async move {
        let _flag = flag;
        pending().await
    };
    (dropped, work)
}

fn never(_: Reporter) -> std::future::Ready<u32> {
    unreachable!("somebody does this work already")
}

#[actix_web::test]
async fn who_asks_for_what_is_being_made_shares_it() {
    let flights = Flights::default();
    let (finish, finished) = oneshot::channel();
    let work = |_| async move { finished.await.expect("it is finished") };
    let until = soon();
    let mut seats = vec![flights.join("a", until, work)];
    for _ in 0..3 {
        seats.push(flights.join("a", until + Duration::from_secs(9), never));
    }
    assert_eq!(seats.iter().filter(|seat| seat.leads).count(), 1);
    assert!(seats.iter().all(|seat| seat.until == until), "the leader's word holds");
    finish.send(7).expect("it is awaited");
    for seat in &mut seats {
        assert_eq!(seat.landed().await, Landed::Done(7));
    }
    assert_eq!(in_the_air(&flights), 0, "at once, not with the last seat");
    let mut again = flights.join("a", until, |_| ready(8));
    assert_eq!((again.leads, again.landed().await), (true, Landed::Done(8)));
}

#[actix_web::test]
async fn all_who_share_see_how_the_work_comes_along() {
    let flights = Flights::default();
    let work = |progress: Reporter| async move {
        progress.tokens(7);
        pending::<u32>().await
    };
    let seats = [flights.join("a", soon(), work), flights.join("a", soon(), work)];
    let mut watching = seats[0].progress.watch();
    watching.changed().await.expect("it is told");
    for seat in &seats {
        assert_eq!(seat.progress.watch().borrow().now, Now::Tokens(7));
    }
}

#[actix_web::test]
async fn other_keys_are_not_shared() {
    let flights = Flights::default();
    let mut one = flights.join("a", soon(), |_| ready(1));
    let mut other = flights.join("b", soon(), |_| ready(2));
    assert_eq!((one.landed().await, other.landed().await), (Landed::Done(1), Landed::Done(2)));
}

#[actix_web::test]
async fn the_last_one_out_ends_the_work_and_the_first_one_does_not() {
    let flights = Flights::default();
    let (dropped, work) = endless();
    let first = flights.join("a", soon(), |_| work);
    let second = flights.join("a", soon(), never);
    drop(first);
    for _ in 0..10 {
        yield_now().await;
    }
    assert!(!dropped.get() && in_the_air(&flights) == 1);
    drop(second);
    assert_eq!(in_the_air(&flights), 0, "nobody can join what ends");
    while !dropped.get() {
        yield_now().await;
    }
}

#[actix_web::test]
async fn a_seat_of_an_ended_flight_leaves_the_next_one_alone() {
    let flights = Flights::default();
    let mut old = flights.join("a", soon(), |_| ready(1));
    assert_eq!(old.landed().await, Landed::Done(1));
    let (dropped, work) = endless();
    let _new = flights.join("a", soon(), |_| work);
    drop(old);
    yield_now().await;
    assert!(!dropped.get() && in_the_air(&flights) == 1);
}

#[actix_web::test]
async fn a_panic_is_told_to_all_and_leaves_nothing() {
    let flights = Flights::<_, u32>::default();
    let work = |_| async {
        yield_now().await;
        panic!("on purpose")
    };
    let mut seats = [flights.join("a", soon(), work), flights.join("a", soon(), never)];
    for seat in &mut seats {
        assert_eq!(seat.landed().await, Landed::Crashed);
    }
    assert_eq!(in_the_air(&flights), 0);
}

#[actix_web::test]
async fn a_flight_whose_thread_ends_is_lost_and_can_be_led_anew() {
    let flights = Flights::default();
    let theirs = flights.clone();
    let leader = std::thread::spawn(move || {
        rt::System::new().block_on(async { theirs.join("a", soon(), |_| pending::<u32>()) })
    });
    // Its seat has come over, its thread is gone.
    let mut seat = leader.join().expect("it ends");
    assert_eq!(seat.landed().await, Landed::Lost);
    assert_eq!(flights.join("a", soon(), |_| ready(1)).landed().await, Landed::Done(1));
}

#[test]
fn askers_on_many_threads_who_come_and_go_leave_nothing_behind() {
    let flights = Flights::default();
    let asker = |number: u64| {
        let flights = flights.clone();
        std::thread::spawn(move || {
            let mut random = fastrand::Rng::with_seed(number);
            rt::System::new().block_on(async {
                for _ in 0..2000 {
                    let key = random.choice(["a", "b", "c"]).expect("one of them");
                    let (steps, stays) = (random.u32(..8), random.bool());
                    let work = |_| async move {
                        for _ in 0..steps {
                            yield_now().await;
                        }
                        steps
                    };
                    let mut seat = flights.join(key, soon(), work);
                    if stays {
                        assert_ne!(seat.landed().await, Landed::Crashed);
                    } else {
                        yield_now().await;
                    }
                }
            });
        })
    };
    for asker in (0..4).map(asker).collect::<Vec<_>>() {
        asker.join().expect("it ends");
    }
    assert_eq!(in_the_air(&flights), 0);
}

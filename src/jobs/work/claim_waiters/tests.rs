use super::{
    table::{State, TYPES_PER_STATEMENT},
    *,
};
use crate::{clock::SystemClock, random::SystemRandom};
use std::collections::{BTreeSet, HashSet};

fn waiting() -> ClaimWaiters {
    ClaimWaiters::new(
        Database::detached(),
        Arc::new(SystemClock),
        Arc::new(SystemRandom),
    )
}

fn types(of: impl Iterator<Item = usize>) -> Arc<[String]> {
    of.map(|n| format!("type-{n}")).collect()
}

#[tokio::test]
async fn five_thousand_calls_wait_and_the_next_is_refused_until_one_goes() {
    let (waiting, one) = (waiting(), types(0..1));
    let mut places: Vec<WaiterHandle> = (0..MAX_WAITING_CLAIMS)
        .map(|_| waiting.enter(&one, &[]).unwrap())
        .collect();
    assert!(matches!(waiting.enter(&one, &[]), Err(Error::Full(_))));
    places.pop();
    let _last = waiting.enter(&one, &[]).unwrap();
    assert_eq!(waiting.count(), MAX_WAITING_CLAIMS);
}

#[tokio::test]
async fn they_wait_for_a_hundred_thousand_types_together() {
    let waiting = waiting();
    let mut places: Vec<WaiterHandle> = (0..1000)
        .map(|n| waiting.enter(&types(n * 100..n * 100 + 100), &[]).unwrap())
        .collect();
    assert!(waiting.enter(&types(0..1), &[]).is_err());
    places.truncate(999);
    assert!(waiting.enter(&types(0..100), &[]).is_ok());
    drop(places);
    let room = waiting.room();
    assert_eq!(
        (room.types, room.idle.len(), room.looking.len()),
        (0, 0, 0),
        "nothing is left of who went"
    );
}

#[tokio::test]
async fn the_first_who_waits_for_a_type_is_woken_and_who_looks_looks_again() {
    let waiting = waiting();
    let [a, b, c] =
        [types(0..2), types(1..3), types(2..3)].map(|types| waiting.enter(&types, &[]).unwrap());
    let state = |place: &WaiterHandle| {
        waiting
            .room()
            .waiters
            .get(&place.number)
            .map(|waiter| waiter.state)
    };
    for place in [&a, &b] {
        assert!(futures_util::poll!(Box::pin(place.wait())).is_pending());
    }
    waiting.wake(&types(1..2));
    assert!(state(&a) == Some(State::Woken) && state(&b) == Some(State::Idle));
    waiting.wake(&types(1..3));
    assert!(
        state(&b) == Some(State::Woken),
        "the one who came first of those who are idle"
    );
    waiting.wake(&types(2..3));
    assert!(state(&c) == Some(State::Looking { again: true }));
    a.look();
    drop(b);
    assert!(
        state(&a) == Some(State::Looking { again: true }),
        "what b was woken for is passed on"
    );
}

#[tokio::test]
async fn a_look_asks_for_each_type_once_and_for_a_thousand_at_a_time() {
    let waiting = waiting();
    let _places: Vec<WaiterHandle> = (0..300)
        .flat_map(|n| {
            [
                waiting.enter(&types(0..100), &[]),
                waiting.enter(&types(n * 10..n * 10 + 10), &[]),
            ]
        })
        .map(Result::unwrap)
        .collect();
    let (mut after, mut asked, mut all) = (0, HashSet::new(), Vec::new());
    while let Some((last, types)) = waiting.room().types_behind(after, &mut asked) {
        assert!(types.len() < TYPES_PER_STATEMENT + 100);
        all.extend(types);
        after = last;
    }
    let each: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), each.len()), (3000, 3000));
}

#[tokio::test]
async fn a_job_wakes_a_claim_of_each_label_that_claims_are_bound_to() {
    let waiting = waiting();
    let red = [("team".to_owned(), "red".to_owned())];
    let blue = [("team".to_owned(), "blue".to_owned())];
    let one = types(0..1);
    let places = [&red[..], &red, &blue, &[]].map(|labels| waiting.enter(&one, labels).unwrap());
    for place in &places {
        assert!(futures_util::poll!(Box::pin(place.wait())).is_pending());
    }
    waiting.room().wake_type("type-0");
    let woken = places.each_ref().map(|place| {
        let room = waiting.room();
        room.waiters.get(&place.number).unwrap().state == State::Woken
    });
    assert_eq!(woken, [true, false, true, true]);
    drop(places);
    waiting.room().wake_type("type-0");
}

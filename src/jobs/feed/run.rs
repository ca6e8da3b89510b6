//! The tail at work: reads what is new, merges progress, and hands it on.

use super::{Batch, Change, Feed, Joined, Place, Round, round::ROUND};
use crate::{
    db::{Subscription, Tail},
    error::Result,
    tasks::panics,
};
use entity::job_event;
use futures_util::FutureExt;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::broadcast, time::Instant};

/// Batches that a reader may be behind.
const RING: usize = 128;

/// Bytes of a batch that stand for one of these; a batch that has more takes the room of several, so that the ring does
/// not hold what a flood of long events brings.
const SLOT: usize = 256 << 10;

/// Positions of a round, which ends before its time in a flood.
const LONGEST_ROUND: i64 = 10_000;

/// At most one read in this time, so that a busy service tells of many changes at once.
const PAUSE: Duration = Duration::from_millis(15);

/// Between two looks when no news come.
const LOOK: Duration = Duration::from_millis(500);

/// After a read that failed.
const AGAIN: Duration = Duration::from_secs(1);

/// How long it goes on when nobody listens any more: readers that were cut off come back.
const LINGER: Duration = Duration::from_secs(30);

pub struct Run {
    ring: broadcast::Sender<Arc<Batch>>,
    state: Mutex<State>,
}

struct State {
    /// Where the round began; where the tail is when there is none.
    from: i64,
    at: i64,
    round: Round,
    ends: Option<Instant>,
    /// What was told in the round.
    passed: Vec<Arc<Batch>>,
}

impl Run {
    pub async fn begin(feed: Feed) -> Result<Arc<Self>> {
        // Before the look at where the end is, so that nothing falls between.
        let news = feed.db.news().subscribe();
        let tail = Tail::from_end(feed.db.read().clone()).await?;
        let at = tail.position();
        let state = State { from: at, at, round: Round::default(), ends: None, passed: Vec::new() };
        let run = Arc::new(Self { ring: broadcast::Sender::new(RING), state: Mutex::new(state) });
        let (reading, this) = (go_on(run.clone(), feed.clone(), tail, news), run.clone());
        tokio::spawn(async move {
            if panics("feed", reading).await {
                this.give_up(&feed).await;
            }
        });
        Ok(run)
    }

    pub fn join(&self) -> Joined {
        let state = self.state();
        Joined { from: state.from, passed: state.passed.clone(), next: self.ring.subscribe() }
    }

    /// The next reader begins another run; those of this one are cut off, and come back.
    async fn give_up(self: Arc<Self>, feed: &Feed) {
        let mut running = feed.running.lock().await;
        if running.as_ref().is_some_and(|running| Arc::ptr_eq(running, &self)) {
            *running = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands on what was read, up to the position that the tail has come to.
    fn tell(&self, events: Vec<job_event::Model>, upto: i64) {
        let mut state = self.state();
        if state.ends.is_some_and(|ends| ends <= Instant::now()) || state.at - state.from > LONGEST_ROUND {
            self.send(state.end_round());
        }
        let changes = state.pass(events);
        state.at = upto;
        if state.ends.is_none() {
            state.from = upto;
        }
        if let Some(batch) = self.send(changes)
            && state.ends.is_some()
        {
            state.passed.push(batch);
        }
    }

    fn send(&self, changes: Vec<Change>) -> Option<Arc<Batch>> {
        let batch = (!changes.is_empty()).then(|| Arc::new(Batch::of(changes)))?;
        // Nobody may be listening.
        let _ = self.ring.send(batch.clone());
        for _ in 0..(batch.weight / SLOT).min(RING / 2) {
            let _ = self.ring.send(Arc::default());
        }
        Some(batch)
    }
}

impl State {
    fn pass(&mut self, events: Vec<job_event::Model>) -> Vec<Change> {
        let mut changes = Vec::with_capacity(events.len());
        for event in events.into_iter().map(Arc::new) {
            if self.ends.is_none() && Round::begins_with(&event) {
                self.from = event.id - 1;
                self.ends = Some(Instant::now() + ROUND);
            }
            self.at = event.id;
            let told = self.ends.is_none() || self.round.pass(&event);
            if told {
                changes.push(Change::new(event, self.place()));
            }
        }
        changes
    }

    fn place(&self) -> Place {
        let back = if self.round.holds_back() { self.at - self.from } else { 0 };
        Place { at: self.at, back, told: 0 }
    }

    fn end_round(&mut self) -> Vec<Change> {
        let place = self.place();
        let held = std::mem::take(&mut self.round).end();
        self.from = self.at;
        self.ends = None;
        self.passed.clear();
        told_late(held, place)
    }
}

/// What was held back at a place, told now. With the last of it nothing is held back any more.
fn told_late(held: Vec<Arc<job_event::Model>>, place: Place) -> Vec<Change> {
    let last = held.len();
    let change = |(i, event): (usize, Arc<job_event::Model>)| match i + 1 {
        told if told == last => Change::new(event, Place::of(place.at)),
        told => Change::new(event, Place { told, ..place }),
    };
    held.into_iter().enumerate().map(change).skip(place.told).collect()
}

async fn go_on(run: Arc<Run>, feed: Feed, mut tail: Tail, mut news: Subscription) {
    let mut heard = Instant::now();
    loop {
        // One read serves all news that came before it.
        while news.next().now_or_never().is_some() {}
        let read = tail.read().await;
        let failed = read.is_err();
        match read {
            Ok(events) => run.tell(events, tail.position()),
            Err(error) => tracing::warn!(%error, "events could not be read: streams wait"),
        }
        if run.ring.receiver_count() > 0 {
            heard = Instant::now();
        } else if heard.elapsed() > LINGER && left_alone(&run, &feed).await {
            return;
        }
        let pause = if failed { AGAIN } else { PAUSE };
        tokio::select! {
            () = feed.ended() => return,
            () = wait(pause, tail.again_in(), &run, &mut news) => {}
        }
    }
}

async fn wait(pause: Duration, again: Option<Duration>, run: &Run, news: &mut Subscription) {
    if let (Some(again), true) = (again, pause == PAUSE) {
        return tokio::time::sleep(again).await;
    }
    tokio::time::sleep(pause).await;
    let ends = run.state().ends.unwrap_or_else(|| Instant::now() + LOOK);
    tokio::select! {
        _ = news.next() => {}
        () = tokio::time::sleep_until(ends.min(Instant::now() + LOOK)) => {}
    }
}

/// Ends the run, unless someone joined meanwhile.
async fn left_alone(run: &Arc<Run>, feed: &Feed) -> bool {
    let mut running = feed.running.lock().await;
    let alone = run.ring.receiver_count() == 0;
    if alone && running.as_ref().is_some_and(|running| Arc::ptr_eq(running, run)) {
        *running = None;
    }
    alone
}

//! Running feed: reads new events, throttles progress, and sends batches to the subscribers.

use super::{
    Change, Feed, FeedBatch, Joined, StreamPosition, ThrottleWindow, round::THROTTLE_WINDOW,
};
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

/// Capacity of the ring buffer, in batches: a subscriber may be this far behind.
const RING_CAPACITY: usize = 128;

/// Bytes of a batch that one slot of the ring buffer covers. A larger batch takes several
/// slots, which bounds the memory of the ring under a flood of long events.
const SLOT_BYTES: usize = 256 << 10;

/// Maximum number of positions in a round. Under a flood of events a round ends early.
const MAX_WINDOW_POSITIONS: i64 = 10_000;

/// Minimum time between two reads, so that a busy service sends many changes together.
const MIN_READ_INTERVAL: Duration = Duration::from_millis(15);

/// Maximum time between two reads if no notification arrives.
const MAX_READ_INTERVAL: Duration = Duration::from_millis(500);

/// Delay before the retry of a failed read.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Time for which the feed runs without subscribers: disconnected clients come back.
const IDLE_LINGER: Duration = Duration::from_secs(30);

pub struct FeedTask {
    ring: broadcast::Sender<Arc<FeedBatch>>,
    state: Mutex<State>,
}

struct State {
    /// Position where the round began; that of the tail if no round is open.
    from: i64,
    at: i64,
    round: ThrottleWindow,
    ends: Option<Instant>,
    /// Batches that were sent in this round.
    passed: Vec<Arc<FeedBatch>>,
}

impl FeedTask {
    pub async fn begin(feed: Feed) -> Result<Arc<Self>> {
        // Subscribes before it reads the end of the history, so that nothing in between is missed.
        let news = feed.db.change_bus().subscribe();
        let tail = Tail::from_end(feed.db.read().clone()).await?;
        let at = tail.position();
        let state = State {
            from: at,
            at,
            round: ThrottleWindow::default(),
            ends: None,
            passed: Vec::new(),
        };
        let run = Arc::new(Self {
            ring: broadcast::Sender::new(RING_CAPACITY),
            state: Mutex::new(state),
        });
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
        Joined {
            from: state.from,
            passed: state.passed.clone(),
            next: self.ring.subscribe(),
        }
    }

    /// Ends this run after a panic. Its subscribers are disconnected, and start another run when
    /// they come back.
    async fn give_up(self: Arc<Self>, feed: &Feed) {
        let mut running = feed.running.lock().await;
        if running
            .as_ref()
            .is_some_and(|running| Arc::ptr_eq(running, &self))
        {
            *running = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the events that were read, up to the position of the tail.
    fn tell(&self, events: Vec<job_event::Model>, upto: i64) {
        let mut state = self.state();
        if state.ends.is_some_and(|ends| ends <= Instant::now())
            || state.at - state.from > MAX_WINDOW_POSITIONS
        {
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

    fn send(&self, changes: Vec<Change>) -> Option<Arc<FeedBatch>> {
        let batch = (!changes.is_empty()).then(|| Arc::new(FeedBatch::of(changes)))?;
        // Fails only if there are no subscribers.
        let _ = self.ring.send(batch.clone());
        for _ in 0..(batch.weight / SLOT_BYTES).min(RING_CAPACITY / 2) {
            let _ = self.ring.send(Arc::default());
        }
        Some(batch)
    }
}

impl State {
    fn pass(&mut self, events: Vec<job_event::Model>) -> Vec<Change> {
        let mut changes = Vec::with_capacity(events.len());
        for event in events.into_iter().map(Arc::new) {
            if self.ends.is_none() && ThrottleWindow::begins_with(&event) {
                self.from = event.id - 1;
                self.ends = Some(Instant::now() + THROTTLE_WINDOW);
            }
            self.at = event.id;
            let is_sent = self.ends.is_none() || self.round.pass(&event);
            if is_sent {
                changes.push(Change::new(event, self.place()));
            }
        }
        changes
    }

    fn place(&self) -> StreamPosition {
        let back = if self.round.holds_back() {
            self.at - self.from
        } else {
            0
        };
        StreamPosition {
            at: self.at,
            back,
            sent: 0,
        }
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

/// Returns the held-back events of a position, to be sent now. Behind the last of them, nothing is
/// held back any more.
fn told_late(held: Vec<Arc<job_event::Model>>, place: StreamPosition) -> Vec<Change> {
    let last = held.len();
    let change = |(i, event): (usize, Arc<job_event::Model>)| match i + 1 {
        sent if sent == last => Change::new(event, StreamPosition::of(place.at)),
        sent => Change::new(event, StreamPosition { sent, ..place }),
    };
    held.into_iter()
        .enumerate()
        .map(change)
        .skip(place.sent)
        .collect()
}

async fn go_on(run: Arc<FeedTask>, feed: Feed, mut tail: Tail, mut news: Subscription) {
    let mut heard = Instant::now();
    loop {
        // One read covers all notifications that arrived before it.
        while news.next().now_or_never().is_some() {}
        let read = tail.read().await;
        let failed = read.is_err();
        match read {
            Ok(events) => run.tell(events, tail.position()),
            Err(error) => {
                tracing::warn!(%error, "cannot read new events; the streams wait, retrying in one \
                    second")
            }
        }
        if run.ring.receiver_count() > 0 {
            heard = Instant::now();
        } else if heard.elapsed() > IDLE_LINGER && left_alone(&run, &feed).await {
            return;
        }
        let pause = if failed {
            RETRY_DELAY
        } else {
            MIN_READ_INTERVAL
        };
        tokio::select! {
            () = feed.ended() => return,
            () = wait(pause, tail.again_in(), &run, &mut news) => {}
        }
    }
}

async fn wait(pause: Duration, again: Option<Duration>, run: &FeedTask, news: &mut Subscription) {
    if let (Some(again), true) = (again, pause == MIN_READ_INTERVAL) {
        return tokio::time::sleep(again).await;
    }
    tokio::time::sleep(pause).await;
    let ends = run
        .state()
        .ends
        .unwrap_or_else(|| Instant::now() + MAX_READ_INTERVAL);
    tokio::select! {
        _ = news.next() => {}
        () = tokio::time::sleep_until(ends.min(Instant::now() + MAX_READ_INTERVAL)) => {}
    }
}

/// Ends the run, unless a subscriber joined meanwhile. Returns whether it ended.
async fn left_alone(run: &Arc<FeedTask>, feed: &Feed) -> bool {
    let mut running = feed.running.lock().await;
    let alone = run.ring.receiver_count() == 0;
    if alone
        && running
            .as_ref()
            .is_some_and(|running| Arc::ptr_eq(running, run))
    {
        *running = None;
    }
    alone
}

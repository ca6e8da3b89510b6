//! Followers: each event is acted on once, and one that cannot be is passed.

use crate::support::{TestApp, at_once};
use callsheet::{
    db::{Part, Readable, Tx, last_position, write::Follower},
    error::{Error, Result},
    jobs::JobManager,
};
use entity::job_event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

/// Follower that remembers what it saw, and fails at one job. A run has at most `PAGES` pages. The
/// position is in memory, so that only one server may run it.
#[derive(Clone, Default)]
struct Watcher<const PAGES: u64> {
    fails_at: Arc<Mutex<String>>,
    seen: Arc<Mutex<Vec<i64>>>,
    position: Arc<AtomicI64>,
}

impl<const PAGES: u64> Follower for Watcher<PAGES> {
    const PAGE: u64 = 4;
    const PAGES: u64 = PAGES;
    type Event = job_event::Model;

    fn name(&self) -> &str {
        "watcher"
    }

    fn position_of(event: &job_event::Model) -> i64 {
        event.id
    }

    async fn lock(&self, _: &Tx) -> Result<Option<i64>> {
        Ok(Some(self.position.load(Ordering::SeqCst)))
    }

    async fn read(
        &self,
        tx: &Tx,
        from: i64,
        upto: i64,
        limit: u64,
    ) -> Result<Part<job_event::Model>> {
        let rows = job_event::Entity::find()
            .filter(job_event::Column::Id.gt(from))
            .filter(job_event::Column::Id.lte(upto))
            .order_by_asc(job_event::Column::Id)
            .limit(limit)
            .rows(tx)
            .await
            .map_err(|error| Error::Database(error.into()))?;
        let more = rows.len() as u64 == limit;
        Ok(Part { rows, more })
    }

    async fn act(&self, _: &Tx, events: &[job_event::Model]) -> Result<()> {
        let poison = self.fails_at.lock().unwrap().clone();
        if events.iter().any(|event| event.job_id == poison) {
            return Err(Error::Internal("a poisoned event".into()));
        }
        let ids = events.iter().map(|event| event.id);
        self.seen.lock().unwrap().extend(ids);
        Ok(())
    }

    async fn reach(&self, _: &Tx, position: i64, _: bool) -> Result<()> {
        self.position.store(position, Ordering::SeqCst);
        Ok(())
    }
}

#[on_both]
async fn an_event_that_a_follower_fails_at_is_passed_after_five_runs(t: TestApp) {
    t.loop_began("roll_up_stats", std::time::Duration::from_secs(5));
    let (first, poison, last) = (t.queued().await, t.queued().await, t.queued().await);
    let watcher = Watcher::<{ u64::MAX }>::default();
    *watcher.fails_at.lock().unwrap() = poison.id.clone();
    let end = last_position(t.database().read()).await.unwrap();
    let run = || t.follow("roll_up_stats", watcher.clone(), end);
    for _ in 0..4 {
        let error = run().await.unwrap_err();
        assert!(matches!(error, Error::Internal(_)), "{error}");
        assert_eq!(watcher.seen.lock().unwrap().len(), 1, "what came before");
    }
    run().await.unwrap();
    let seen = watcher.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    let of = |id: &str| {
        let id = id.to_owned();
        let t = t.clone();
        async move { t.list_events(&id, None, 10).await.unwrap().rows[0].id }
    };
    assert_eq!(seen, [of(&first.id).await, of(&last.id).await]);
    t.loop_ran("roll_up_stats", Ok(1));
    let (_, status) = t.list_loops().remove(0);
    assert_eq!(status.skipped, 1);
    assert_eq!(run().await.unwrap(), 1, "nothing more to do");
}

#[on_both]
async fn a_follower_that_recovers_acts_on_the_event(t: TestApp) {
    for _ in 0..6 {
        t.queued().await;
    }
    let poison = t.queued().await;
    let watcher = Watcher::<{ u64::MAX }>::default();
    *watcher.fails_at.lock().unwrap() = poison.id.clone();
    let end = last_position(t.database().read()).await.unwrap();
    let run = || t.follow("roll_up_stats", watcher.clone(), end);
    for _ in 0..3 {
        run().await.unwrap_err();
    }
    watcher.fails_at.lock().unwrap().clear();
    run().await.unwrap();
    assert_eq!(watcher.seen.lock().unwrap().len(), 7, "each once");
}

#[on_both]
async fn a_follower_leaves_what_a_run_has_no_page_for_to_the_next(t: TestApp) {
    for _ in 0..10 {
        t.queued().await;
    }
    let watcher = Watcher::<2>::default();
    let end = last_position(t.database().read()).await.unwrap();
    let run = || t.follow("roll_up_stats", watcher.clone(), end);
    assert_eq!(run().await.unwrap(), 2);
    assert_eq!(watcher.seen.lock().unwrap().len(), 8);
    assert_eq!(run().await.unwrap(), 1);
    assert_eq!(watcher.seen.lock().unwrap().len(), 10);
}

#[on_both]
async fn a_follower_passes_positions_that_a_restore_left_out_at_once(t: TestApp) {
    t.queued().await;
    t.queued().await;
    let watcher = Watcher::<{ u64::MAX }>::default();
    let end = last_position(t.database().read()).await.unwrap();
    let far = end + 1_000_000_000;
    let pages = t.follow("roll_up_stats", watcher.clone(), far).await;
    assert_eq!(pages.unwrap(), 1);
    assert_eq!(watcher.seen.lock().unwrap().len(), 2);
    assert_eq!(watcher.position.load(Ordering::SeqCst), far);
}

#[on_both]
async fn servers_that_roll_up_together_count_each_event_once(t: TestApp) {
    let other = t.another().await;
    for _ in 0..20 {
        t.queued().await;
        let servers: [JobManager; 2] = [JobManager::clone(&t), other.clone()];
        let rolled = at_once(servers.map(|server| async move { server.roll_up_stats().await }));
        for result in rolled.await {
            result.unwrap();
        }
    }
    let rows = entity::job_stat::Entity::find()
        .rows(t.database().read())
        .await
        .unwrap();
    let minutes = rows.iter().filter(|row| row.unit == 60);
    assert_eq!(minutes.map(|row| row.created).sum::<i64>(), 20);
    other.database().clone().close().await.unwrap();
}

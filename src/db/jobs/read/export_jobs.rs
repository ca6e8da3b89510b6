//! Complete jobs with all rows that belong to them, one page at a time.

use crate::{
    db::{Database, Readable, dialect::bytewise, hide_kept, page_of_jobs},
    error::Result,
    lifecycle::Cursor,
};
use entity::{active_job, episode, job, job_event, job_item, series};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait},
};
use std::collections::{BTreeSet, HashMap};

/// Job with all rows that belong to it.
pub struct WholeJob {
    pub job: job::Model,
    /// Items in the order of their positions.
    pub items: Vec<job_item::Model>,
    /// Events in the order of their sequence numbers.
    pub events: Vec<job_event::Model>,
    pub series: Option<series::Model>,
    /// Episode of the job, with the series of the episode.
    pub episode: Option<(episode::Model, Option<series::Model>)>,
    pub active: Vec<active_job::Model>,
}

impl WholeJob {
    /// Creates a record with the row of the job alone.
    pub fn alone(job: job::Model) -> Self {
        Self {
            job,
            items: Vec::new(),
            events: Vec::new(),
            series: None,
            episode: None,
            active: Vec::new(),
        }
    }
}

impl Database {
    /// Returns the page of jobs behind the cursor; an empty page follows the last one. The order is
    /// the same on every database. One snapshot reads the whole page.
    pub async fn export_page(&self, after: Option<Cursor>, limit: u64) -> Result<Vec<WholeJob>> {
        let db = self.snapshot().await?;
        let id = bytewise(db.get_database_backend(), "id");
        let mut page = job::Entity::find()
            .order_by_asc(job::Column::CreatedAt)
            .order_by(id.clone(), Order::Asc);
        if let Some(after) = after {
            let position = Expr::tuple([Expr::col(job::Column::CreatedAt), id]);
            page = page.filter(position.gt(Expr::tuple([
                Expr::val(after.created_at),
                Expr::val(after.id),
            ])));
        }
        let jobs = page_of_jobs(&db, page, 0, limit).await?;
        let page = whole(&db, jobs).await?;
        db.commit().await?;
        Ok(page)
    }
}

pub(in crate::db) async fn whole(
    db: &impl ConnectionTrait,
    jobs: Vec<job::Model>,
) -> Result<Vec<WholeJob>> {
    let ids = || jobs.iter().map(|job| job.id.as_str());
    let items = job_item::Entity::find().filter(job_item::Column::JobId.is_in(ids()));
    let items = items.order_by_asc(job_item::Column::Idx).rows(db).await?;
    let events = job_event::Entity::find().filter(job_event::Column::JobId.is_in(ids()));
    let mut events = events.order_by_asc(job_event::Column::Seq).rows(db).await?;
    events.iter_mut().for_each(hide_kept);
    let active = active_job::Entity::find().filter(active_job::Column::JobId.is_in(ids()));
    let client = bytewise(db.get_database_backend(), "client_id");
    let active = active.order_by(client, Order::Asc).rows(db).await?;
    let (mut items, mut events, mut active) = (
        by_job(items, |item| &item.job_id),
        by_job(events, |event| &event.job_id),
        by_job(active, |active| &active.job_id),
    );
    let episodes = episodes_of(db, &jobs).await?;
    let series = series_of(db, &jobs, &episodes).await?;
    let one = |job: job::Model| {
        let of = |id: &Option<String>| id.as_ref().and_then(|id| series.get(id)).cloned();
        let episode = job
            .episode_id
            .as_ref()
            .and_then(|id| episodes.get(id))
            .cloned();
        WholeJob {
            items: items.remove(&job.id).unwrap_or_default(),
            events: events.remove(&job.id).unwrap_or_default(),
            active: active.remove(&job.id).unwrap_or_default(),
            series: of(&job.series_id),
            episode: episode.map(|episode| (episode.clone(), of(&episode.series_id))),
            job,
        }
    };
    Ok(jobs.into_iter().map(one).collect())
}

async fn episodes_of(
    db: &impl ConnectionTrait,
    jobs: &[job::Model],
) -> Result<HashMap<String, episode::Model>> {
    let ids: BTreeSet<_> = jobs
        .iter()
        .filter_map(|job| job.episode_id.as_deref())
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = episode::Entity::find()
        .filter(episode::Column::Id.is_in(ids))
        .rows(db)
        .await?;
    Ok(found
        .into_iter()
        .map(|episode| (episode.id.clone(), episode))
        .collect())
}

async fn series_of(
    db: &impl ConnectionTrait,
    jobs: &[job::Model],
    episodes: &HashMap<String, episode::Model>,
) -> Result<HashMap<String, series::Model>> {
    let of_episodes = episodes
        .values()
        .filter_map(|episode| episode.series_id.as_deref());
    let ids: BTreeSet<_> = jobs
        .iter()
        .filter_map(|job| job.series_id.as_deref())
        .chain(of_episodes)
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = series::Entity::find()
        .filter(series::Column::Id.is_in(ids))
        .rows(db)
        .await?;
    Ok(found
        .into_iter()
        .map(|series| (series.id.clone(), series))
        .collect())
}

fn by_job<R>(rows: Vec<R>, id: impl Fn(&R) -> &String) -> HashMap<String, Vec<R>> {
    let mut of_job = HashMap::<String, Vec<R>>::new();
    for row in rows {
        of_job.entry(id(&row).clone()).or_default().push(row);
    }
    of_job
}

//! All that the database holds, past all of Callsheet's own reading.

use crate::support::Whole;
use entity::{
    active_job, episode, import, job, job_count, job_event, job_item, job_label, job_stat,
    position, series,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Statement,
};
use std::collections::{BTreeMap, BTreeSet};

/// Jobs of a page.
const PAGE: u64 = 500;

pub struct Rows(DatabaseConnection);

impl Rows {
    pub async fn of(url: &str) -> Self {
        Self(sea_orm::Database::connect(url).await.unwrap())
    }

    pub async fn close(self) {
        self.0.close().await.unwrap();
    }

    /// The jobs with the next ids, each with its items and events; none behind the last.
    pub async fn page(&self, after: Option<&str>) -> Vec<Whole> {
        let behind = |column: &dyn Fn(&str) -> sea_orm::sea_query::SimpleExpr| {
            Condition::all().add_option(after.map(column))
        };
        let jobs = job::Entity::find()
            .filter(behind(&|id| job::Column::Id.gt(id)))
            .order_by_asc(job::Column::Id);
        let jobs = jobs.limit(PAGE).all(&self.0).await.unwrap();
        let Some(last) = jobs.last().map(|job| job.id.clone()) else {
            return Vec::new();
        };
        let items = job_item::Entity::find()
            .filter(
                behind(&|id| job_item::Column::JobId.gt(id))
                    .add(job_item::Column::JobId.lte(&last)),
            )
            .order_by_asc(job_item::Column::Idx);
        let events = job_event::Entity::find()
            .filter(
                behind(&|id| job_event::Column::JobId.gt(id))
                    .add(job_event::Column::JobId.lte(&last)),
            )
            .order_by_asc(job_event::Column::Seq);
        let bare = |job: job::Model| {
            (
                job.id.clone(),
                Whole {
                    job: Some(job),
                    items: Vec::new(),
                    events: Vec::new(),
                },
            )
        };
        let mut page: BTreeMap<_, _> = jobs.into_iter().map(bare).collect();
        for item in items.all(&self.0).await.unwrap() {
            if let Some(whole) = page.get_mut(&item.job_id) {
                whole.items.push(item);
            }
        }
        for event in events.all(&self.0).await.unwrap() {
            if let Some(whole) = page.get_mut(&event.job_id) {
                whole.events.push(event);
            }
        }
        page.into_values().collect()
    }

    /// Events of jobs that are not there.
    pub async fn events_without_job(&self) -> Vec<job_event::Model> {
        let ids = job::Entity::find()
            .select_only()
            .column(job::Column::Id)
            .into_query();
        let events =
            job_event::Entity::find().filter(job_event::Column::JobId.not_in_subquery(ids));
        events
            .order_by_asc(job_event::Column::Id)
            .all(&self.0)
            .await
            .unwrap()
    }

    /// Items of jobs that are not there.
    pub async fn items_without_job(&self) -> Vec<job_item::Model> {
        let ids = job::Entity::find()
            .select_only()
            .column(job::Column::Id)
            .into_query();
        job_item::Entity::find()
            .filter(job_item::Column::JobId.not_in_subquery(ids))
            .all(&self.0)
            .await
            .unwrap()
    }

    /// Numbers of jobs by type and status: those that are kept, and those that there are.
    pub async fn counts(&self) -> [BTreeMap<(String, String), i64>; 2] {
        let mut kept = BTreeMap::new();
        for count in job_count::Entity::find().all(&self.0).await.unwrap() {
            *kept
                .entry((count.job_type, count.status.to_string()))
                .or_default() += count.jobs;
        }
        kept.retain(|_, jobs| *jobs != 0);
        let counted: Vec<(String, entity::JobStatus, i64)> = job::Entity::find()
            .select_only()
            .columns([job::Column::JobType, job::Column::Status])
            .column_as(job::Column::Id.count(), "jobs")
            .group_by(job::Column::JobType)
            .group_by(job::Column::Status)
            .into_tuple()
            .all(&self.0)
            .await
            .unwrap();
        let counted = counted
            .into_iter()
            .map(|(kind, status, jobs)| ((kind, status.to_string()), jobs))
            .collect();
        [kept, counted]
    }

    /// Creates of all jobs that there are or have been, by the span of the statistics that count
    /// them.
    pub async fn creates(&self) -> BTreeMap<i32, usize> {
        let rolled_up = position::Entity::find_by_id(position::STATS)
            .one(&self.0)
            .await
            .unwrap();
        let upto = rolled_up.map_or(0, |position| position.position);
        let later = job_event::Entity::find().filter(job_event::Column::Id.gt(upto));
        let later = later
            .filter(job_event::Column::Kind.eq("created"))
            .all(&self.0)
            .await
            .unwrap()
            .len();
        let mut creates: BTreeMap<_, _> = [60, 900, 3600].map(|unit| (unit, later)).into();
        for stat in job_stat::Entity::find().all(&self.0).await.unwrap() {
            *creates.entry(stat.unit).or_default() += usize::try_from(stat.created).unwrap();
        }
        creates
    }

    /// The labels as their table has them: job, key and value.
    pub async fn labels(&self) -> BTreeSet<(String, String, String)> {
        let labels = job_label::Entity::find().all(&self.0).await.unwrap();
        labels
            .into_iter()
            .map(|label| (label.job_id, label.label_key, label.label_value))
            .collect()
    }

    /// The active jobs: client and job.
    pub async fn active(&self) -> BTreeSet<(String, String)> {
        let active = active_job::Entity::find().all(&self.0).await.unwrap();
        active
            .into_iter()
            .map(|active| (active.client_id, active.job_id))
            .collect()
    }

    pub async fn series(&self) -> BTreeMap<String, String> {
        let series = series::Entity::find().all(&self.0).await.unwrap();
        series
            .into_iter()
            .map(|series| (series.id, series.title))
            .collect()
    }

    /// Each with its series.
    pub async fn episodes(&self) -> BTreeMap<String, Option<String>> {
        let episodes = episode::Entity::find().all(&self.0).await.unwrap();
        episodes
            .into_iter()
            .map(|episode| (episode.id, episode.series_id))
            .collect()
    }

    pub async fn imports(&self) -> Vec<import::Model> {
        import::Entity::find().all(&self.0).await.unwrap()
    }

    /// What SQLite finds wrong in its file, foreign keys included; PostgreSQL has no such question.
    pub async fn damage(&self) -> Vec<String> {
        if self.0.get_database_backend() != DbBackend::Sqlite {
            return Vec::new();
        }
        let ask = |sql: &str| {
            self.0
                .query_all_raw(Statement::from_string(DbBackend::Sqlite, sql))
        };
        let checked = ask("PRAGMA integrity_check").await.unwrap();
        let said = checked
            .iter()
            .map(|row| row.try_get_by_index::<String>(0).unwrap());
        let mut damage: Vec<_> = said.filter(|said| said != "ok").collect();
        damage.extend(
            ask("PRAGMA foreign_key_check")
                .await
                .unwrap()
                .iter()
                .map(|row| format!("{row:?}")),
        );
        damage
    }
}

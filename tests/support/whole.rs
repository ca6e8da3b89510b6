//! Everything that the database holds of one job, to compare before with after.

use entity::{job, job_event, job_item};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    pub job: Option<job::Model>,
    pub items: Vec<job_item::Model>,
    pub events: Vec<job_event::Model>,
}

impl Whole {
    pub async fn of(db: &impl ConnectionTrait, id: &str) -> Self {
        let items = job_item::Entity::find()
            .filter(job_item::Column::JobId.eq(id))
            .order_by_asc(job_item::Column::Idx);
        let events = job_event::Entity::find()
            .filter(job_event::Column::JobId.eq(id))
            .order_by_asc(job_event::Column::Seq);
        Self {
            job: job::Entity::find_by_id(id).one(db).await.unwrap(),
            items: items.all(db).await.unwrap(),
            events: events.all(db).await.unwrap(),
        }
    }

    pub fn kinds(&self) -> Vec<&str> {
        self.events
            .iter()
            .map(|event| event.kind.as_str())
            .collect()
    }

    /// Number of rescues whose attempts did not count, since their workers were never heard of.
    pub fn uncounted(&self) -> usize {
        self.events
            .iter()
            .filter_map(|event| event.data.as_ref())
            .filter(|data| data["counted"] == false)
            .count()
    }

    /// Asserts that the history is numbered 1, 2, 3, … up to the job's version, and that its last
    /// event equals the job's row.
    pub fn assert_history_is_whole(&self) {
        let job = self.job.as_ref().expect("the job is there");
        let seqs: Vec<i64> = self.events.iter().map(|event| event.seq).collect();
        assert_eq!(
            seqs,
            (1..=job.version).collect::<Vec<_>>(),
            "events of {}",
            job.id
        );
        let last = self.events.last().expect("a job has an event");
        assert_eq!(
            (
                last.status,
                last.progress,
                last.current_stage.as_ref(),
                last.total_shots,
                last.completed_shots
            ),
            (
                job.status,
                job.progress,
                job.current_stage.as_ref(),
                job.total_shots,
                job.completed_shots
            ),
            "the last event of {}",
            job.id
        );
        assert_eq!(
            last.created_at, job.updated_at,
            "the last event of {}",
            job.id
        );
    }
}

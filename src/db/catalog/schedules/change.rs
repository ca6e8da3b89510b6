//! Writes of a schedule by callers: created, changed, deleted, and run at once.

use crate::{
    db::{
        Readable, Tx, Write,
        catalog::parents::check_parents,
        jobs::create_job::{CreateJob, Created},
        rows::once::insert_unless_there,
    },
    error::{Error, Resource, Result},
};
use entity::schedule;
use sea_orm::{
    ActiveModelTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait, QuerySelect,
    sea_query::LockType,
};
use serde_json::Value;

pub struct InsertSchedule(pub schedule::Model);

impl Write for InsertSchedule {
    type Output = schedule::Model;

    async fn apply(&self, tx: &Tx) -> Result<schedule::Model> {
        let taken = schedule::Entity::find_by_id(&self.0.id).row(tx).await?;
        if taken.is_some() {
            return Err(Error::ScheduleExists(self.0.id.clone()));
        }
        check_template(tx, &self.0.template).await?;
        if insert_unless_there(tx, self.0.clone().into_active_model()).await? {
            Ok(self.0.clone())
        } else {
            Err(Error::ScheduleExists(self.0.id.clone()))
        }
    }

    fn weight(&self) -> usize {
        2048 + self.0.template.to_string().len()
    }
}

/// Decides from the row alone how it is to be.
pub type DecideSchedule = dyn Fn(&schedule::Model) -> Result<schedule::Model> + Send + Sync;

/// Changes a schedule while no server can fire it.
pub struct ChangeSchedule {
    pub id: String,
    pub decide: Box<DecideSchedule>,
}

impl Write for ChangeSchedule {
    type Output = schedule::Model;

    async fn apply(&self, tx: &Tx) -> Result<schedule::Model> {
        let before = locked(tx, &self.id).await?;
        let after = (self.decide)(&before)?;
        // One whose series was deleted since can still be changed otherwise.
        let names_others = |id| after.template[id] != before.template[id];
        if names_others("series_id") || names_others("episode_id") {
            check_template(tx, &after.template).await?;
        }
        update(tx, &before, &after).await?;
        Ok(after)
    }
}

pub struct DeleteSchedule(pub String);

impl Write for DeleteSchedule {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        let gone = schedule::Entity::delete_by_id(&self.0).exec(tx).await?;
        if gone.rows_affected == 0 {
            return Err(Error::NotFound(Resource::Schedule));
        }
        Ok(())
    }
}

/// Creates a job of a schedule at once, apart from its times.
pub struct RunSchedule {
    pub id: String,
    pub job: CreateJob,
}

impl Write for RunSchedule {
    type Output = Created;

    async fn apply(&self, tx: &Tx) -> Result<Created> {
        let before = locked(tx, &self.id).await?;
        let created = self.job.apply(tx).await?;
        if !created.replayed {
            let mut after = before.clone();
            after.last_job_id = Some(created.job.id.clone());
            after.fired = before.fired.saturating_add(1);
            update(tx, &before, &after).await?;
        }
        Ok(created)
    }

    fn weight(&self) -> usize {
        self.job.weight()
    }
}

/// Checks that the series and the episode of a template exist.
async fn check_template(tx: &Tx, template: &Value) -> Result<()> {
    let series = template["series_id"].as_str();
    let episode = template["episode_id"].as_str();
    let checked = check_parents(tx, series, episode, false).await;
    checked.map(|_| ()).map_err(|error| match error {
        Error::UnknownReference { thing, id, pointer } => Error::UnknownReference {
            thing,
            id,
            pointer: match pointer {
                "/series_id" => "/template/series_id",
                _ => "/template/episode_id",
            },
        },
        other => other,
    })
}

async fn locked(tx: &Tx, id: &str) -> Result<schedule::Model> {
    let row = schedule::Entity::find_by_id(id).lock(LockType::Update);
    let row = row.row(tx).await?;
    row.ok_or(Error::NotFound(Resource::Schedule))
}

/// Writes the columns that differ.
pub(in crate::db) async fn update(
    tx: &Tx,
    before: &schedule::Model,
    after: &schedule::Model,
) -> Result<()> {
    let mut row = before.clone().into_active_model();
    for column in schedule::Column::iter() {
        let value = after.get(column);
        if before.get(column) != value {
            row.set(column, value);
        }
    }
    if row.is_changed() {
        schedule::Entity::update(row).exec(tx).await?;
    }
    Ok(())
}

//! Episodes of a series: create_episode, get_episode, list_episodes,
//! update_episode, delete_episode.

use crate::{
    db::write::{CreateEpisode, DeleteEpisode, UpdateEpisode},
    error::{Error, Resource, Result},
    jobs::{Idempotency, JobManager, cut, validate},
    lifecycle::Cursor,
};
use entity::episode;

#[derive(Clone, Debug)]
pub struct NewEpisode {
    pub series_id: Option<String>,
    pub title: Option<String>,
    /// Number of the episode, at least 0 and unique in its series.
    pub number: Option<i32>,
}

/// Fields of an episode to change; `None` leaves one unchanged, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct EpisodePatch {
    pub title: Option<Option<String>>,
    pub number: Option<Option<i32>>,
}

impl JobManager {
    /// Creates an episode, in a series or without one.
    ///
    /// Errors: `invalid_request`, `episode_number_taken`, `idempotency_key_reused`.
    pub async fn create_episode(
        &self,
        new: NewEpisode,
        idempotency: Option<Idempotency>,
    ) -> Result<episode::Model> {
        let mut checks = validate::Checks::default();
        checks.text("/title", new.title.as_deref(), validate::MAX_SHORT_CHARS);
        checks.text(
            "/series_id",
            new.series_id.as_deref(),
            validate::MAX_PARENT_ID_CHARS,
        );
        checks.range("/number", new.number, 0, i32::MAX);
        checks.finish()?;
        let (key, fingerprint) = self.idempotency_columns(idempotency)?;
        let row = episode::Model {
            id: self.chance.id(),
            series_id: new.series_id,
            title: new.title,
            number: new.number,
            created_at: self.now(),
            idempotency_key: key,
            idempotency_fingerprint: fingerprint,
        };
        self.db.commit(CreateEpisode(row)).await
    }

    /// Returns the episode of this number in a series; creates it with the title if it is missing.
    ///
    /// Errors: `series_not_found`, `invalid_request`.
    pub async fn find_or_create_episode(
        &self,
        series_id: &str,
        number: i32,
        title: Option<String>,
    ) -> Result<episode::Model> {
        validate::may_exist(series_id, Resource::Series)?;
        if let Some(found) = self.db.episode_of_number(series_id, number).await? {
            return Ok(found);
        }
        let new = NewEpisode {
            series_id: Some(series_id.to_owned()),
            title,
            number: Some(number),
        };
        match self.create_episode(new, None).await {
            // Another call created it meanwhile.
            Err(Error::EpisodeNumberTaken(_)) => {
                let found = self.db.episode_of_number(series_id, number).await?;
                found.ok_or(Error::NotFound(Resource::Episode))
            }
            created => created,
        }
    }

    /// Returns the episode with this id.
    ///
    /// Errors: `episode_not_found`.
    pub async fn get_episode(&self, id: &str) -> Result<episode::Model> {
        validate::may_exist(id, Resource::Episode)?;
        self.db.episode(id).await
    }

    /// Lists the episodes of one series, or of all, newest first: one page, and the cursor of the
    /// next page if there is one.
    pub async fn list_episodes(
        &self,
        series_id: Option<String>,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<(Vec<episode::Model>, Option<Cursor>)> {
        if let Some(id) = &series_id {
            validate::no_nul_parameter("series_id", id)?;
        }
        let rows = self.db.episodes_behind(series_id, after, limit + 1).await?;
        Ok(cut(rows, limit, |row: &episode::Model| Cursor {
            created_at: row.created_at,
            id: row.id.clone(),
        }))
    }

    /// Changes the title or the number of an episode, and returns the episode.
    ///
    /// Errors: `episode_not_found`, `episode_number_taken`, `invalid_request`.
    pub async fn update_episode(&self, id: &str, patch: EpisodePatch) -> Result<episode::Model> {
        let mut checks = validate::Checks::default();
        let title = patch.title.as_ref().and_then(Option::as_deref);
        checks.text("/title", title, validate::MAX_SHORT_CHARS);
        checks.range("/number", patch.number.flatten(), 0, i32::MAX);
        checks.finish()?;
        validate::may_exist(id, Resource::Episode)?;
        let write = UpdateEpisode {
            id: id.to_owned(),
            title: patch.title,
            number: patch.number,
        };
        self.db.commit(write).await
    }

    /// Deletes an episode. Its jobs stay, without an episode, and each gets a `detached` event.
    ///
    /// Errors: `episode_not_found`.
    pub async fn delete_episode(&self, id: &str) -> Result<()> {
        validate::may_exist(id, Resource::Episode)?;
        self.db
            .commit(DeleteEpisode {
                id: id.to_owned(),
                now: self.now(),
            })
            .await
    }
}

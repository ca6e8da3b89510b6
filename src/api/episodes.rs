//! Handlers of episodes: create, list, get, change, delete.

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{Bound, IDEMPOTENT, Operation, READ, SERIES, operation},
    dto::{Episode, EpisodeList, EpisodePatch, NewEpisode},
    headers::IdempotencyKey,
    json_bytes::JsonBytes,
    paging,
    series::Gone,
};
use entity::episode;
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("create_episode", SERIES, Bound::Free)
        .headers(IDEMPOTENT)
        .codes(&[
            "series_not_found",
            "episode_number_taken",
            "idempotency_key_reused",
        ]),
    operation("list_episodes", READ, Bound::Jobs),
    operation("get_episode", READ, Bound::Jobs).codes(&["episode_not_found"]),
    operation("update_episode", SERIES, Bound::Free)
        .codes(&["episode_not_found", "episode_number_taken"]),
    operation("delete_episode", SERIES, Bound::Refused).codes(&["episode_not_found"]),
];

pub struct Episodes;

#[derive(ApiResponse)]
enum CreatedEpisode {
    /// The created episode.
    #[oai(status = 201)]
    Created(
        Json<Episode>,
        /// Path of the episode.
        #[oai(header = "Location")]
        String,
    ),
}

#[OpenApi(prefix_path = "/api/v1/episodes", tag = "Tag::Episodes")]
impl Episodes {
    /// Create an episode
    ///
    /// Creates an episode to which jobs can belong, in a series or without one.
    #[oai(path = "/", method = "post", operation_id = "create_episode")]
    async fn create_episode(
        &self,
        jobs: Acting,
        key: IdempotencyKey,
        body: Body<NewEpisode>,
    ) -> Result<CreatedEpisode> {
        let idempotency = key.of("create_episode", body.text.as_deref());
        let episode: Episode = jobs
            .create_episode(body.value.into(), idempotency)
            .await?
            .into();
        let location = format!("/api/v1/episodes/{}", episode.episode_id);
        Ok(CreatedEpisode::Created(Json(episode), location))
    }

    /// List episodes
    ///
    /// Returns a page of episodes, newest first.
    #[oai(path = "/", method = "get", operation_id = "list_episodes")]
    async fn list_episodes(
        &self,
        jobs: Acting,
        /// Only episodes of this series.
        series_id: Query<Option<String>>,
        /// Maximum number of episodes on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
        /// Whether to count the jobs of each episode by status.
        counts: Query<Option<bool>>,
    ) -> Result<JsonBytes<EpisodeList>> {
        let after = paging::cursor(cursor.0)?;
        let (episodes, next) = jobs
            .list_episodes(series_id.0, after, paging::limit(limit.0)?)
            .await?;
        let ids = || episodes.iter().map(|row| row.id.clone()).collect();
        let mut jobs = if counts.0 == Some(true) {
            Some(jobs.counts_by_episode(ids()).await?)
        } else {
            None
        };
        let to_dto = |row: episode::Model| match &mut jobs {
            Some(jobs) => {
                let counts = jobs.remove(&row.id).unwrap_or_default();
                Episode::from(row).counted(counts)
            }
            None => row.into(),
        };
        let episodes = episodes.into_iter().map(to_dto).collect();
        let next_cursor = next.map(|c| c.encode());
        let list = EpisodeList {
            episodes,
            has_more: next_cursor.is_some(),
            next_cursor: next_cursor.clone(),
        };
        Ok(JsonBytes::json(&list)?.followed_by(next_cursor))
    }

    /// Get an episode
    ///
    /// Returns the id, series, title, number and creation time of an episode.
    #[oai(path = "/:episode_id", method = "get", operation_id = "get_episode")]
    async fn get_episode(
        &self,
        jobs: Acting,
        /// Id of the episode.
        episode_id: Path<String>,
    ) -> Result<Json<Episode>> {
        Ok(Json(jobs.get_episode(&episode_id.0).await?.into()))
    }

    /// Change an episode
    ///
    /// Applies a JSON merge patch (RFC 7396): changes the title or the number of an episode.
    #[oai(
        path = "/:episode_id",
        method = "patch",
        operation_id = "update_episode"
    )]
    async fn update_episode(
        &self,
        jobs: Acting,
        /// Id of the episode.
        episode_id: Path<String>,
        body: Body<EpisodePatch>,
    ) -> Result<Json<Episode>> {
        let patch = body.value.into();
        let episode = jobs.update_episode(&episode_id.0, patch).await?;
        Ok(Json(episode.into()))
    }

    /// Delete an episode
    ///
    /// Deletes an episode. Its jobs remain without an episode, and each of them gets an event about
    /// it.
    #[oai(
        path = "/:episode_id",
        method = "delete",
        operation_id = "delete_episode"
    )]
    async fn delete_episode(
        &self,
        jobs: Acting,
        /// Id of the episode.
        episode_id: Path<String>,
    ) -> Result<Gone> {
        jobs.delete_episode(&episode_id.0).await?;
        Ok(Gone::Gone)
    }
}

//! Series and episodes in requests and responses.

use super::{JobCounts, Time, given};
use crate::jobs::{self, Counts};
use entity::{episode, series};
use poem_openapi::{Object, types::MaybeUndefined};

/// A series to create.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewSeries {
    /// Title of the series.
    #[oai(validator(min_length = 1, max_length = 255, pattern = r"\S"))]
    pub title: String,
}

/// A JSON merge patch of a series.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct SeriesPatch {
    /// Title of the series.
    #[oai(validator(min_length = 1, max_length = 255, pattern = r"\S"))]
    pub title: Option<String>,
}

/// A series of episodes and jobs.
#[derive(Debug, Object)]
pub struct Series {
    /// Id of the series.
    pub series_id: String,
    /// Title of the series.
    pub title: String,
    /// Time when the series was created.
    pub created_at: Time,
    /// Number of its jobs by status; only on request.
    #[oai(skip_serializing_if_is_none)]
    pub jobs: Option<JobCounts>,
}

/// A page of series, newest first.
#[derive(Debug, Object)]
pub struct SeriesList {
    /// Series of the page.
    pub series: Vec<Series>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

/// An episode to create.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewEpisode {
    /// Series that the episode belongs to.
    #[oai(validator(max_length = 36))]
    pub series_id: Option<String>,
    /// Title of the episode.
    #[oai(validator(max_length = 255))]
    pub title: Option<String>,
    /// Number in the series, from 0, unique in the series.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub number: Option<i32>,
}

/// A JSON merge patch of an episode: a missing field keeps its value, null clears it.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct EpisodePatch {
    /// Title of the episode.
    #[oai(validator(max_length = 255))]
    pub title: MaybeUndefined<String>,
    /// Number in the series, from 0, unique in the series.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub number: MaybeUndefined<i32>,
}

/// An episode, in a series or without one.
#[derive(Debug, Object)]
pub struct Episode {
    /// Id of the episode.
    pub episode_id: String,
    /// Series that the episode belongs to.
    pub series_id: Option<String>,
    /// Title of the episode.
    pub title: Option<String>,
    /// Number in the series.
    pub number: Option<i32>,
    /// Time when the episode was created.
    pub created_at: Time,
    /// Number of its jobs by status; only on request.
    #[oai(skip_serializing_if_is_none)]
    pub jobs: Option<JobCounts>,
}

/// A page of episodes, newest first.
#[derive(Debug, Object)]
pub struct EpisodeList {
    /// Episodes of the page.
    pub episodes: Vec<Episode>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

impl From<NewSeries> for jobs::NewSeries {
    fn from(new: NewSeries) -> Self {
        Self { title: new.title }
    }
}

impl From<SeriesPatch> for jobs::SeriesPatch {
    fn from(patch: SeriesPatch) -> Self {
        Self { title: patch.title }
    }
}

impl From<EpisodePatch> for jobs::EpisodePatch {
    fn from(patch: EpisodePatch) -> Self {
        Self {
            title: given(patch.title),
            number: given(patch.number),
        }
    }
}

impl From<series::Model> for Series {
    fn from(row: series::Model) -> Self {
        Self {
            series_id: row.id,
            title: row.title,
            created_at: row.created_at.into(),
            jobs: None,
        }
    }
}

impl Series {
    pub fn counted(self, jobs: Counts) -> Self {
        Self {
            jobs: Some(jobs.into()),
            ..self
        }
    }
}

impl From<NewEpisode> for jobs::NewEpisode {
    fn from(new: NewEpisode) -> Self {
        Self {
            series_id: new.series_id,
            title: new.title,
            number: new.number,
        }
    }
}

impl From<episode::Model> for Episode {
    fn from(row: episode::Model) -> Self {
        Self {
            episode_id: row.id,
            series_id: row.series_id,
            title: row.title,
            number: row.number,
            created_at: row.created_at.into(),
            jobs: None,
        }
    }
}

impl Episode {
    pub fn counted(self, jobs: Counts) -> Self {
        Self {
            jobs: Some(jobs.into()),
            ..self
        }
    }
}

//! Jobs as the direct pipeline shows them, and its words for their statuses.

use crate::api::{
    dto::legacy::PipelineJob,
    legacy::{jobs, times},
};
use entity::{JobStatus, job};

/// Returns the status that a word of the direct pipeline means.
pub fn status_of(word: &str) -> Option<JobStatus> {
    Some(match word {
        "pending" => JobStatus::Queued,
        "running" => JobStatus::Processing,
        "completed" => JobStatus::Completed,
        "failed" => JobStatus::Failed,
        "cancelled" => JobStatus::Cancelled,
        _ => return None,
    })
}

/// Returns the word of a status.
pub fn word_of(status: JobStatus) -> String {
    match status {
        JobStatus::Queued => "pending".to_owned(),
        JobStatus::Processing => "running".to_owned(),
        other => other.to_string(),
    }
}

/// Returns the job as the direct pipeline shows it.
pub fn shown(job: job::Model) -> PipelineJob {
    PipelineJob {
        status: word_of(job.status),
        progress: job.progress / 100.0,
        video_path: jobs::video_path(&job),
        job_id: job.id,
        episode_id: job.episode_id,
        pipeline_type: job.job_type,
        error: job.error_message,
        created_at: times::naive(job.created_at),
        updated_at: times::naive(job.updated_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_means_the_status_that_it_is_made_of() {
        for status in JobStatus::all() {
            assert_eq!(status_of(&word_of(status)), Some(status));
        }
        assert_eq!(status_of("queued"), None);
    }
}

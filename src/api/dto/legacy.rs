//! Requests and responses of the direct pipeline and of the unified video API. Unknown fields of
//! requests are ignored, as those services did.

use super::{
    JobStatus, Object,
    generate::{idea_requirement, idea_style, script_requirement, script_style},
};
use poem_openapi::{Enum, Object as ObjectShape};

/// A request of the direct pipeline to make a video from an idea.
#[derive(Debug, ObjectShape)]
pub struct PipelineIdea {
    /// Subject of the video.
    pub idea: String,
    /// Requirements that the video must meet.
    #[oai(default = "idea_requirement")]
    pub user_requirement: String,
    /// Visual style of the video.
    #[oai(default = "idea_style", validator(max_length = 255))]
    pub style: String,
    /// Series that the job belongs to.
    #[oai(validator(max_length = 36))]
    pub series_id: Option<String>,
    /// Number of the episode in the series that the job belongs to.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub episode_number: Option<i32>,
    /// Title of the project.
    #[oai(validator(max_length = 255))]
    pub title: Option<String>,
}

/// A request of the direct pipeline to make a video from a script.
#[derive(Debug, ObjectShape)]
pub struct PipelineScript {
    /// Script of the video.
    pub script: String,
    /// Requirements that the video must meet.
    #[oai(default = "script_requirement")]
    pub user_requirement: String,
    /// Visual style of the video.
    #[oai(default = "script_style", validator(max_length = 255))]
    pub style: String,
    /// Series that the job belongs to.
    #[oai(validator(max_length = 36))]
    pub series_id: Option<String>,
    /// Number of the episode in the series that the job belongs to.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub episode_number: Option<i32>,
    /// Title of the project.
    #[oai(validator(max_length = 255))]
    pub title: Option<String>,
}

/// A job that the direct pipeline created.
#[derive(Debug, ObjectShape)]
pub struct PipelineCreated {
    /// Id of the job.
    pub job_id: String,
    /// Episode that the job belongs to.
    pub episode_id: Option<String>,
    /// Status of the job, always `pending`.
    pub status: String,
    /// A sentence for people.
    pub message: String,
    /// Type of the job.
    pub pipeline_type: String,
    /// Time when the job was created, in UTC without a zone.
    pub created_at: String,
}

/// A job as the direct pipeline shows it.
#[derive(Debug, ObjectShape)]
pub struct PipelineJob {
    /// Id of the job.
    pub job_id: String,
    /// Episode that the job belongs to.
    pub episode_id: Option<String>,
    /// Status of the job: `pending`, `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// Type of the job.
    pub pipeline_type: String,
    /// Progress from 0 to 1.
    pub progress: f64,
    /// Path of the video, if the job made one.
    pub video_path: Option<String>,
    /// Error of the job, or of its last attempt.
    pub error: Option<String>,
    /// Time when the job was created, in UTC without a zone.
    pub created_at: String,
    /// Time of the job's last change, in UTC without a zone.
    pub updated_at: String,
}

/// A job that the direct pipeline cancelled.
#[derive(Debug, ObjectShape)]
pub struct PipelineCancelled {
    /// A sentence for people.
    pub message: String,
    /// Id of the job.
    pub job_id: String,
}

/// Mode of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum VideoMode {
    /// The content is an idea.
    Idea,
    /// The content is a script.
    Script,
}

impl VideoMode {
    pub fn word(self) -> &'static str {
        match self {
            Self::Idea => "idea",
            Self::Script => "script",
        }
    }
}

/// A request of the unified video API to make a video.
#[derive(Debug, ObjectShape)]
pub struct GenerateVideo {
    /// Mode of the input.
    pub mode: VideoMode,
    /// The idea, or a script of at least 50 characters.
    #[oai(validator(min_length = 10))]
    pub content: String,
    /// Requirements that the video must meet.
    pub user_requirement: Option<String>,
    /// Visual style of the video.
    #[oai(validator(max_length = 255))]
    pub style: Option<String>,
    /// Title of the project.
    #[oai(validator(max_length = 255))]
    pub title: Option<String>,
    /// Series that the job belongs to.
    #[oai(validator(max_length = 36))]
    pub series_id: Option<String>,
    /// Number of the episode in the series that the job belongs to.
    #[oai(validator(minimum(value = "1"), maximum(value = "2147483647")))]
    pub episode_number: Option<i32>,
    /// Whether workers of the type `conversational` make the video.
    pub use_conversational_workflow: Option<bool>,
}

/// A job that the unified video API created.
#[derive(Debug, ObjectShape)]
pub struct VideoCreated {
    /// Id of the job.
    pub job_id: String,
    /// Status of the job, always `queued`.
    pub status: JobStatus,
    /// A sentence for people.
    pub message: String,
    /// Mode of the input.
    pub mode: VideoMode,
    /// Episode that the job belongs to.
    pub episode_id: Option<String>,
    /// Time when the job was created.
    pub created_at: String,
    /// Folder of the job's files.
    pub working_dir: Option<String>,
    /// Calls that this one replaced.
    pub deprecated_endpoints: Vec<String>,
}

/// A job as the unified video API shows it.
#[derive(Debug, ObjectShape)]
pub struct Video {
    /// Id of the job.
    pub job_id: String,
    /// Status of the job.
    pub status: JobStatus,
    /// Mode of the input, or the one that the job's type implies.
    pub mode: Option<String>,
    /// Progress in percent, 0 to 100.
    pub progress: f64,
    /// Current stage of the work.
    pub current_stage: Option<String>,
    /// Path of the video, if the job made one.
    pub video_path: Option<String>,
    /// Folder of the job's files.
    pub working_dir: Option<String>,
    /// Number of shots, if it is known.
    pub total_shots: Option<i64>,
    /// Error of the job, or of its last attempt.
    pub error: Option<String>,
    /// Always null, as in the older service.
    pub error_details: Option<Object>,
    /// Time when the job was created.
    pub created_at: String,
    /// Time of the job's last change.
    pub updated_at: String,
    /// Time when the job ended.
    pub completed_at: Option<String>,
    /// Episode that the job belongs to.
    pub episode_id: Option<String>,
    /// Title of the project.
    pub title: Option<String>,
}

/// Health of the unified video API.
#[derive(Debug, ObjectShape)]
pub struct VideoHealth {
    /// Always `healthy`: otherwise the response is a problem.
    pub status: String,
    /// Number of jobs.
    pub total_jobs: u64,
    /// Number of jobs that are queued or processing.
    pub active_jobs: u64,
}

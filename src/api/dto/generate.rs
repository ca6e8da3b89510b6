//! Ideas and scripts to make a video from, as older clients send them.

use poem_openapi::Object;

/// A request to make a video from an idea. Unknown fields are ignored.
#[derive(Debug, Object)]
pub struct GenerateIdea {
    /// Subject of the video.
    #[oai(validator(min_length = 10))]
    pub idea: String,
    /// Requirements that the video must meet.
    #[oai(default = "idea_requirement")]
    pub user_requirement: String,
    /// Visual style of the video.
    #[oai(default = "idea_style", validator(max_length = 255))]
    pub style: String,
    /// Title of the project.
    #[oai(validator(max_length = 255))]
    pub project_title: Option<String>,
    /// Client that lists the job as active until it ends: an id that a page generates once and
    /// keeps.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub client_id: Option<String>,
}

/// A request to make a video from a script. Unknown fields are ignored.
#[derive(Debug, Object)]
pub struct GenerateScript {
    /// Script of the video.
    #[oai(validator(min_length = 50))]
    pub script: String,
    /// Requirements that the video must meet.
    #[oai(default = "script_requirement")]
    pub user_requirement: String,
    /// Visual style of the video.
    #[oai(default = "script_style", validator(max_length = 255))]
    pub style: String,
    /// Title of the project.
    #[oai(validator(max_length = 255))]
    pub project_title: Option<String>,
    /// Client that lists the job as active until it ends: an id that a page generates once and
    /// keeps.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub client_id: Option<String>,
}

pub(super) fn idea_requirement() -> String {
    "For adults, do not exceed 3 scenes. Each scene should be no more than 5 shots.".to_owned()
}

pub(super) fn idea_style() -> String {
    "Cartoon style".to_owned()
}

pub(super) fn script_requirement() -> String {
    "Fast-paced with no more than 15 shots.".to_owned()
}

pub(super) fn script_style() -> String {
    "Anime Style".to_owned()
}

//! `callsheet jobs create`: a job from flags.

use super::{
    pair,
    table::{Defaults, TableArguments},
};
use crate::{
    cli::{Failure, answers::job_of, target::Target},
    jobs::NewJob,
    strict_json,
};
use clap::Args;
use entity::job;
use hyper::Method;
use serde_json::{Map, Value};

#[derive(Args)]
pub struct Create {
    /// Type of the job, e.g. idea2video; with a table, of the rows that name none
    #[arg(required_unless_present_any = ["from_csv", "from_jsonl"])]
    job_type: Option<String>,
    /// Idea or script of the video
    #[arg(long, conflicts_with_all = TABLES)]
    content: Option<String>,
    /// Kind of content: `idea` or `script`
    #[arg(long, conflicts_with_all = TABLES)]
    mode: Option<String>,
    /// Title of the project
    #[arg(long, conflicts_with_all = TABLES)]
    title: Option<String>,
    /// Visual style of the video
    #[arg(long, conflicts_with_all = TABLES)]
    style: Option<String>,
    /// Requirements that the video has to meet
    #[arg(long, conflicts_with_all = TABLES)]
    requirement: Option<String>,
    /// Priority, -100 to 100; higher runs first
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, conflicts_with_all = TABLES)]
    priority: i16,
    /// Label of the job, or of all jobs of a table; can be repeated
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = pair)]
    labels: Vec<(String, String)>,
    /// Request data as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object, conflicts_with_all = TABLES)]
    request_data: Option<Map<String, Value>>,
    /// Id of the job; generated if left out
    #[arg(long, value_name = "ID", conflicts_with_all = TABLES)]
    job_id: Option<String>,
    /// Print JSON, for programs; a line for each row of a table
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub table: TableArguments,
}

/// Flags that name a table.
const TABLES: [&str; 2] = ["from_csv", "from_jsonl"];

impl From<Create> for NewJob {
    fn from(create: Create) -> Self {
        Self {
            job_type: create.job_type.unwrap_or_default(),
            job_id: create.job_id,
            mode: create.mode,
            content: create.content,
            user_requirement: create.requirement,
            style: create.style,
            project_title: create.title,
            request_data: create.request_data,
            priority: create.priority,
            labels: create.labels.into_iter().collect(),
            ..NewJob::default()
        }
    }
}

impl Create {
    /// Returns what the flags say of the rows of a table.
    pub fn defaults(self) -> Defaults {
        Defaults {
            job_type: self.job_type,
            labels: self.labels,
        }
    }

    /// Creates the job.
    pub async fn run(self, target: &Target) -> Result<job::Model, Failure> {
        match target {
            Target::Database(app) => Ok(app.jobs.create_job(self.into(), None).await?.job),
            Target::Server(server) => {
                let body = Value::Object(self.body());
                job_of(server.call(Method::POST, "/jobs", Some(&body)).await?)
            }
        }
    }

    /// Returns the job as the body of a request.
    fn body(self) -> Map<String, Value> {
        let texts = [
            ("job_type", self.job_type),
            ("job_id", self.job_id),
            ("mode", self.mode),
            ("content", self.content),
            ("user_requirement", self.requirement),
            ("style", self.style),
            ("project_title", self.title),
        ];
        let texts = texts.into_iter();
        let given = texts.filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
        let mut body: Map<String, Value> = given.collect();
        body.insert("priority".to_owned(), self.priority.into());
        if let Some(request) = self.request_data {
            body.insert("request_data".to_owned(), request.into());
        }
        let labels: Map<_, _> = self
            .labels
            .into_iter()
            .map(|(k, v)| (k, v.into()))
            .collect();
        body.insert("labels".to_owned(), labels.into());
        body
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    match strict_json::read_or_say(text.as_bytes())? {
        Value::Object(members) => Ok(members),
        _ => Err("use a JSON object".to_owned()),
    }
}

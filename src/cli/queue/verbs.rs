//! Calls about queues: of the database itself, or of a server.

use crate::{
    cli::{
        Failure,
        answers::{queue_of, taken},
        remote::path,
        target::Target,
    },
    jobs::{Queue, QueuePatch},
    lifecycle::{Keep, Then},
};
use hyper::Method;
use serde_json::{Map, Value};

impl Target {
    pub(super) async fn queues(&self) -> Result<Vec<Queue>, Failure> {
        match self {
            Self::Database(app) => Ok(app.jobs.list_queues().await?),
            Self::Server(server) => {
                let mut list = server.get("/queues").await?;
                Ok(taken(&mut list, "queues").iter().map(queue_of).collect())
            }
        }
    }

    pub(super) async fn change_queue(
        &self,
        job_type: &str,
        patch: QueuePatch,
    ) -> Result<Queue, Failure> {
        let server = match self {
            Self::Server(server) => server,
            Self::Database(app) => return Ok(app.jobs.change_queue(job_type, patch).await?),
        };
        let mut body = Map::new();
        if let Some(paused) = patch.paused {
            body.insert("paused".to_owned(), paused.into());
        }
        let limits = [
            ("max_running", patch.max_running),
            ("max_run_seconds", patch.max_run_seconds),
        ];
        for (name, limit) in limits {
            if let Some(limit) = limit {
                body.insert(name.to_owned(), limit.into());
            }
        }
        let of_keep = [
            ("completed", patch.keep.completed),
            ("failed", patch.keep.failed),
            ("cancelled", patch.keep.cancelled),
        ];
        let text = |keep: Option<Keep>| keep.map(|keep| keep.to_string());
        let of_keep = of_keep.into_iter();
        let keep: Map<String, Value> = of_keep
            .filter_map(|(name, keep)| Some((name.to_owned(), text(keep?).into())))
            .collect();
        if !keep.is_empty() {
            body.insert("keep".to_owned(), keep.into());
        }
        if let Some(then) = patch.keep.then {
            body.insert("then".to_owned(), then.map(Then::name).into());
        }
        if let Some(media) = patch.keep.media {
            body.insert("keep_media".to_owned(), media.into());
        }
        let path = path(&["queues", job_type], &[])?;
        let body = Value::Object(body);
        let queue = server.call(Method::PUT, &path, Some(&body)).await?;
        Ok(queue_of(&queue))
    }
}

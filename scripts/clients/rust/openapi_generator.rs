//! The round trip by the functions of openapi-generator's rust.

mod steps;

use callsheet_client::{
    apis::{
        Error, actions_api, configuration::Configuration, events_api, imports_api, items_api,
        jobs_api, lifecycle_api, series_api, stats_api, workers_api,
    },
    models,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use steps::Answer;

struct Adapter(Configuration);

fn typed<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).expect("a body of this type")
}

/// The client tells no status of a success, and takes the empty body of a 304 for a broken one.
fn answer<T: Serialize, E>(done: Result<T, Error<E>>) -> Answer {
    match done {
        Ok(data) => Answer {
            status: 200,
            data: serde_json::to_value(data).expect("JSON"),
        },
        Err(Error::ResponseError(refused)) => Answer {
            status: refused.status.as_u16(),
            data: serde_json::from_str(&refused.content).unwrap_or_default(),
        },
        Err(Error::Serde(error)) if error.to_string().contains("octet-stream") => Answer {
            status: 304,
            data: Value::Null,
        },
        Err(Error::Reqwest(error)) => panic!("{error:?}"),
        Err(Error::Serde(error)) => panic!("{error:?}"),
        Err(Error::Io(error)) => panic!("{error:?}"),
    }
}

impl steps::Client for Adapter {
    async fn create_job(&self, body: Value, key: Option<&str>) -> Answer {
        answer(jobs_api::create_job(&self.0, typed(body), key).await)
    }

    async fn create_jobs(&self, body: Value) -> Answer {
        answer(jobs_api::create_jobs(&self.0, typed(body), None).await)
    }

    async fn get_job(&self, id: &str, seen: Option<&str>) -> Answer {
        answer(jobs_api::get_job(&self.0, id, None, None, seen).await)
    }

    async fn claim_jobs(&self, body: Value) -> Answer {
        answer(workers_api::claim_jobs(&self.0, typed(body)).await)
    }

    async fn heartbeat(&self, id: &str, body: Value) -> Answer {
        answer(workers_api::heartbeat(&self.0, id, typed(body)).await)
    }

    async fn report_items(&self, id: &str, body: Value) -> Answer {
        answer(items_api::report_items(&self.0, id, typed(body), None).await)
    }

    async fn list_items(&self, id: &str) -> Answer {
        answer(items_api::list_items(&self.0, id, None, None, None).await)
    }

    async fn mark_completed(&self, id: &str, body: Value) -> Answer {
        let body: models::CompleteJob = typed(body);
        answer(lifecycle_api::mark_completed(&self.0, id, None, Some(body)).await)
    }

    async fn update_job(&self, id: &str, body: Value, matching: Option<&str>) -> Answer {
        answer(jobs_api::update_job(&self.0, id, typed(body), matching).await)
    }

    async fn list_jobs(&self, cursor: Option<&str>) -> Answer {
        let list = jobs_api::list_jobs(
            &self.0,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            Some(5),
            None,
            cursor,
            None,
        );
        answer(list.await)
    }

    async fn count_jobs(&self) -> Answer {
        let none = None;
        let counts = jobs_api::count_jobs(
            &self.0, None, none, none, none, none, None, None, None, none,
        );
        answer(counts.await)
    }

    async fn get_stats(&self) -> Answer {
        answer(stats_api::get_stats(&self.0, None, None, None, None).await)
    }

    async fn list_events(&self, id: &str) -> Answer {
        answer(events_api::list_events(&self.0, id, None, None, None).await)
    }

    /// The client's own function takes JSON and plain text only; its HTTP client takes the stream.
    async fn stream_job_events(&self, id: &str) -> Answer {
        let address = format!("{}/api/v1/jobs/{id}/events/stream", self.0.base_path);
        let response = self.0.client.get(address).send().await.expect("an answer");
        Answer {
            status: response.status().as_u16(),
            data: Value::from(response.text().await.expect("all of it")),
        }
    }

    async fn start_import(&self, dump: &'static [u8]) -> Answer {
        let file = std::env::temp_dir().join(format!("check-{}.json", std::process::id()));
        std::fs::write(&file, dump).expect("a file");
        let started =
            imports_api::start_import(&self.0, file.clone(), None, None, None, None, None, None);
        let started = answer(started.await);
        std::fs::remove_file(file).expect("the file");
        started
    }

    async fn get_import(&self, id: &str) -> Answer {
        answer(imports_api::get_import(&self.0, id).await)
    }

    async fn start_action(&self, body: Value) -> Answer {
        answer(actions_api::start_action(&self.0, typed(body), None).await)
    }

    async fn create_series(&self, body: Value) -> Answer {
        answer(series_api::create_series(&self.0, typed(body), None).await)
    }

    async fn delete_series(&self, id: &str) -> Answer {
        answer(series_api::delete_series(&self.0, id).await)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let base_path = std::env::args().nth(1).expect("the server's address");
    let configuration = Configuration {
        base_path,
        ..Configuration::new()
    };
    steps::round_trip(Adapter(configuration)).await;
}

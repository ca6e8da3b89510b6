//! The round trip by the builders of progenitor.

mod steps;

progenitor::generate_api!(spec = "openapi-3.0.json", interface = Builder, derives = [PartialEq]);

use futures::TryStreamExt;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use steps::Answer;

struct Adapter(Client);

fn typed<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).expect("a body of this type")
}

/// A problem comes as bytes, since its media type is `application/problem+json`.
async fn answer<T: Serialize>(
    call: impl Future<Output = Result<ResponseValue<T>, Error<ByteStream>>>,
) -> Answer {
    match call.await {
        Ok(done) => Answer {
            status: done.status().as_u16(),
            data: serde_json::to_value(done.into_inner()).expect("JSON"),
        },
        Err(Error::ErrorResponse(refused)) => {
            let status = refused.status().as_u16();
            let body = all(refused).await;
            Answer {
                status,
                data: serde_json::from_slice(&body).expect("JSON"),
            }
        }
        Err(other) => Answer {
            status: other.status().map_or(0, |status| status.as_u16()),
            data: Value::from(other.to_string()),
        },
    }
}

async fn all(response: ResponseValue<ByteStream>) -> Vec<u8> {
    let pieces: Vec<_> = response.into_inner_stream().try_collect().await.expect("all of it");
    pieces.concat()
}

impl steps::Client for Adapter {
    async fn create_job(&self, body: Value, key: Option<&str>) -> Answer {
        let call = self.0.create_job().body(typed::<types::NewJob>(body));
        match key {
            Some(key) => answer(call.idempotency_key(key).send()).await,
            None => answer(call.send()).await,
        }
    }

    async fn create_jobs(&self, body: Value) -> Answer {
        answer(self.0.create_jobs().body(typed::<types::NewJobs>(body)).send()).await
    }

    async fn get_job(&self, id: &str, seen: Option<&str>) -> Answer {
        let call = self.0.get_job().job_id(id);
        match seen {
            Some(seen) => answer(call.if_none_match(seen).send()).await,
            None => answer(call.send()).await,
        }
    }

    async fn claim_jobs(&self, body: Value) -> Answer {
        answer(self.0.claim_jobs().body(typed::<types::ClaimJobs>(body)).send()).await
    }

    async fn heartbeat(&self, id: &str, body: Value) -> Answer {
        let body = typed::<types::SendHeartbeat>(body);
        answer(self.0.heartbeat().job_id(id).body(body).send()).await
    }

    async fn report_items(&self, id: &str, body: Value) -> Answer {
        let body = typed::<types::ReportItems>(body);
        answer(self.0.report_items().job_id(id).body(body).send()).await
    }

    async fn list_items(&self, id: &str) -> Answer {
        answer(self.0.list_items().job_id(id).send()).await
    }

    async fn mark_completed(&self, id: &str, body: Value) -> Answer {
        let body = typed::<types::CompleteJob>(body);
        answer(self.0.mark_completed().job_id(id).body(body).send()).await
    }

    async fn update_job(&self, id: &str, body: Value, matching: Option<&str>) -> Answer {
        // The builder's type leaves out what is null, so a field to clear is sent beside it.
        let has_null = body.as_object().is_some_and(|b| b.values().any(Value::is_null));
        if has_null {
            return clear(&self.0, id, body).await;
        }
        let call = self.0.update_job().job_id(id).body(typed::<types::JobPatch>(body));
        match matching {
            Some(tag) => answer(call.if_match(tag).send()).await,
            None => answer(call.send()).await,
        }
    }

    async fn list_jobs(&self, cursor: Option<&str>) -> Answer {
        let call = self.0.list_jobs().limit(5);
        match cursor {
            Some(cursor) => answer(call.cursor(cursor).send()).await,
            None => answer(call.send()).await,
        }
    }

    async fn count_jobs(&self) -> Answer {
        answer(self.0.count_jobs().send()).await
    }

    async fn get_stats(&self) -> Answer {
        answer(self.0.get_stats().send()).await
    }

    async fn list_events(&self, id: &str) -> Answer {
        answer(self.0.list_events().job_id(id).send()).await
    }

    async fn stream_job_events(&self, id: &str) -> Answer {
        let stream = self.0.stream_job_events().job_id(id).send().await;
        let text = all(stream.expect("a stream")).await;
        Answer {
            status: 200,
            data: Value::from(String::from_utf8_lossy(&text).into_owned()),
        }
    }

    async fn start_import(&self, dump: &'static [u8]) -> Answer {
        answer(self.0.start_import().body(dump).send()).await
    }

    async fn get_import(&self, id: &str) -> Answer {
        answer(self.0.get_import().import_id(id).send()).await
    }

    async fn start_action(&self, body: Value) -> Answer {
        answer(self.0.start_action().body(typed::<types::NewAction>(body)).send()).await
    }

    async fn create_series(&self, body: Value) -> Answer {
        answer(self.0.create_series().body(typed::<types::NewSeries>(body)).send()).await
    }

    async fn delete_series(&self, id: &str) -> Answer {
        answer(self.0.delete_series().series_id(id).send()).await
    }
}

/// A merge patch with null, by the HTTP client that the generated one has.
async fn clear(client: &Client, id: &str, body: Value) -> Answer {
    let address = format!("{}/api/v1/jobs/{id}", client.baseurl());
    let sent = client.client().patch(address).json(&body).send().await;
    let response = sent.expect("an answer");
    Answer {
        status: response.status().as_u16(),
        data: response.json().await.expect("JSON"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let address = std::env::args().nth(1).expect("the server's address");
    steps::round_trip(Adapter(Client::new(&address))).await;
}

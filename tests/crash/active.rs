//! A client's list of active jobs.

use super::{client::Client, entry::Entry, ledger::Fault, wire::Call};
use reqwest::{Method, StatusCode};
use serde_json::json;

impl Client {
    /// Puts a job on the client's list, or takes it off. Both may be repeated.
    pub async fn step_active(&mut self) {
        let open = |entry: &Entry| !entry.has_ended() && !entry.is_leased();
        let Some(place) = self.live.iter().position(open) else {
            return;
        };
        let (id, client, active) = (
            self.live[place].id.clone(),
            self.job_type(),
            self.live[place].active,
        );
        let body = json!({"client_id": client, "job_id": id});
        let path = format!("/active-jobs?client_id={client}&job_id={id}");
        let call = match active {
            true => Call {
                kind: "active",
                method: Method::DELETE,
                path: &path,
                body: None,
                key: None,
            },
            false => Call {
                kind: "active",
                method: Method::PUT,
                path: "/active-jobs",
                body: Some(&body),
                key: None,
            },
        };
        let answer = self.wire.insist(call).await;
        if answer.status != StatusCode::OK {
            return self.fault(Fault::Lost(format!(
                "{id} could not be put on a list: {}",
                answer.body
            )));
        }
        self.live[place].active = !active;
    }
}

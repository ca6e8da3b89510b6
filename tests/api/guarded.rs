//! A server with keys, for the tests of who may call what.

use super::{
    answer::Answer,
    face::{Api, call},
};
use reqwest::Method;
use serde_json::{Value, json};

/// A server whose callers have keys.
pub struct Guarded {
    pub api: Api,
    pub admin: String,
}

impl Guarded {
    pub async fn on(api: Api) -> Self {
        let made = api
            .post("/api/v1/keys", json!({"name": "first", "role": "admin"}))
            .await
            .json(200);
        let admin = made["key"].as_str().unwrap().to_owned();
        Self { api, admin }
    }

    pub async fn with(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.api.request(method, path).bearer_auth(key);
        call(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    pub async fn get(&self, key: &str, path: &str) -> Answer {
        self.with(key, Method::GET, path, None).await
    }

    pub async fn make(&self, new: Value) -> Value {
        let path = "/api/v1/keys";
        self.with(&self.admin, Method::POST, path, Some(new))
            .await
            .json(200)
    }

    pub async fn key_of(&self, role: &str) -> String {
        let made = self.make(json!({"name": role, "role": role})).await;
        made["key"].as_str().unwrap().to_owned()
    }
}

pub const JOBS: &str = "/api/v1/jobs";

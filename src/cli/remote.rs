//! A server that a command calls over HTTP.

use super::{
    Failure,
    answers::{taken, text},
};
use crate::config::api_key;
use callsheet_client::{Client, Error, Method, Server};
use serde_json::Value;
use std::time::Duration;

/// Timeout of a call, apart from the time that it asks the server to wait.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Remote {
    client: Client,
    url: String,
}

impl Remote {
    /// Prepares calls to the server at the URL, with the key of `CALLSHEET_API_KEY` if it is set.
    pub fn new(url: &str) -> Result<Self, Failure> {
        // Not parsed by clap, which quotes invalid values in its errors, including passwords.
        let server: Server = url.parse().map_err(Failure::Usage)?;
        let key = api_key(None)?;
        let url = server.to_string();
        let client = Client::new(server, key.as_deref())
            .map_err(|error| Failure::Other(format!("cannot call {url}: {error}")))?;
        Ok(Self { client, url })
    }

    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path, None, Duration::ZERO).await
    }

    /// Gets what the server holds for up to `wait` until it changes.
    pub async fn get_after(&self, path: &str, wait: Duration) -> Result<Value, Failure> {
        self.send(Method::GET, path, None, wait).await
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        self.send(method, path, body, Duration::ZERO).await
    }

    pub async fn delete(&self, path: &str) -> Result<(), Failure> {
        self.call(Method::DELETE, path, None).await.map(|_| ())
    }

    /// Returns a page of a list, and the cursor of the next.
    pub async fn page(
        &self,
        list: &str,
        limit: u64,
        after: Option<String>,
    ) -> Result<(Vec<Value>, Option<String>), Failure> {
        let mut query = vec![("limit", limit.to_string())];
        query.extend(after.map(|after| ("cursor", after)));
        let mut page = self.get(&path(&[list], &query)?).await?;
        Ok((taken(&mut page, list), text(&page, "next_cursor")))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        wait: Duration,
    ) -> Result<Value, Failure> {
        let answer = self.client.call(method, path, body, PATIENCE + wait).await;
        answer.map_err(|error| self.failure(error))
    }

    /// Says what is wrong: the server's own sentence, or what came instead of it.
    fn failure(&self, error: Error) -> Failure {
        let url = &self.url;
        Failure::Other(match error {
            Error::Refused(problem) => format!("the server at {url} says: {}", problem.detail),
            Error::TooLarge { .. } => {
                format!("the answer of the server at {url} is too large to be read")
            }
            Error::Unavailable(why) | Error::Misdirected(why) => format!(
                "the server at {url} cannot serve the call: {why}; check that it runs, and that \
                --server names it"
            ),
        })
    }
}

/// Builds a path below `/api/v1` from its parts and its query, with everything in it escaped.
pub fn path(parts: &[&str], query: &[(&str, String)]) -> Result<String, Failure> {
    // Such parts mean another path.
    if let Some(part) = parts.iter().find(|part| matches!(**part, "" | "." | "..")) {
        return Err(Failure::Usage(format!(
            "there is nothing with the id {part:?}"
        )));
    }
    let unusable = |_| Failure::Usage("this id cannot be part of a path".to_owned());
    let mut url = url::Url::parse("http://server/").map_err(|error| unusable(error.to_string()))?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(parts);
    }
    if !query.is_empty() {
        let mut pairs = url.query_pairs_mut();
        for (name, value) in query {
            pairs.append_pair(name, value);
        }
    }
    let query = url.query().map(|query| format!("?{query}"));
    Ok(format!("{}{}", url.path(), query.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_path_is_made_of_is_escaped() {
        let query = [("q", "a b&c".to_owned())];
        let made = path(&["jobs", "a/b?c", "events"], &query).unwrap();
        assert_eq!(made, "/jobs/a%2Fb%3Fc/events?q=a+b%26c");
        assert!(path(&["jobs", ".."], &[]).is_err());
    }
}

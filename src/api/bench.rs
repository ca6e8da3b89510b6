//! Responses that use no table, as a baseline for benchmarks. Only in builds with the feature
//! `bench`.

use super::problem::Problem;
use poem::{Endpoint, Request, Response, endpoint::make};

/// Parses the JSON that it receives and sends it back.
pub fn echo() -> impl Endpoint<Output = Response> {
    make(|mut request: Request| async move {
        let body = request.take_body().into_bytes().await?;
        let value: serde_json::Value = serde_json::from_slice(&body)
            .map_err(|error| Problem::new("malformed_body", error.to_string()))?;
        Ok::<_, poem::Error>(
            Response::builder()
                .content_type("application/json")
                .body(value.to_string()),
        )
    })
}

/// Sends the same bytes each time, about as many as a small job has.
pub fn fixed() -> impl Endpoint<Output = Response> {
    let body = format!(
        r#"{{"text": "{}"}}"#,
        "a fox learns to ride the night train home ".repeat(24)
    );
    make(move |_| {
        let answer = Response::builder()
            .content_type("application/json")
            .body(body.clone());
        async move { Ok::<_, poem::Error>(answer) }
    })
}

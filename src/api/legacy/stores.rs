//! Calls that read and steer the jobs of services whose stores were imported, under the paths that
//! their pages use. They are not part of the API's document, and off unless the server is
//! configured to answer them.

use super::{comic, draft_maker, topclip, web2img};
use crate::{
    api::{
        auth::Acting,
        contract::Need,
        problem::{Member, Problem},
    },
    jobs::{JobManager, Permission},
    legacy_routes::LegacyRoutes,
    strict_json::{self, JsonError},
};
use entity::{ItemStatus, job, job_item};
use futures_util::future::BoxFuture;
use poem::{
    Endpoint, FromRequest, IntoResponse, Request, Response, Result, Route,
    http::{Method, StatusCode},
    web::Json,
};
use poem_openapi::OperationId;
use serde_json::Value;

/// Answer to an older call: a status and a body of JSON.
pub struct Answer(pub StatusCode, pub Value);

impl From<Value> for Answer {
    fn from(body: Value) -> Self {
        Self(StatusCode::OK, body)
    }
}

/// What a call has: the server, the id in its path, its query, and its body.
pub struct Call {
    pub jobs: Acting,
    pub id: String,
    pub query: Vec<(String, String)>,
    pub body: Value,
}

impl Call {
    /// Returns a parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let given = self.query.iter().find(|(given, _)| given == name);
        given.map(|(_, value)| value.as_str())
    }

    /// Returns a number in the query, or the default if there is none.
    pub fn number(&self, name: &str, default: u64) -> u64 {
        let number = self.parameter(name).and_then(|text| text.parse().ok());
        number.unwrap_or(default)
    }
}

type Handler = fn(Call) -> BoxFuture<'static, Result<Answer>>;

/// A call of an older service.
pub struct OlderCall {
    pub set: LegacyRoutes,
    pub id: &'static str,
    pub method: Method,
    pub path: &'static str,
    pub needs: Permission,
    pub handler: Handler,
}

/// Returns the calls of all services.
fn calls() -> Vec<OlderCall> {
    [
        topclip::calls(),
        draft_maker::calls(),
        web2img::calls(),
        comic::calls(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns the ids of all calls, for their numbers in the metrics.
pub fn ids() -> impl Iterator<Item = &'static str> {
    calls().into_iter().map(|call| call.id)
}

/// Returns what a call of an older service needs; `None` if the path is not one of them.
pub fn need_of(method: &Method, path: &str) -> Option<Need> {
    let parts = |path: &str| -> Vec<String> {
        let parts = path.split('/').filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    let path = parts(path);
    let fits = |template: &str| {
        let template = parts(template);
        let same = |(t, p): (&String, &String)| t.starts_with(':') || t == p;
        template.len() == path.len() && template.iter().zip(&path).all(same)
    };
    let method = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let found = calls()
        .into_iter()
        .find(|call| call.method == *method && fits(call.path));
    found.map(|call| Need::Permission(call.needs))
}

/// Adds the calls of the configured services.
pub fn add(mut routes: Route, sets: &[LegacyRoutes]) -> Route {
    let on = calls().into_iter().filter(|call| sets.contains(&call.set));
    let mut by_path: Vec<(&'static str, Vec<OlderCall>)> = Vec::new();
    for call in on {
        match by_path.iter_mut().find(|(path, _)| *path == call.path) {
            Some((_, calls)) => calls.push(call),
            None => by_path.push((call.path, vec![call])),
        }
    }
    for (path, calls) in by_path {
        routes = routes.at(path, OlderCalls { calls });
    }
    routes
}

/// The calls of one path.
struct OlderCalls {
    calls: Vec<OlderCall>,
}

/// Maximum bytes of a request body.
const MAX_BODY_BYTES: usize = 64 << 10;

impl Endpoint for OlderCalls {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let method = match *request.method() {
            Method::HEAD => Method::GET,
            ref method => method.clone(),
        };
        let Some(call) = self.calls.iter().find(|call| call.method == method) else {
            return Err(poem::error::MethodNotAllowedError.into());
        };
        let jobs = Acting::from_request_without_body(&request).await?;
        let body = request.take_body().into_bytes_limit(MAX_BODY_BYTES).await;
        let body = body.map_err(|error| Problem::new("malformed_body", format!("{error}.")))?;
        let query = request.uri().query().unwrap_or_default();
        let input = Call {
            jobs,
            id: request.path_params().unwrap_or_default(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            body: match strict_json::read(&body) {
                Ok(body) => body,
                // The older services took a body that they could not read for an empty one.
                Err(JsonError::Malformed(_)) => Value::Null,
                Err(JsonError::Invalid(errors)) => return Err(Problem::invalid(errors).into()),
            },
        };
        match (call.handler)(input).await {
            Ok(Answer(status, body)) => {
                let mut response = Json(body).with_status(status).into_response();
                response.set_data(OperationId(call.id));
                Ok(response)
            }
            Err(mut error) => {
                error.set_data(OperationId(call.id));
                Err(error)
            }
        }
    }
}

/// Adds a member to the problem of a call that failed, for clients that read it there.
pub fn with_member(
    error: impl Into<poem::Error>,
    name: &'static str,
    value: impl Into<Value>,
) -> poem::Error {
    let mut error = error.into();
    error.set_data(Member(name, value.into()));
    error
}

/// Returns all items of a job, in order.
pub async fn items(jobs: &JobManager, job: &job::Model) -> Result<Vec<job_item::Model>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let part = jobs.list_items(&job.id, after, 200).await?;
        let more = part.more;
        all.extend(part.rows);
        match all.last() {
            Some(last) if more => after = Some(last.idx),
            _ => return Ok(all),
        }
    }
}

/// Counts the items with one of the statuses.
pub fn count(items: &[job_item::Model], statuses: &[ItemStatus]) -> usize {
    let counted = items.iter().filter(|item| statuses.contains(&item.status));
    counted.count()
}

/// Returns a member of the record that an import kept, or of the request.
pub fn kept<'a>(job: &'a job::Model, name: &str) -> Option<&'a Value> {
    let legacy = job
        .context
        .as_ref()
        .and_then(|context| context.get("legacy"));
    let of = |object: Option<&'a Value>| object?.get(name).filter(|value| !value.is_null());
    of(legacy).or_else(|| of(job.request_data.as_ref()))
}

//! Handlers of sessions: a browser's cookie in place of a key.

use super::{
    Tag,
    auth::{Acting, COOKIE, Failures, asker, session_token},
    body::Body,
    contract::{Bound, Need, Operation, operation},
    dto::{NewSession, Session},
    problem::Problem,
};
use crate::{
    error::Error,
    jobs::{JobManager, Principal, SESSION_HOURS},
};
use poem::{Request, Result};
use poem_openapi::{ApiResponse, OpenApi, payload::Json};
use std::sync::Arc;

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("get_session", Need::Key, Bound::Free),
    operation("start_session", Need::Public, Bound::Free)
        .codes(&["unauthenticated", "too_many_failures"]),
    operation("end_session", Need::Public, Bound::Free),
];

/// Path of the session.
pub const PATH: &str = "/api/v1/session";

pub struct Sessions(pub JobManager);

#[derive(ApiResponse)]
enum StartedSession {
    /// The caller, with the session's cookie.
    #[oai(status = 200)]
    Started(
        Json<Session>,
        /// Cookie of the session.
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

#[derive(ApiResponse)]
enum EndedSession {
    /// The browser forgets the cookie.
    #[oai(status = 204)]
    Ended(
        /// Cookie that has ended.
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

#[OpenApi(prefix_path = "/api/v1/session", tag = "Tag::Keys")]
impl Sessions {
    /// Show who calls
    ///
    /// Returns the caller's key, role and permissions. On a server without keys, everyone is an
    /// admin.
    #[oai(path = "/", method = "get", operation_id = "get_session")]
    async fn get_session(&self, jobs: Acting) -> Json<Session> {
        let anyone = Principal::anyone();
        Json(Session::of(jobs.caller().map_or(&anyone, Arc::as_ref)))
    }

    /// Sign in
    ///
    /// Starts a session of twelve hours with a key, for a browser: later calls send its cookie in
    /// place of the key. The session ends with its key.
    #[oai(path = "/", method = "post", operation_id = "start_session")]
    async fn start_session(
        &self,
        body: Body<NewSession>,
        request: &Request,
    ) -> Result<StartedSession> {
        let jobs = self.0.asked_by(asker(request));
        let key = &body.value.key;
        let failures = request.data::<Failures>();
        if let Some(failures) = failures {
            failures.check(request, key)?;
        }
        let started = jobs.start_session(key).await;
        let (token, principal) = started.map_err(|error| {
            let is_wrong = matches!(error, Error::Unauthenticated(_));
            let problem = Problem::from(error);
            match failures {
                Some(failures) if is_wrong => failures.count(request, problem),
                _ => problem,
            }
        })?;
        let cookie = cookie(&token, SESSION_HOURS * 60 * 60, request);
        Ok(StartedSession::Started(
            Json(Session::of(&principal)),
            cookie,
        ))
    }

    /// Sign out
    ///
    /// Ends the session on all servers within two seconds, and lets the browser forget it.
    #[oai(path = "/", method = "delete", operation_id = "end_session")]
    async fn end_session(&self, request: &Request) -> Result<EndedSession> {
        if let Some(token) = session_token(request.headers()) {
            let jobs = self.0.asked_by(asker(request));
            jobs.end_session(token).await?;
        }
        Ok(EndedSession::Ended(cookie("", 0, request)))
    }
}

/// Returns the cookie. It is for encrypted connections only, unless a browser on this machine calls
/// the server by a loopback name or address.
fn cookie(token: &str, seconds: i64, request: &Request) -> String {
    let secure = if is_local(request) { "" } else { "; Secure" };
    format!("{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

fn is_local(request: &Request) -> bool {
    let listens_here = request
        .local_addr()
        .as_socket_addr()
        .is_some_and(|address| address.ip().is_loopback());
    let origin = request.headers().get("origin").map(|v| v.as_bytes());
    // A proxy on this machine that speaks TLS calls by loopback too.
    listens_here && !origin.is_some_and(|origin| origin.starts_with(b"https:"))
}

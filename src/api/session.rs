//! Handlers of sessions: a browser's cookie in place of a key.

use super::{
    Tag,
    auth::COOKIE,
    body::Body,
    dto::{NewSession, Session},
};
use crate::jobs::{JobManager, Principal, SESSION_HOURS};
use poem::{Request, Result, web::Data};
use poem_openapi::{ApiResponse, OpenApi, payload::Json};
use std::sync::Arc;

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
    async fn get_session(&self, caller: Data<&Arc<Principal>>) -> Json<Session> {
        Json(Session::of(&caller))
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
        let (token, principal) = self.0.start_session(&body.value.key)?;
        let cookie = cookie(&token, SESSION_HOURS * 60 * 60, request);
        Ok(StartedSession::Started(
            Json(Session::of(&principal)),
            cookie,
        ))
    }

    /// Sign out
    ///
    /// Lets the browser forget the session.
    #[oai(path = "/", method = "delete", operation_id = "end_session")]
    async fn end_session(&self, request: &Request) -> EndedSession {
        EndedSession::Ended(cookie("", 0, request))
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

//! Who may call: one middleware before all handlers. It finds out who calls and what the call
//! needs, and passes the caller on in the data of the request.

mod answer;
mod credentials;
mod watch;

pub use answer::PrivateAnswers;
pub use credentials::COOKIE;

use super::{
    permissions::{Found, Need, Needs},
    problem::Problem,
};
use crate::{
    dashboard,
    jobs::{Access, JobManager, Principal, role_name},
};
use credentials::{caller, unauthenticated};
use futures_util::{FutureExt, TryFutureExt, future::Either};
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    error::{MethodNotAllowedError, NotFoundError},
    http::Method,
};
use std::{
    future::{Future, ready},
    sync::Arc,
};

const NO_KEY: &str = "This server needs a key: send it as `Authorization: Bearer cs_…`. An admin \
    makes one with `callsheet keys create`.";

#[derive(Clone)]
pub struct Authenticate {
    jobs: JobManager,
    needs: Arc<Needs>,
    /// Whether the pages and files with the API's document are for everyone.
    has_public_docs: bool,
    anyone: Arc<Principal>,
}

/// How a request goes on.
enum Pass {
    /// As it came.
    On,
    /// With the caller looked at again while the call waits or streams.
    Watched(Arc<Principal>),
    /// The answer has the status alone.
    Status,
}

impl Authenticate {
    pub fn new(jobs: &JobManager, has_public_docs: bool) -> Self {
        Self {
            jobs: jobs.clone(),
            needs: Arc::new(Needs::of_document()),
            has_public_docs,
            anyone: Arc::new(Principal::anyone()),
        }
    }

    fn check(&self, request: &mut Request) -> Result<Pass> {
        match self.jobs.access() {
            Access::Open => {
                request.set_data(self.anyone.clone());
                return Ok(Pass::On);
            }
            Access::Keys | Access::Unknown => {}
        }
        let (method, path) = (request.method(), request.uri().path());
        let found = self.needs.find(method, path);
        let (need, is_watched) = match &found {
            Found::Operation(operation) => (operation.need, watch::is_watched(operation, request)),
            Found::OtherMethod => (Need::Key, false),
            Found::Nothing => (self.need_of_page(method, path).unwrap_or(Need::Key), false),
        };
        if need == Need::Public {
            return Ok(Pass::On);
        }
        if self.jobs.access() == Access::Unknown {
            if need == Need::Status {
                return Ok(Pass::Status);
            }
            return Err(Problem::new(
                "database_unavailable",
                "The server could not read its keys yet: try again in a moment.",
            )
            .into());
        }
        let principal = match caller(&self.jobs, request) {
            Ok(Some(principal)) => principal,
            Ok(None) | Err(_) if need == Need::Status => return Ok(Pass::Status),
            Ok(None) => return Err(unauthenticated(NO_KEY).into()),
            Err(problem) => return Err(problem.into()),
        };
        match &found {
            // Answered here: the router might find a handler behind another spelling of the path.
            Found::OtherMethod => return Err(MethodNotAllowedError.into()),
            Found::Nothing if self.need_of_page(method, path).is_none() => {
                return Err(NotFoundError.into());
            }
            _ => {}
        }
        if let Need::Permission(permission) = need
            && !permission.is_of(principal.role)
        {
            return Err(role_missing(&principal, permission.least_role()).into());
        }
        request.set_data(principal.clone());
        Ok(if is_watched {
            Pass::Watched(principal)
        } else {
            Pass::On
        })
    }

    /// Returns what a path needs that is no operation; `None` if there is nothing.
    fn need_of_page(&self, method: &Method, path: &str) -> Option<Need> {
        let read = Need::Permission(crate::jobs::Permission::JobsRead);
        let first = path.trim_start_matches('/').split('/').next();
        match first.unwrap_or_default() {
            "docs" | "redoc" | "openapi.json" | "openapi.yaml" | "openapi-3.0.json" => {
                Some(if self.has_public_docs {
                    Need::Public
                } else {
                    read
                })
            }
            "media" | "bench" | "metrics" => Some(read),
            // Pages have nothing in them: their scripts call the API.
            "assets" | "problems" => Some(Need::Public),
            _ if matches!(*method, Method::GET | Method::HEAD) && dashboard::is_page(path) => {
                Some(Need::Public)
            }
            _ => None,
        }
    }
}

fn role_missing(principal: &Principal, least: entity::Role) -> Problem {
    Problem::new(
        "role_missing",
        format!(
            "The key {} has the role {}; this call needs the role {}.",
            principal.name,
            role_name(principal.role),
            role_name(least)
        ),
    )
}

impl<E: Endpoint> Middleware<E> for Authenticate {
    type Output = Authenticated<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Authenticated {
            inner,
            auth: self.clone(),
        }
    }
}

pub struct Authenticated<E> {
    inner: E,
    auth: Authenticate,
}

impl<E: Endpoint> Endpoint for Authenticated<E> {
    type Output = Response;

    /// Not an `async fn`, which would hold the request during the whole call.
    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let pass = match self.auth.check(&mut request) {
            Ok(pass) => pass,
            Err(error) => return Either::Left(ready(Err(error))),
        };
        let call = self.inner.call(request).map_ok(IntoResponse::into_response);
        Either::Right(match pass {
            Pass::On => Either::Left(call),
            Pass::Watched(principal) => {
                let jobs = self.auth.jobs.clone();
                Either::Right(Either::Left(watch::watched(call, jobs, principal)))
            }
            Pass::Status => Either::Right(Either::Right(call.map(answer::status_alone))),
        })
    }
}

//! Who may call: one middleware before all handlers. It finds out who calls and what the call
//! needs, and passes the caller on in the data of the request.

mod acting;
mod answer;
mod audited;
mod credentials;
mod failures;
mod guarded;
mod job_token;
mod links;
mod rate;
mod watch;

pub use acting::Acting;
pub use answer::PrivateAnswers;
pub use audited::{asker, is_safe};
pub use credentials::{COOKIE, session_token};
pub use failures::Failures;
pub use job_token::lease_of;
pub use links::MediaLinks;
pub use rate::add_headers as add_rate_headers;

use super::{
    contract::{Bound, Need},
    legacy,
    problem::Problem,
};
use crate::{
    dashboard,
    jobs::{Access, JobManager, Left, Place, Principal, role_name},
};
use audited::AuditedCall;
use credentials::{Caller, caller, unauthenticated};
use futures_util::{FutureExt, TryFutureExt, future::Either};
use guarded::{Found, Needs};
use job_token::JobCall;
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    error::{MethodNotAllowedError, NotFoundError},
    http::{Method, header},
};
use std::{
    future::{Future, ready},
    sync::Arc,
};

const NO_KEY: &str = "This server needs a key: send it as `Authorization: Bearer cs_…`. An admin \
    makes one with `callsheet keys create`.";

const KEY_BOUND: &str = "The key of the call is bound to job types or labels, and this is about all \
    jobs: use a key that is not bound.";

const BAD_LINK: &str = "The link has expired or was changed: ask for another one.";

#[derive(Clone)]
pub struct Authenticate {
    jobs: JobManager,
    needs: Arc<Needs>,
    /// Whether the pages and files with the API's document are for everyone.
    has_public_docs: bool,
    /// The caller of an open server.
    anyone: Acting,
    failures: Failures,
    links: MediaLinks,
}

/// How a request goes on.
enum Pass {
    /// As it came.
    On,
    /// With the caller looked at again while the call waits or streams.
    Watched(Caller, Place),
    /// As a call of the program of a job, once its token is checked.
    Program(JobCall),
    /// The answer has the status alone.
    Status,
}

impl Authenticate {
    pub fn new(
        jobs: &JobManager,
        has_public_docs: bool,
        failures: Failures,
        links: MediaLinks,
    ) -> Self {
        Self {
            jobs: jobs.clone(),
            needs: Arc::new(Needs::of_document()),
            has_public_docs,
            anyone: Acting(Arc::new(jobs.acting(Arc::new(Principal::anyone())))),
            failures,
            links,
        }
    }

    /// Checks the request, and returns in `audited` its call if that belongs in the audit.
    fn check(&self, request: &mut Request, audited: &mut Option<AuditedCall>) -> Result<Pass> {
        if request.headers().contains_key(header::AUTHORIZATION)
            && let Some(call) = JobCall::of(request, &self.needs)?
        {
            return Ok(Pass::Program(call));
        }
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
        if need == Need::Public || self.is_shared(request)? {
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
        let caller = match caller(&self.jobs, &self.failures, request) {
            Ok(Some(caller)) => caller,
            Ok(None) | Err(_) if need == Need::Status => return Ok(Pass::Status),
            Ok(None) => return Err(unauthenticated(NO_KEY).into()),
            Err(problem) => return Err(problem.into()),
        };
        let principal = &caller.principal;
        if let Found::Operation(operation) = &found {
            *audited = AuditedCall::begin(&self.jobs, operation, principal, request);
        }
        match &found {
            // Answered here: the router might find a handler behind another spelling of the path.
            Found::OtherMethod => return Err(MethodNotAllowedError.into()),
            Found::Nothing if self.need_of_page(method, path).is_none() => {
                return Err(NotFoundError.into());
            }
            _ => {}
        }
        let is_about_all = is_about_all_jobs(path);
        if let Some(left) = rate::count(&principal.limits)? {
            request.set_data(left);
        }
        if let Need::Permission(permission) = need
            && !permission.is_of(principal.role)
        {
            return Err(role_missing(principal, permission.least_role()).into());
        }
        if !principal.binding.is_free() {
            if need == Need::Status {
                return Ok(Pass::Status);
            }
            let bound = match &found {
                Found::Operation(operation) => operation.bound,
                _ if is_about_all => Bound::Refused,
                _ => Bound::Free,
            };
            if bound == Bound::Refused {
                return Err(Problem::new("key_bound", KEY_BOUND).into());
            }
        }
        request.set_data(Acting(Arc::new(self.jobs.acting(principal.clone()))));
        match &found {
            Found::Operation(operation) if is_watched => {
                let place = watch::place(operation, request, &caller.principal.limits)?;
                Ok(Pass::Watched(caller, place))
            }
            _ => Ok(Pass::On),
        }
    }

    /// Returns whether a signed link leads to the file that the request asks for.
    ///
    /// Errors: `unauthenticated` for a link that has expired or was changed.
    fn is_shared(&self, request: &Request) -> Result<bool> {
        let (path, query) = (request.uri().path(), request.uri().query());
        if !path.starts_with("/media/") || !is_safe(request.method()) {
            return Ok(false);
        }
        match self.links.check(path, query, self.jobs.now()) {
            None => Ok(false),
            Some(true) => Ok(true),
            Some(false) => Err(unauthenticated(BAD_LINK).into()),
        }
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
            "media" | "metrics" | "bench" => Some(read),
            // Pages have nothing in them: their scripts call the API.
            "assets" | "problems" => Some(Need::Public),
            _ if matches!(*method, Method::GET | Method::HEAD) && dashboard::is_page(path) => {
                Some(Need::Public)
            }
            "api" | "batch" => legacy::need_of(method, path),
            _ => None,
        }
    }
}

/// Returns whether a path that is no operation leads to figures or files of all jobs, or to a call
/// of an older service.
fn is_about_all_jobs(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    matches!(first, Some("media" | "metrics" | "api" | "batch"))
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
        let mut audited = None;
        let pass = match self.auth.check(&mut request, &mut audited) {
            Ok(pass) => pass,
            Err(error) => {
                let refused = match request.data::<Left>() {
                    Some(left) => rate::with(Err(error), *left),
                    None => Err(error),
                };
                if let Some(audited) = audited {
                    audited.answered(&refused);
                }
                return Either::Left(ready(refused));
            }
        };
        let pass = match pass {
            Pass::Program(call) => {
                let (inner, jobs) = (&self.inner, &self.auth.jobs);
                return Either::Right(Either::Left(Box::pin(async move {
                    call.enter(jobs, &mut request).await?;
                    inner.call(request).await.map(IntoResponse::into_response)
                })));
            }
            pass => pass,
        };
        let left = request.data::<Left>().copied();
        let call = self.inner.call(request).map_ok(IntoResponse::into_response);
        let call = match left {
            None => Either::Left(call),
            Some(left) => Either::Right(call.map(move |answer| rate::with(answer, left))),
        };
        Either::Right(Either::Right(match (pass, audited) {
            (Pass::On, None) => Either::Left(Either::Left(call)),
            (Pass::On, Some(audited)) => Either::Left(Either::Right(audited.end_with(call))),
            (Pass::Watched(caller, place), audited) => {
                let jobs = self.auth.jobs.clone();
                let call = watch::watched(call, jobs, caller, place);
                Either::Right(Either::Left(match audited {
                    None => Either::Left(call),
                    Some(audited) => Either::Right(audited.end_with(call)),
                }))
            }
            (Pass::Status | Pass::Program(_), _) => {
                Either::Right(Either::Right(call.then(answer::status_alone)))
            }
        }))
    }
}

//! Calls for the audit: each adds itself when it ends, also when its client leaves before the
//! answer.

use super::{acting::Acting, guarded::Guarded};
use crate::{
    api::{contract::Need, request_id::RequestId},
    jobs::{Asker, AuditCall, AuditCalls, JobManager, Permission, Principal},
};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use poem::{Request, Response, Result, http::Method};

/// Status of a call whose client left before the answer.
const CLIENT_LEFT: u16 = 499;

/// Operations whose transactions store the call: no crash may lose it.
const STORED_WITH_CHANGE: [&str; 3] = ["create_key", "revoke_key", "rotate_key"];

/// A call under way, which is added to the audit when it is dropped.
pub struct AuditedCall {
    calls: AuditCalls,
    call: Option<AuditCall>,
    at: DateTime<Utc>,
    request_id: String,
    is_frequent: bool,
}

impl AuditedCall {
    /// Returns the call; `None` for a method that changes nothing.
    pub fn begin(
        jobs: &JobManager,
        operation: &Guarded,
        caller: &Principal,
        request: &Request,
    ) -> Option<Self> {
        if is_safe(request.method()) {
            return None;
        }
        let is_frequent = is_frequent(operation.need);
        let target = || operation.target(request.uri().path());
        Some(Self {
            calls: jobs.audit_calls().clone(),
            call: Some(AuditCall {
                key_id: caller.key_id.clone(),
                operation: operation.id.clone(),
                target: if is_frequent { None } else { target() },
                status: CLIENT_LEFT,
            }),
            at: jobs.now(),
            request_id: request_id(request).unwrap_or_default(),
            is_frequent,
        })
    }

    /// Runs the call, and ends it with its answer.
    pub fn end_with(
        self,
        call: impl Future<Output = Result<Response>>,
    ) -> impl Future<Output = Result<Response>> {
        call.inspect(move |answer| self.answered(answer))
    }

    /// Ends the call with its answer.
    pub fn answered(mut self, answer: &Result<Response>) {
        let Some(call) = &mut self.call else { return };
        call.status = match answer {
            Ok(response) => response.status().as_u16(),
            Err(error) => error.status().as_u16(),
        };
        if call.status < 400 && STORED_WITH_CHANGE.contains(&&*call.operation) {
            self.call = None;
        }
    }
}

impl Drop for AuditedCall {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.calls
                .add(call, self.at, &self.request_id, self.is_frequent);
        }
    }
}

/// Returns whether calls of an operation come all day long, and are stored as sums: the history of
/// the jobs says which they were.
fn is_frequent(need: Need) -> bool {
    use Permission::{JobsClaim, JobsCreate, JobsReport};
    matches!(need, Need::Permission(JobsClaim | JobsReport | JobsCreate))
}

pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn request_id(request: &Request) -> Option<String> {
    request.data::<RequestId>().map(|id| id.0.clone())
}

/// Returns who makes the request, for a change that stores its call itself.
pub fn asker(request: &Request) -> Asker {
    let caller = request.data::<Acting>().and_then(|jobs| jobs.caller());
    Asker {
        key_id: caller.and_then(|caller| caller.key_id.clone()),
        request_id: request_id(request),
    }
}

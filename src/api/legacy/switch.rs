//! Middleware that hides the older calls of the API's document which the server is configured not
//! to answer.

use crate::legacy_routes::LegacyRoutes;
use futures_util::future::Either;
use poem::{Endpoint, Middleware, Request, Result, error::NotFoundError};
use std::future::{Future, ready};

/// Beginnings of the paths of the older calls in the document.
const PATHS: [(LegacyRoutes, &str); 2] = [
    (LegacyRoutes::Videos, "/api/v1/videos/"),
    (LegacyRoutes::DirectPipeline, "/api/v1/direct-pipeline/"),
];

/// Beginnings of the paths that are hidden.
#[derive(Clone)]
pub struct Switch(Vec<&'static str>);

impl Switch {
    pub fn new(on: &[LegacyRoutes]) -> Self {
        let off = PATHS.iter().filter(|(set, _)| !on.contains(set));
        Self(off.map(|(_, path)| *path).collect())
    }
}

impl<E: Endpoint> Middleware<E> for Switch {
    type Output = Switched<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Switched {
            inner,
            hidden: self.0.clone(),
        }
    }
}

pub struct Switched<E> {
    inner: E,
    hidden: Vec<&'static str>,
}

impl<E: Endpoint> Endpoint for Switched<E> {
    type Output = E::Output;

    /// Not an `async fn`, which would hold the request during the whole call.
    fn call(&self, request: Request) -> impl Future<Output = Result<E::Output>> + Send {
        let path = request.uri().path();
        if self.hidden.iter().any(|hidden| path.starts_with(hidden)) {
            return Either::Left(ready(Err(NotFoundError.into())));
        }
        Either::Right(self.inner.call(request))
    }
}

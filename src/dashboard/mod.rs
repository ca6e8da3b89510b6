//! The dashboard: one page for all its paths and the files that it needs, embedded in the binary.
//! It uses only the public API, so this module does not depend on the rest of the service.

mod assets;
mod bundle;
mod serve;

pub use assets::{FILES, STYLES, is_shared, styles};
pub use bundle::File;
pub use serve::send;

use futures_util::future::Either;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, Result, Route};
use std::sync::Arc;

/// Paths that serve the page, besides `/`; its router shows what the path names. The table of pages
/// in `assets/app/pages.js` has the same, as a test asserts.
pub const PAGES: [&str; 17] = [
    "/jobs",
    "/jobs/:id",
    "/jobs/:id/log",
    "/compare",
    "/causes",
    "/new",
    "/series",
    "/series/:id",
    "/workers",
    "/schedules",
    "/webhooks",
    "/storage",
    "/imports",
    "/imports/:id",
    "/actions",
    "/actions/:id",
    "/sign-in",
];

/// Path under which a proxy publishes the server, without a slash at its end; data of a request.
#[derive(Clone)]
pub struct Prefix(pub Arc<str>);

/// Returns whether the path serves the page.
pub fn is_page(path: &str) -> bool {
    let parts = || path.split('/').filter(|part| !part.is_empty());
    let serves = |page: &&str| {
        let mut of_page = page.split('/').filter(|part| !part.is_empty());
        let mut same = parts().all(|part| of_page.next().is_some_and(|p| p == part || p == ":id"));
        same &= of_page.next().is_none();
        same
    };
    path == "/" || PAGES.iter().any(serves)
}

pub fn add(mut routes: Route) -> Route {
    for path in PAGES {
        routes = routes.at(path, serve::page());
    }
    routes.at("/assets/:hash/*name", serve::asset())
}

/// Serves the page at `/` and the nested endpoint everywhere else. A `Route` cannot do this: its
/// nested endpoint would get `/` as well.
pub fn at_root<E: IntoEndpoint<Endpoint: 'static>>(nested: E) -> impl Endpoint<Output = Response> {
    AtRoot {
        page: serve::page().map_to_response(),
        nested: nested.into_endpoint().map_to_response(),
    }
}

struct AtRoot<P, E> {
    page: P,
    nested: E,
}

impl<P: Endpoint<Output = Response>, E: Endpoint<Output = Response>> Endpoint for AtRoot<P, E> {
    type Output = Response;

    /// Not an `async fn`, which would hold the request in its future during the whole call.
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        if request.uri().path() == "/" {
            Either::Left(self.page.call(request))
        } else {
            Either::Right(self.nested.call(request))
        }
    }
}

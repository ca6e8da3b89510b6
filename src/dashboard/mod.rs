//! The dashboard: one page for all its paths, and the files that it is made of, inside the binary. It speaks to the public
//! API alone, so nothing of the service is known here.

mod assets;
mod serve;

pub use assets::{FILES, STYLES, styles};

use futures_util::future::Either;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, Result, Route};

/// Paths that serve the page, besides `/`; its router shows what the path names. The table of pages
/// in `assets/app/pages.js` has the same, as a test asserts.
pub const PAGES: [&str; 10] = [
    "/jobs",
    "/jobs/:id",
    "/new",
    "/series",
    "/series/:id",
    "/workers",
    "/imports",
    "/imports/:id",
    "/actions",
    "/actions/:id",
];

pub fn add(mut routes: Route) -> Route {
    for path in PAGES {
        routes = routes.at(path, serve::page());
    }
    routes.at("/assets/:hash/*name", serve::asset())
}

/// The page at `/`, and what is nested under `/` everywhere else: a route would leave the first to the second.
pub fn at_root<E: IntoEndpoint<Endpoint: 'static>>(nested: E) -> impl Endpoint<Output = Response> {
    AtRoot { page: serve::page().map_to_response(), nested: nested.into_endpoint().map_to_response() }
}

struct AtRoot<P, E> {
    page: P,
    nested: E,
}

impl<P: Endpoint<Output = Response>, E: Endpoint<Output = Response>> Endpoint for AtRoot<P, E> {
    type Output = Response;

    /// No `async fn`, which would hold the request as well for as long as the call lasts.
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        if request.uri().path() == "/" {
            Either::Left(self.page.call(request))
        } else {
            Either::Right(self.nested.call(request))
        }
    }
}

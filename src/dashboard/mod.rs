//! The dashboard: one page for all its paths, and the files that it is made of, inside the binary. It speaks to the public
//! API alone, so nothing of the service is known here.

mod assets;
mod serve;

pub use assets::{FILES, sent};

use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route};

/// Paths that show the page, besides `/`; its script reads the path and decides what of it.
const PAGES: [&str; 10] = [
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
    routes.at("/assets/:hash/:name", serve::asset())
}

/// The page at `/`, and what is nested under `/` everywhere else: a route would leave the first to the second.
pub fn at_root<E: IntoEndpoint<Endpoint: 'static>>(nested: E) -> impl Endpoint<Output = Response> {
    let page = std::sync::Arc::new(serve::page());
    nested.into_endpoint().map_to_response().around(move |nested, request| {
        let page = page.clone();
        async move { if request.uri().path() == "/" { page.call(request).await } else { nested.call(request).await } }
    })
}

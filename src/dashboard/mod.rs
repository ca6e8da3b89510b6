//! The dashboard: one page for all its paths, and the files that it is made of, inside the binary. It speaks to the public
//! API alone, so nothing of the service is known here.

mod assets;
mod serve;

pub use assets::FILES;

use poem::Route;

/// Paths that show the page; its script reads the path and decides what of it.
const PAGES: [&str; 11] = [
    "/",
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

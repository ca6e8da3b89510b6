//! OpenAPI document and the pages that show it. The pages load nothing from other hosts.

use super::spec;
use poem::{Endpoint, EndpointExt, Response, Route, endpoint::make_sync, get, http::header};
use std::sync::{Arc, OnceLock};

/// Allows the pages to run their inline scripts and styles, and to call this server.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; \
                      img-src 'self' data: blob:; font-src data:; worker-src blob:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub fn add(routes: Route) -> Route {
    routes
        .at("/docs", page(spec::swagger_ui))
        .at("/redoc", page(spec::redoc))
        .at("/openapi.json", text("application/json", spec::json))
        .at("/openapi.yaml", text("application/yaml", spec::yaml))
        .at(
            "/openapi-3.0.json",
            text("application/json", spec::json_3_0),
        )
}

/// Serves a page that the first request builds: most servers never show it, and it is large.
fn page(make: fn() -> String) -> impl Endpoint {
    get(text("text/html; charset=utf-8", make).with(
        poem::middleware::SetHeader::new().overriding(header::CONTENT_SECURITY_POLICY, POLICY),
    ))
}

fn text(content_type: &'static str, make: fn() -> String) -> poem::RouteMethod {
    let made: Arc<OnceLock<bytes::Bytes>> = Arc::default();
    get(make_sync(move |_| {
        let body = made.get_or_init(|| make().into()).clone();
        Response::builder().content_type(content_type).body(body)
    }))
}

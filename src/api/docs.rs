//! OpenAPI document and the pages that show it, compressed and with an ETag. The pages load nothing
//! from other hosts.

use super::{base_path::prefix, problem::Problem, spec};
use crate::dashboard::{File, send};
use poem::{
    Endpoint, IntoResponse, Request, Response, Result, Route, RouteMethod, get,
    http::header::{CONTENT_SECURITY_POLICY, HeaderValue},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Allows the pages to run their inline scripts and styles, and to call this server.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; \
                      img-src 'self' data: blob:; font-src data:; worker-src blob:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Path prefixes for which a document is kept in memory.
const MAX_PREFIXES: usize = 4;

pub fn add(routes: Route) -> Route {
    let json = "application/json";
    routes
        .at("/docs", page(spec::swagger_ui))
        .at("/redoc", page(spec::redoc))
        .at("/openapi.json", document(json, spec::json_at))
        .at("/openapi.yaml", document("application/yaml", spec::yaml_at))
        .at("/openapi-3.0.json", document(json, spec::json_3_0_at))
}

fn page(make: fn(&str) -> String) -> RouteMethod {
    let mut page = Document::new("text/html; charset=utf-8", make);
    page.policy = Some(POLICY);
    get(page)
}

fn document(content_type: &'static str, make: fn(&str) -> String) -> RouteMethod {
    get(Document::new(content_type, make))
}

/// A text that the first request builds: most servers never send it, and it is large.
struct Document {
    content_type: &'static str,
    make: fn(&str) -> String,
    policy: Option<&'static str>,
    /// The built text by the path prefix that it names.
    made: Mutex<HashMap<Arc<str>, Arc<File>>>,
}

impl Document {
    fn new(content_type: &'static str, make: fn(&str) -> String) -> Self {
        Self {
            content_type,
            make,
            policy: None,
            made: Mutex::default(),
        }
    }

    fn made(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<File>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn file(&self, prefix: Arc<str>) -> Result<Arc<File>> {
        if let Some(file) = self.made().get(&prefix).cloned() {
            return Ok(file);
        }
        let (make, content_type, given) = (self.make, self.content_type, prefix.clone());
        let building = tokio::task::spawn_blocking(move || File::new(content_type, &make(&given)));
        let file = building
            .await
            .map_err(|error| Problem::internal(&format!("no document: {error}")))?;
        let file = Arc::new(file);
        let mut made = self.made();
        if made.len() >= MAX_PREFIXES {
            made.clear();
        }
        made.insert(prefix, file.clone());
        Ok(file)
    }
}

impl Endpoint for Document {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let file = self.file(prefix(&request)).await?;
        let mut response = send(&request, &file, "no-cache").into_response();
        if let Some(policy) = self.policy {
            let policy = HeaderValue::from_static(policy);
            response
                .headers_mut()
                .insert(CONTENT_SECURITY_POLICY, policy);
        }
        Ok(response)
    }
}

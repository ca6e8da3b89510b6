//! The HTTP interface: requests become calls of `JobManager`, answers become JSON. One file a resource.

mod actions;
mod active_jobs;
mod answer_headers;
#[cfg(feature = "bench")]
mod bench;
mod body;
mod claims;
mod contract;
mod cors;
mod docs;
mod dto;
mod episodes;
mod events;
mod examples;
mod filter;
mod gate;
mod generate;
mod headers;
mod health;
mod host;
mod imports;
mod items;
mod jobs;
mod kept_lists;
mod lifecycle;
mod media;
mod middleware;
mod origin;
mod paging;
mod prepare;
mod problem;
mod reports;
mod series;
mod shots;
mod single_headers;
pub mod spec;
mod sse;
mod stats;
mod streams;
mod upload;
mod workers;
mod written;

pub use contract::OPERATIONS;
pub use host::is_host;
pub use problem::{CODES, meaning};

use crate::{app::App, dashboard, import::Background, jobs::JobManager};
use poem::{Endpoint, EndpointExt, Request, Response, Route};
use poem_openapi::{OpenApi, OpenApiService, Tags};

/// Groups of operations in the document, in the order of a job's life.
#[derive(Tags)]
enum Tag {
    /// Start a video from an idea or a script: the calls that older clients know.
    Generate,
    /// Create, read, list, change and delete jobs.
    Jobs,
    /// What happens to a job: started, completed, failed, cancelled, retried.
    Lifecycle,
    /// Claim jobs under leases, keep them, report what became of them.
    Workers,
    /// The parts of a job, and the shots that they are to older clients.
    Items,
    /// What happened to a job, step by step.
    Events,
    /// What there is, what waits, and what happened lately.
    Stats,
    /// What is done to all jobs that match a filter.
    Actions,
    /// Series that jobs and episodes belong to.
    Series,
    /// Episodes that jobs belong to.
    Episodes,
    /// Bring along the jobs of an older store, or of an export.
    Imports,
    /// Whether the service and its database answer.
    Health,
}

/// All operations.
fn operations(jobs: &JobManager, imports: &Background) -> impl OpenApi + use<> {
    (
        generate::Generate(jobs.clone()),
        jobs::Jobs(jobs.clone(), kept_lists::KeptLists::default()),
        lifecycle::Lifecycle(jobs.clone()),
        (claims::Claims(jobs.clone()), workers::Workers(jobs.clone())),
        reports::Reports(jobs.clone()),
        items::Items(jobs.clone()),
        shots::Shots(jobs.clone()),
        (events::Events(jobs.clone()), streams::Streams(jobs.clone()), stats::Statistics(jobs.clone())),
        (active_jobs::Active(jobs.clone()), actions::StartActions(jobs.clone()), actions::Actions(jobs.clone())),
        series::Series(jobs.clone()),
        episodes::Episodes(jobs.clone()),
        imports::Imports { jobs: jobs.clone(), background: imports.clone() },
        health::Health(jobs.clone()),
    )
}

fn service<T: OpenApi + 'static>(operations: T) -> OpenApiService<T, ()> {
    OpenApiService::new(operations, "Callsheet", env!("CARGO_PKG_VERSION"))
}

/// Everything that the server answers.
pub fn routes(app: &App) -> impl Endpoint<Output = Response> + use<> {
    let service = service(operations(&app.jobs, &app.imports));
    let mut routes = Route::new().nest("/", dashboard::at_root(service));
    routes = dashboard::add(docs::add(routes));
    #[cfg(feature = "bench")]
    {
        routes = routes.at("/bench/echo", bench::echo()).at("/bench/fixed", bench::fixed());
    }
    if let Some(folder) = &app.config.media_dir {
        routes = routes.at("/media/*path", media::Media::new(folder));
    }
    let settings = body::Limit(app.config.max_body_bytes);
    let uploads = upload::UploadLimit(app.config.max_upload_bytes);
    let origins = &app.config.cors_origins;
    let imports = app.imports.clone();
    let data = move |request: &mut Request| {
        request.set_data(settings);
        request.set_data(uploads);
        request.set_data(imports.clone());
    };
    routes
        .with(prepare::Prepare(data))
        .with(middleware::Problems::new())
        .with(cors::Cors::new(origins))
        .with(gate::Gate::new(app.config.listen.ip(), &app.config.allowed_hosts, origins))
}

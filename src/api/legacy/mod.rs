//! Calls of older services, for clients that have not moved yet. Each answer says that the call is
//! deprecated, and where its successor is.

mod comic;
pub mod direct_pipeline;
mod draft_maker;
mod jobs;
mod stores;
mod switch;
mod times;
mod topclip;
pub mod videos;
mod web2img;

pub use direct_pipeline::DirectPipeline;
pub use stores::{add, ids, need_of};
pub use switch::Switch;
pub use videos::Videos;

use crate::metrics::LEGACY_PREFIX;
use poem::http::{HeaderMap, HeaderName, HeaderValue, header};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

/// Marks the answer to an older call as deprecated, with a link to the call that replaces it.
/// Answers to other calls stay as they are.
pub fn mark(operation: Option<&str>, headers: &mut HeaderMap) {
    let Some(successor) = operation.and_then(successor) else {
        return;
    };
    headers.insert(DEPRECATION, HeaderValue::from_static("true"));
    let link = format!("<{successor}>; rel=\"successor-version\"");
    if let Ok(link) = HeaderValue::try_from(link) {
        headers.insert(header::LINK, link);
    }
}

/// Returns the path of the call that replaces an older one.
fn successor(operation: &str) -> Option<&'static str> {
    let call = operation.strip_prefix(LEGACY_PREFIX)?;
    Some(match call {
        "pipeline_script2video" => "/api/v1/generate/script2video",
        "pipeline_idea2video" | "generate_video" => "/api/v1/generate/idea2video",
        "video_health" => "/health",
        _ => "/api/v1/jobs",
    })
}

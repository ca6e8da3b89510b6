//! Look for the files that a result names, in the media folder of this server.

use crate::{jobs::Failure, media_folder::MediaFolder};
use serde_json::{Map, Value};
use std::path::Path;

/// Media folder in which the files of results have to be; `None` to believe every result.
#[derive(Clone, Debug)]
pub struct ResultFiles(Option<MediaFolder>);

impl ResultFiles {
    pub fn new(folder: Option<&Path>) -> Self {
        Self(folder.map(|path| MediaFolder::new(path.to_owned())))
    }

    /// Returns the failure of an attempt whose result names a file that is missing or empty. A
    /// caller without a lease is no worker: it may report files of another place.
    pub async fn missing(
        &self,
        lease: &Option<String>,
        result: Option<&Map<String, Value>>,
    ) -> Option<Failure> {
        let (folder, result, _) = (self.0.as_ref()?, result?, lease.as_ref()?);
        let why = folder.missing(&Value::Object(result.clone())).await?;
        Some(Failure {
            error: format!("the result was not taken: {why}"),
            retryable: true,
            retry_after_seconds: None,
        })
    }
}

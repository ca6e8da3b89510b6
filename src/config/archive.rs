//! Place of the archive: a folder, or a bucket with its endpoint, region and keys.

use super::{
    ConfigError,
    secrets::{bucket_keys, variable},
};
use crate::jobs::{ArchiveStore, BucketSettings, Patience, parse_place};
use std::path::PathBuf;
use url::Url;

/// Region of services that have none.
const ANY_REGION: &str = "us-east-1";

/// Returns the store of the archive, if there is one.
pub fn archive(
    place: Option<PathBuf>,
    endpoint: Option<String>,
    region: Option<String>,
) -> Result<Option<ArchiveStore>, ConfigError> {
    let Some(place) = place else {
        return Ok(None);
    };
    let text = place.to_string_lossy().into_owned();
    let wrong = |detail: &'static str| ConfigError::setting("archive", detail);
    let (name, prefix) = match parse_place(&text) {
        Some(parsed) => parsed.map_err(wrong)?,
        None if text.contains("://") => {
            return Err(wrong(
                "use a folder or s3://bucket/prefix; mount other stores as a folder",
            ));
        }
        None => return Ok(Some(ArchiveStore::folder(place))),
    };
    let endpoint = first_set(endpoint, ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]);
    let endpoint = endpoint.as_deref().map(parse_endpoint).transpose()?;
    let region = match first_set(region, ["AWS_REGION", "AWS_DEFAULT_REGION"]) {
        Some(region) => checked_region(region)?,
        None if endpoint.is_some() => ANY_REGION.to_owned(),
        None => {
            let detail = "name the region of the bucket, here or in AWS_REGION";
            return Err(ConfigError::setting("archive_region", detail));
        }
    };
    let settings = BucketSettings {
        name,
        prefix,
        region,
        endpoint,
        keys: bucket_keys()?,
        patience: Patience::default(),
    };
    let store = ArchiveStore::bucket(settings);
    store
        .map(Some)
        .map_err(|detail| ConfigError::setting("archive", detail))
}

fn first_set(set: Option<String>, names: [&str; 2]) -> Option<String> {
    let set = set.filter(|text| !text.is_empty());
    set.or_else(|| names.into_iter().find_map(variable))
}

fn checked_region(region: String) -> Result<String, ConfigError> {
    if region
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    {
        return Ok(region);
    }
    let detail = "use a region such as eu-central-1";
    Err(ConfigError::setting("archive_region", detail))
}

fn parse_endpoint(text: &str) -> Result<Url, ConfigError> {
    let wrong = |detail: &'static str| ConfigError::setting("archive_endpoint", detail);
    let url = Url::parse(text).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| wrong("use a URL such as https://s3.example.com"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "leave out user and password: keys are AWS_ACCESS_KEY_ID and others",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("leave out ? and # and what follows"));
    }
    Ok(url)
}

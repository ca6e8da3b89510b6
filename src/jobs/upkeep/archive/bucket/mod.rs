//! Bucket with the objects of the archive, in AWS or in another service that speaks S3.
//!
//! A PUT makes an object whole or not at all. Signatures are in the URLs, so no message has one.

mod attempts;
mod call;
mod refusal;
mod settings;

pub use settings::{BucketKeys, BucketSettings, Patience, parse_place};

use super::location::is_location;
use crate::outbound::{Limits, Outbound, OutboundPolicy};
use bytes::Bytes;
use call::Call;
use hyper::header::CONTENT_RANGE;
use rusty_s3::{Bucket, Credentials, UrlStyle, actions::ListObjectsV2};
use std::{fmt, io};

/// Maximum bytes of an object that one PUT writes. Those of the archive have about 16 MiB.
const MAX_PUT_BYTES: usize = 5 << 30;

/// Bucket in which a server archives jobs.
pub struct ArchiveBucket {
    settings: BucketSettings,
    bucket: Bucket,
    keys: Credentials,
    http: Outbound,
}

impl fmt::Display for ArchiveBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.settings.name, self.settings.prefix)
    }
}

impl ArchiveBucket {
    /// Returns the bucket, which may not be there.
    ///
    /// Errors: a sentence, if bucket and endpoint make no URL.
    pub fn new(settings: BucketSettings) -> Result<Self, String> {
        let (name, region) = (settings.name.clone(), settings.region.clone());
        let of_aws = format!("https://s3.{region}.amazonaws.com");
        let endpoint = match &settings.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => of_aws
                .parse()
                .map_err(|_| format!("{region} is no region"))?,
        };
        let is_aws = endpoint
            .host_str()
            .is_some_and(|host| host.ends_with(".amazonaws.com"));
        // The certificates of AWS do not cover names with dots.
        let style = match is_aws && !name.contains('.') {
            true => UrlStyle::VirtualHost,
            false => UrlStyle::Path,
        };
        let bucket = Bucket::new(endpoint, style, name, region)
            .map_err(|error| format!("bucket and endpoint make no URL ({error})"))?;
        let keys = &settings.keys;
        let (id, secret) = (&keys.access_key_id, &keys.secret_access_key);
        let keys = match &keys.session_token {
            Some(token) => Credentials::new_with_token(id, secret, token),
            None => Credentials::new(id, secret),
        };
        let limits = Limits {
            connect: settings.patience.connect,
            ..Limits::default()
        };
        Ok(Self {
            http: Outbound::new(OutboundPolicy::of_operator(), limits),
            settings,
            bucket,
            keys,
        })
    }

    fn key(&self, location: &str) -> String {
        format!("{}{location}", self.prefix())
    }

    fn prefix(&self) -> String {
        match self.settings.prefix.as_str() {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        }
    }

    fn place(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.settings.name)
    }

    /// Writes a new object.
    pub async fn write(&self, location: &str, bytes: Bytes) -> io::Result<()> {
        let key = self.key(location);
        if bytes.len() > MAX_PUT_BYTES {
            let detail = format!("{} has more bytes than one PUT takes", self.place(&key));
            return Err(io::Error::new(io::ErrorKind::InvalidInput, detail));
        }
        let put = |only_new| Call::Put {
            key: key.clone(),
            bytes: bytes.clone(),
            only_new,
        };
        let size = bytes.len() as u64;
        let (mut answer, attempts) = self.call(&put(true), size).await?;
        if matches!(&answer, Err(refusal) if refusal.code == "NotImplemented") {
            // Keys are never used twice; the condition is only one more guard.
            answer = self.call(&put(false), size).await?.0;
        }
        match answer {
            // An attempt whose answer was lost has written it; it is read back anyway.
            Err(refusal) if refusal.status == 412 && attempts > 1 => Ok(()),
            Err(refusal) => Err(refusal.error(&self.place(&key))),
            Ok(_) => Ok(()),
        }
    }

    /// Returns whether the bucket has this object.
    pub async fn has(&self, location: &str) -> io::Result<bool> {
        let key = self.key(location);
        let get = Call::Get {
            key: key.clone(),
            first: 0,
            last: 0,
        };
        match self.call(&get, 0).await?.0 {
            Ok(_) => Ok(true),
            Err(refusal) if refusal.is_no_object() => Ok(false),
            Err(refusal) if refusal.status == 416 => Ok(true),
            Err(refusal) => Err(refusal.error(&self.place(&key))),
        }
    }

    /// Reads a range of an object, as far as the object has it.
    pub async fn read_range(&self, location: &str, at: u64, length: u64) -> io::Result<Bytes> {
        let key = self.key(location);
        let get = Call::Get {
            key: key.clone(),
            first: at,
            last: at.saturating_add(length.max(1)) - 1,
        };
        let response = match self.call(&get, length).await?.0 {
            Ok(response) => response,
            Err(refusal) if refusal.status == 416 => return Ok(Bytes::new()),
            Err(refusal) => return Err(refusal.error(&self.place(&key))),
        };
        let begins = format!("bytes {at}-");
        let range = response.headers().get(CONTENT_RANGE);
        let is_range = range
            .and_then(|range| range.to_str().ok())
            .is_some_and(|range| range.starts_with(&begins));
        if response.status() != 206 || !is_range {
            let detail = "the service does not answer with the range that was asked for";
            return Err(io::Error::other(format!("{}: {detail}", self.place(&key))));
        }
        Ok(response.into_body())
    }

    /// Removes an object, if it is there.
    pub async fn remove(&self, location: &str) -> io::Result<()> {
        let key = self.key(location);
        let delete = Call::Delete { key: key.clone() };
        match self.call(&delete, 0).await?.0 {
            Err(refusal) if !refusal.is_no_object() => Err(refusal.error(&self.place(&key))),
            _ => Ok(()),
        }
    }

    /// Returns the locations of all objects.
    pub async fn list(&self) -> io::Result<Vec<String>> {
        let prefix = self.prefix();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let list = Call::list(prefix.clone(), after.clone());
            let body = self.page(&list).await?;
            let text = String::from_utf8_lossy(&body);
            let page = ListObjectsV2::parse_response(&text)
                .map_err(|_| io::Error::other(format!("{self} gives no list of objects")))?;
            let keys = page.contents.iter().map(|one| one.key.as_str());
            let locations = keys.filter_map(|key| key.strip_prefix(prefix.as_str()));
            found.extend(locations.filter(|at| is_location(at)).map(str::to_owned));
            match page.next_continuation_token {
                None => break,
                next if next == after => {
                    return Err(io::Error::other(format!(
                        "{self} gives the same page twice"
                    )));
                }
                next => after = next,
            }
        }
        found.sort();
        Ok(found)
    }

    /// Checks that the bucket is there and lets these keys list it.
    pub async fn reach(&self) -> io::Result<()> {
        let list = Call::List {
            prefix: self.prefix(),
            after: None,
            most: 1,
        };
        self.page(&list).await.map(drop)
    }

    async fn page(&self, list: &Call) -> io::Result<Bytes> {
        match self.call(list, 0).await?.0 {
            Ok(response) => Ok(response.into_body()),
            Err(refusal) => Err(refusal.error(&self.to_string())),
        }
    }
}

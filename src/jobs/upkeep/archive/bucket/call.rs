//! A call of a bucket as a signed request.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use jiff::Timestamp;
use rusty_s3::{Bucket, Credentials, S3Action};
use std::{borrow::Cow, time::Duration};

/// Time for which a signature is valid, which allows for clocks that differ by a few minutes.
const VALID_FOR: Duration = Duration::from_secs(15 * 60);

/// Objects of a page of a list.
const PAGE: usize = 1000;

/// Call of a bucket.
#[derive(Clone, Debug)]
pub enum Call {
    /// Writes a new object.
    Put {
        key: String,
        bytes: Bytes,
        /// Whether the service has to refuse it if there is such an object.
        only_new: bool,
    },
    /// Reads the bytes from the first to the last of the numbers.
    Get {
        key: String,
        first: u64,
        last: u64,
    },
    Delete {
        key: String,
    },
    /// Lists keys, at most `most`, behind the page that gave the token.
    List {
        prefix: String,
        after: Option<String>,
        most: usize,
    },
}

impl Call {
    pub fn list(prefix: String, after: Option<String>) -> Self {
        Self::List {
            prefix,
            after,
            most: PAGE,
        }
    }

    /// Returns the request, signed for the time.
    ///
    /// Errors: a message without the URL.
    pub fn request(
        &self,
        bucket: &Bucket,
        keys: &Credentials,
        now: Timestamp,
    ) -> Result<Request<Full<Bytes>>, String> {
        let keys = Some(keys);
        match self {
            Self::Put {
                key,
                bytes,
                only_new,
            } => {
                let condition = only_new.then_some(("if-none-match", Cow::Borrowed("*")));
                let call = bucket.put_object(keys, key);
                signed(Method::PUT, call, condition, bytes.clone(), now)
            }
            Self::Get { key, first, last } => {
                let range = ("range", Cow::Owned(format!("bytes={first}-{last}")));
                let call = bucket.get_object(keys, key);
                signed(Method::GET, call, Some(range), Bytes::new(), now)
            }
            Self::Delete { key } => {
                let call = bucket.delete_object(keys, key);
                signed(Method::DELETE, call, None, Bytes::new(), now)
            }
            Self::List {
                prefix,
                after,
                most,
            } => {
                let mut call = bucket.list_objects_v2(keys);
                call.with_prefix(prefix.as_str());
                call.with_max_keys(*most);
                if let Some(token) = after {
                    call.with_continuation_token(token.as_str());
                }
                signed(Method::GET, call, None, Bytes::new(), now)
            }
        }
    }
}

fn signed<'a>(
    method: Method,
    mut call: impl S3Action<'a>,
    header: Option<(&'static str, Cow<'static, str>)>,
    body: Bytes,
    now: Timestamp,
) -> Result<Request<Full<Bytes>>, String> {
    let mut request = Request::builder().method(method);
    if let Some((name, value)) = header {
        request = request.header(name, &*value);
        call.headers_mut().insert(name, value);
    }
    request
        .uri(call.sign_with_time(VALID_FOR, &now).as_str())
        .body(Full::new(body))
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusty_s3::UrlStyle;
    use serde_json::Value;
    use std::collections::BTreeMap;

    const RECORDED: &str = include_str!("../../../../../tests/data/s3/signatures.json");

    fn call(case: &Value) -> Call {
        let text = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
        match case["call"].as_str().unwrap() {
            "put" => Call::Put {
                key: text("key"),
                bytes: Bytes::new(),
                only_new: case["only_new"].as_bool().unwrap(),
            },
            "get" => Call::Get {
                key: text("key"),
                first: case["first"].as_u64().unwrap(),
                last: case["last"].as_u64().unwrap(),
            },
            "delete" => Call::Delete { key: text("key") },
            _ => Call::List {
                prefix: text("prefix"),
                after: case["after"].as_str().map(str::to_owned),
                most: usize::try_from(case["most"].as_u64().unwrap()).unwrap(),
            },
        }
    }

    /// Host, path and query, with the parts of the latter decoded.
    fn parts(url: &str) -> (String, String, BTreeMap<String, String>) {
        let url = url::Url::parse(url).unwrap();
        let host = url.host_str().unwrap().to_owned();
        let query = url.query_pairs().into_owned().collect();
        (host, url.path().to_owned(), query)
    }

    #[test]
    fn requests_are_signed_as_botocore_signs_them() {
        let cases: Vec<Value> = serde_json::from_str(RECORDED).unwrap();
        assert!(cases.len() >= 20, "{}", cases.len());
        for case in &cases {
            let text = |name: &str| case[name].as_str().unwrap().to_owned();
            let style = match case["path_style"].as_bool().unwrap() {
                true => UrlStyle::Path,
                false => UrlStyle::VirtualHost,
            };
            let endpoint = text("endpoint").parse().unwrap();
            let bucket = Bucket::new(endpoint, style, text("bucket"), text("region")).unwrap();
            let (id, secret) = (text("access_key_id"), text("secret_access_key"));
            let keys = match case["session_token"].as_str() {
                Some(token) => Credentials::new_with_token(id, secret, token),
                None => Credentials::new(id, secret),
            };
            let now = text("now").parse().unwrap();
            let request = call(case).request(&bucket, &keys, now).unwrap();
            let ours = parts(&request.uri().to_string());
            assert_eq!(ours, parts(&text("url")), "{case:#}");
            assert!(ours.2["X-Amz-Signature"].len() == 64, "{case:#}");
        }
    }
}

//! URL of the server.

use hyper::Uri;
use std::{fmt, str::FromStr};

/// Base URL of the API: `http://` or `https://`, a host, and a path if a proxy adds one.
#[derive(Clone, Debug, PartialEq)]
pub struct Server(String);

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "use the server's URL, e.g. http://127.0.0.1:3001".to_owned();
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err(
                "the server's URL must not contain a user or a password: remove them, the worker \
                does not use them"
                    .to_owned(),
            );
        }
        let plain = uri.host().is_some_and(|host| !host.is_empty()) && uri.query().is_none();
        if known && plain {
            Ok(Self(text.trim_end_matches('/').to_owned()))
        } else {
            Err(wrong())
        }
    }
}

impl Server {
    /// Returns whether the URL begins with `https://`.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_url() {
        for good in [
            "http://127.0.0.1:3001",
            "https://jobs.example/callsheet/",
            "http://[::1]:3001",
        ] {
            assert!(good.parse::<Server>().is_ok(), "{good}");
        }
        assert_eq!(
            "http://a/".parse::<Server>().unwrap().to_string(),
            "http://a"
        );
        for bad in [
            "",
            "127.0.0.1:3001",
            "ftp://a",
            "http://",
            "http://a/?b",
            "/api",
        ] {
            assert!(bad.parse::<Server>().is_err(), "{bad}");
        }
    }
}

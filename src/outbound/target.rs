//! A URL that requests may go to.

use super::OutboundPolicy;
use url::{Host, Url};

/// Maximum characters of a URL.
pub const MAX_URL_CHARS: usize = 2048;

/// A checked URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    url: Url,
}

impl Target {
    /// Checks a URL. A name is checked again whenever it is resolved.
    ///
    /// Errors: a sentence with the remedy.
    pub fn parse(text: &str, policy: &OutboundPolicy) -> Result<Self, String> {
        if text.chars().count() > MAX_URL_CHARS {
            return Err(format!(
                "The URL is too long: use at most {MAX_URL_CHARS} characters."
            ));
        }
        Self::of_any_length(text, policy)
    }

    /// Checks a URL that the server itself made, which may be longer.
    ///
    /// Errors: a sentence with the remedy.
    pub(super) fn of_any_length(text: &str, policy: &OutboundPolicy) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|why| {
            format!("This is no URL ({why}): use one such as https://example.com/hook.")
        })?;
        match url.scheme() {
            "https" => {}
            "http" if policy.allow_http => {}
            "http" => {
                return Err(
                    "A URL has to begin with https://, because anyone on the way can read and \
                    change what is sent to http://. An operator may allow that for a private \
                    network, with serve --webhook-allow-http."
                        .to_owned(),
                );
            }
            _ => return Err("A URL has to begin with https://.".to_owned()),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "A URL must not have a user or a password, which lists and logs would show: verify \
                the signature instead."
                    .to_owned(),
            );
        }
        if url.fragment().is_some() {
            return Err("A URL must not have a fragment: leave out # and what follows.".to_owned());
        }
        let target = Self { url };
        target.check(policy)?;
        Ok(target)
    }

    /// Checks an address in place of a name, and names of this machine.
    fn check(&self, policy: &OutboundPolicy) -> Result<(), String> {
        let address = match self.url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                if name != "localhost" && !name.ends_with(".localhost") {
                    return Ok(());
                }
                std::net::Ipv4Addr::LOCALHOST.into()
            }
            None => return Err("The URL has no host.".to_owned()),
        };
        if policy.allows(address) {
            return Ok(());
        }
        Err(refused(&address.to_string()))
    }

    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }
}

/// Returns the sentence about an address that requests may not go to.
pub(super) fn refused(address: &str) -> String {
    format!(
        "{address} is not a public address: requests go only to those. An operator may allow \
        others, with serve --webhook-allow-net."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        Target::parse(text, &OutboundPolicy::default()).unwrap_err()
    }

    #[test]
    fn inward_addresses_are_refused_however_they_are_written() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "2130706433",
            "017700000001",
            "0177.0.0.1",
            "0",
            "0.0.0.0",
            "10.0.0.1",
            "10.1",
            "100.64.0.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "172.16.0.1",
            "192.168.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "localhost",
            "LOCALHOST.",
            "db.localhost",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[fd00::1]",
            "[fe80::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "１２７.０.０.１",
            "127.0.0.1:8443",
        ] {
            let why = why(&format!("https://{host}/hook"));
            assert!(why.contains("is not a public address"), "{host}: {why}");
        }
    }

    #[test]
    fn urls_of_other_schemes_and_with_credentials_are_refused() {
        for (text, part) in [
            ("http://example.com/", "has to begin with https://"),
            ("ftp://example.com/", "has to begin with https://"),
            ("file:///etc/passwd", "has to begin with https://"),
            ("example.com/hook", "This is no URL"),
            ("", "This is no URL"),
            ("https://", "This is no URL"),
            ("https://me@example.com/", "must not have a user"),
            ("https://:secret@example.com/", "must not have a user"),
            ("https://example.com/#x", "must not have a fragment"),
        ] {
            assert!(why(text).contains(part), "{text}: {}", why(text));
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_URL_CHARS));
        assert!(why(&long).contains("too long"));
    }

    #[test]
    fn an_operator_may_allow_networks_and_plain_http() {
        let policy = OutboundPolicy {
            allow_http: true,
            allowed: vec!["10.0.0.0/8".parse().unwrap()],
            ..OutboundPolicy::default()
        };
        assert!(Target::parse("http://10.1.2.3:8080/hook", &policy).is_ok());
        assert!(Target::parse("http://[::ffff:10.1.2.3]/hook", &policy).is_ok());
        assert!(Target::parse("http://127.0.0.1/hook", &policy).is_err());
        assert!(Target::parse("https://example.com/hook?a=b", &OutboundPolicy::default()).is_ok());
    }
}

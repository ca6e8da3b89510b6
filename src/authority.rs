//! Host and port as a request names them, and the address that a browser reads from the host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::Host;

/// Host and port of a `Host` header, or of the authority of a request's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    /// Name or address, without the brackets of an IPv6 address.
    pub host: &'a str,
    pub port: Option<u16>,
    pub is_bracketed: bool,
}

impl<'a> Authority<'a> {
    /// Parses `host[:port]`; returns `None` for any other text.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (host, rest, is_bracketed) = match text.strip_prefix('[') {
            Some(rest) => rest
                .split_once(']')
                .map(|(host, rest)| (host, rest, true))?,
            None => {
                let end = text.find(':').unwrap_or(text.len());
                (&text[..end], &text[end..], false)
            }
        };
        let is_name = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'%')
        };
        let is_address = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
        let is_valid = host.bytes().all(|byte| {
            if is_bracketed {
                is_address(byte)
            } else {
                is_name(byte)
            }
        });
        if host.is_empty() || !is_valid {
            return None;
        }
        let port = match rest.strip_prefix(':') {
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            Some(_) => return None,
            None if rest.is_empty() => None,
            None => return None,
        };
        Some(Self {
            host,
            port,
            is_bracketed,
        })
    }

    /// Returns the IP address that a browser reads from the host: `127.1`, `0x7f.1` and
    /// `2130706433` are 127.0.0.1.
    pub fn address(&self) -> Option<IpAddr> {
        if self.is_bracketed {
            return self
                .host
                .parse::<Ipv6Addr>()
                .ok()
                .map(|address| IpAddr::V6(address).to_canonical());
        }
        if let Ok(address) = self.host.parse::<Ipv4Addr>() {
            return Some(address.into());
        }
        // The last part of a numeric address begins with a digit in every base: other hosts are
        // names.
        let last = self
            .host
            .strip_suffix('.')
            .unwrap_or(self.host)
            .rsplit('.')
            .next()?;
        let is_number = last
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_digit());
        match Host::parse(self.host).ok().filter(|_| is_number)? {
            Host::Ipv4(address) => Some(address.into()),
            _ => None,
        }
    }
}

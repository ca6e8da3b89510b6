//! Names and addresses by which clients may call this server, checked against the `Host` of a
//! request.
//!
//! A page of any site can make its own name resolve to this server's address (DNS rebinding). To
//! the browser its requests then have the same origin as this server, and only the name
//! distinguishes them from requests of the dashboard.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};
use url::Host;

/// Host and port of a `Host` header, or of the authority of a request's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    /// Name or address, without the brackets of an IPv6 address.
    pub host: &'a str,
    pub port: Option<u16>,
    is_bracketed: bool,
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
    fn address(&self) -> Option<IpAddr> {
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

/// Maximum bytes of a path prefix.
const MAX_PREFIX_BYTES: usize = 200;

/// Returns whether the text is a path prefix under which a proxy may publish the server: `/a` or
/// `/a/b`, without a slash at its end. Anything else in a page or a header could lead to another
/// host, or end the markup around it.
pub fn is_path_prefix(text: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let is_name =
        |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(is_plain);
    text.len() <= MAX_PREFIX_BYTES
        && text
            .strip_prefix('/')
            .is_some_and(|rest| rest.split('/').all(is_name))
}

/// An address, or all addresses that begin with the same bits, e.g. `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// The addresses of this machine itself that are used most.
    pub const LOOPBACK: [Self; 2] = [
        Self {
            address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)),
            bits: 8,
        },
        Self {
            address: IpAddr::V6(Ipv6Addr::LOCALHOST),
            bits: 128,
        },
    ];

    pub fn contains(&self, address: IpAddr) -> bool {
        let alike = |ours: u128, theirs: u128, width: u32| {
            (ours ^ theirs)
                .checked_shr(width - self.bits)
                .is_none_or(|rest| rest == 0)
        };
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                alike(u32::from(ours).into(), u32::from(theirs).into(), 32)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => alike(ours.into(), theirs.into(), 128),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "use an address or a network, e.g. 10.0.0.7 or 10.0.0.0/8";
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| EXPECTED)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), |bits| bits.parse().map_err(|_| EXPECTED))?;
        if bits > width {
            return Err(EXPECTED);
        }
        Ok(Self { address, bits })
    }
}

/// Hosts by which clients may call this server.
#[derive(Clone, Debug)]
pub struct Hosts {
    names: Vec<String>,
    addresses: Vec<IpAddr>,
    any_address: bool,
}

impl Hosts {
    /// Returns the hosts for a listen address. If it is a loopback address, the server accepts
    /// loopback addresses, `localhost` and the allowed hosts. Otherwise it accepts every IP
    /// address, because rebinding needs a name, and clients may reach the server by the address of
    /// a gateway or of a container's host.
    pub fn new(listen: IpAddr, allowed: &[String]) -> Self {
        let mut hosts = Self {
            names: vec!["localhost".to_owned()],
            addresses: vec![listen.to_canonical()],
            any_address: !listen.to_canonical().is_loopback(),
        };
        for text in allowed {
            match Authority::parse(text).and_then(|authority| authority.address()) {
                Some(address) => hosts.addresses.push(address),
                None => hosts.names.push(without_dot(text).to_owned()),
            }
        }
        hosts
    }

    pub fn answer_to(&self, authority: &Authority<'_>) -> bool {
        let host = without_dot(authority.host);
        if !authority.is_bracketed
            && self
                .names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(host))
        {
            return true;
        }
        let allowed = |address: IpAddr| {
            self.any_address || address.is_loopback() || self.addresses.contains(&address)
        };
        authority.address().is_some_and(allowed)
    }
}

/// Removes the final dot of a name: `localhost.` is the same name as `localhost`.
fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// Returns whether a text is a valid allowed host: a name or an address, without a port.
pub fn is_host(text: &str) -> bool {
    let authority = Authority::parse(text);
    !text.ends_with(':')
        && authority.is_some_and(|a| a.port.is_none() && (!a.is_bracketed || a.address().is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(hosts: &Hosts, texts: &[&str]) -> Vec<Option<bool>> {
        texts
            .iter()
            .map(|text| Authority::parse(text).map(|authority| hosts.answer_to(&authority)))
            .collect()
    }

    #[test]
    fn on_loopback_its_own_addresses_are_taken_however_they_are_written() {
        let hosts = Hosts::new([127, 0, 0, 1].into(), &["Jobs.example".to_owned()]);
        let own = [
            "localhost",
            "LOCALHOST:80",
            "localhost.",
            "127.0.0.1",
            "127.0.0.1:9",
            "127.0.0.1:",
            "127.1",
            "127.0.1",
            "0x7f.1",
            "0X7F.0x1",
            "2130706433",
            "017700000001",
            "0177.1",
            "127.9.9.9",
            "[::1]",
            "[::1]:3001",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "jobs.EXAMPLE:443",
            "jobs.example.",
        ];
        assert_eq!(
            verdicts(&hosts, &own),
            vec![Some(true); own.len()],
            "{own:?}"
        );
        let foreign = [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1.nip.io",
            "10.0.0.1",
            "0.0.0.0",
            "0",
            "[::]",
            "[::2]",
            "[::ffff:10.0.0.1]",
            "[::127.0.0.1]",
            "1.127.0.0",
            "xlocalhost",
            "a.jobs.example",
            "localhos%74",
            "999.0.0.1",
            "127.0.0.1x",
        ];
        assert_eq!(
            verdicts(&hosts, &foreign),
            vec![Some(false); foreign.len()],
            "{foreign:?}"
        );
        let malformed = [
            "",
            ":80",
            "a b",
            "me@localhost",
            "localhost:1:2",
            "localhost:x",
            "localhost:99999",
            "localhost/x",
            "[::1",
            "[::1]x",
            "[::1%25lo]",
            "[]",
            "é",
            "localhost,evil",
            "http://localhost",
        ];
        assert_eq!(
            verdicts(&hosts, &malformed),
            vec![None; malformed.len()],
            "{malformed:?}"
        );
    }

    #[test]
    fn on_a_wide_address_every_address_is_taken_and_only_the_allowed_names() {
        let hosts = Hosts::new([0, 0, 0, 0].into(), &["jobs".to_owned()]);
        let texts = [
            "192.0.2.7:3001",
            "[2001:db8::1]",
            "localhost",
            "jobs:80",
            "evil.example",
            "jobs.evil",
        ];
        assert_eq!(
            verdicts(&hosts, &texts),
            [true, true, true, true, false, false].map(Some)
        );
    }

    #[test]
    fn an_allowed_host_is_a_name_or_an_address() {
        assert!(
            ["jobs", "jobs.example.com", "10.1.2.3", "[::1]"]
                .into_iter()
                .all(is_host)
        );
        assert!(
            ![
                "",
                "jobs:80",
                "jobs:",
                "http://jobs",
                "a b",
                "*",
                "[x]",
                "::1"
            ]
            .into_iter()
            .any(is_host)
        );
    }

    #[test]
    fn a_prefix_is_a_path_of_plain_names() {
        for prefix in ["/a", "/callsheet", "/tools/callsheet-2", "/a.b/~c"] {
            assert!(is_path_prefix(prefix), "{prefix}");
        }
        for other in [
            "",
            "/",
            "a",
            "//evil.example",
            "/a/",
            "/a//b",
            "/..",
            "/a/../b",
            "/a?b",
            "/a b",
            "/\"><script>",
            "/ä",
            "https://evil.example/a",
        ] {
            assert!(!is_path_prefix(other), "{other}");
        }
        assert!(!is_path_prefix(&format!(
            "/{}",
            "a".repeat(MAX_PREFIX_BYTES)
        )));
    }

    #[test]
    fn a_network_holds_the_addresses_that_begin_with_its_bits() {
        for (network, inside, outside) in [
            ("10.0.0.7", "10.0.0.7", "10.0.0.8"),
            ("10.0.0.0/8", "10.255.1.2", "11.0.0.0"),
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("fd00::/8", "fd12::1", "fe80::1"),
            ("::1", "::1", "::2"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network:?}");
            assert!(!network.contains(outside.parse().unwrap()), "{network:?}");
        }
        for wrong in [
            "",
            "proxy",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/x",
            "10.0/8",
        ] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}

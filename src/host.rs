//! Names and addresses by which clients may call this server, checked against the `Host` of a
//! request.
//!
//! A page of any site can make its own name resolve to this server's address (DNS rebinding). To
//! the browser its requests then have the same origin as this server, and only the name
//! distinguishes them from requests of the dashboard.

use crate::authority::Authority;
use std::net::IpAddr;

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
}

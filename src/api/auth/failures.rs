//! Wrong keys by address. After ten in a minute, an address gets 429 for further ones, and the
//! server looks at no key of it that a person chose: such a key could be guessed. Keys that the
//! server made have 256 random bits, so a valid one passes: one program with an old key does not
//! lock out the others behind the same proxy.

use crate::{
    api::problem::Problem,
    clock::Clock,
    jobs::{PerMinute, is_key_text},
    network::Network,
};
use moka::sync::Cache;
use poem::{Request, http::header};
use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

const MAX_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// Maximum number of addresses in memory, about 10 MB; the least recent one is forgotten.
const MAX_ADDRESSES: u64 = 50_000;

/// Time after which an address without failures is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(120);

struct OfAddress {
    failures: PerMinute,
    /// Time of the monotonic clock until which the address is over the limit, in microseconds.
    over_until: AtomicU64,
}

#[derive(Clone)]
pub struct Failures {
    addresses: Cache<IpAddr, Arc<OfAddress>>,
    clock: Arc<dyn Clock>,
    /// Proxies whose `X-Forwarded-For` counts.
    trusted: Arc<[Network]>,
}

impl Failures {
    pub fn new(clock: Arc<dyn Clock>, trusted: &[Network]) -> Self {
        let addresses = Cache::builder()
            .max_capacity(MAX_ADDRESSES)
            .time_to_idle(FORGET_AFTER);
        Self {
            addresses: addresses.build(),
            clock,
            trusted: trusted.into(),
        }
    }

    /// Refuses a key that could be guessed, from an address over the limit, without a look at it.
    pub fn check(&self, request: &Request, key: &str) -> Result<(), Problem> {
        if is_key_text(key) {
            return Ok(());
        }
        let Some(known) = self.addresses.get(&self.address(request)) else {
            return Ok(());
        };
        let now = self.clock.monotonic();
        let until = Duration::from_micros(known.over_until.load(Ordering::Relaxed));
        match until.checked_sub(now) {
            Some(wait) if !wait.is_zero() => Err(too_many(wait)),
            _ => Ok(()),
        }
    }

    /// Counts a wrong key. Returns the problem to answer, over the limit another one than before.
    pub fn count(&self, request: &Request, wrong: Problem) -> Problem {
        let known = self.addresses.get_with(self.address(request), || {
            Arc::new(OfAddress {
                failures: PerMinute::new(MAX_PER_MINUTE, self.clock.clone()),
                over_until: AtomicU64::new(0),
            })
        });
        let over_for = |wait: Duration| {
            let until = self.clock.monotonic() + wait;
            let until = u64::try_from(until.as_micros()).unwrap_or(u64::MAX);
            known.over_until.fetch_max(until, Ordering::Relaxed);
        };
        match known.failures.count() {
            Ok(left) => {
                if left.remaining == 0 {
                    over_for(Duration::from_secs(60) / MAX_PER_MINUTE.get());
                }
                wrong
            }
            Err(wait) => {
                over_for(wait);
                too_many(wait)
            }
        }
    }

    /// Returns the address of the client; of IPv6 the network of 64 bits, which one client has to
    /// itself.
    fn address(&self, request: &Request) -> IpAddr {
        let sender = request.remote_addr().as_socket_addr();
        let sender = sender.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |at| at.ip());
        let forwarded = request.headers().get_all(FORWARDED);
        let forwarded = forwarded.iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
        network(client(sender.to_canonical(), &hops, &self.trusted))
    }
}

const FORWARDED: &str = "x-forwarded-for";

/// Returns the last address on the way here that is no trusted proxy.
fn client(sender: IpAddr, hops: &[&str], trusted: &[Network]) -> IpAddr {
    let mut address = sender;
    for hop in hops.iter().rev() {
        if !trusted.iter().any(|network| network.contains(address)) {
            break;
        }
        let Ok(before) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        address = before.to_canonical();
    }
    address
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

fn too_many(wait: Duration) -> Problem {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    Problem {
        header: Some((header::RETRY_AFTER, seconds.to_string())),
        ..Problem::new(
            "too_many_failures",
            "This address has sent too many wrong keys: wait, and check the key.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
        let trusted = ["127.0.0.0/8".parse().unwrap(), "10.0.0.1".parse().unwrap()];
        let of = |sender: &str, hops: &[&str]| {
            client(sender.parse().unwrap(), hops, &trusted).to_string()
        };
        assert_eq!(of("192.0.2.1", &["192.0.2.9"]), "192.0.2.1", "no proxy");
        assert_eq!(of("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(of("127.0.0.1", &["192.0.2.9", " 192.0.2.7"]), "192.0.2.7");
        assert_eq!(of("127.0.0.1", &["192.0.2.9", "10.0.0.1"]), "192.0.2.9");
        assert_eq!(of("127.0.0.1", &["x"]), "127.0.0.1");
    }

    #[test]
    fn one_client_has_a_network_of_ipv6() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
    }
}

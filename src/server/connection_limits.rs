//! Limits on the number of connections, in total and per client address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Maximum connections per client address if the configuration sets no limit.
const PER_ADDRESS: usize = 64;

#[derive(Clone)]
pub struct ConnectionLimits(Arc<Inner>);

struct Inner {
    all: usize,
    per_address: Option<usize>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Permit for one connection, which counts as open until the permit is dropped.
pub struct ConnectionPermit {
    limits: ConnectionLimits,
    address: IpAddr,
}

/// Reason why a connection is refused, with the limit that it exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The server has as many connections as it may have.
    Server(usize),
    /// The client address has as many connections as it may have.
    Address(usize),
}

impl ConnectionLimits {
    pub fn new(all: usize, per_address: Option<usize>) -> Self {
        Self(Arc::new(Inner {
            all,
            per_address,
            counts: Mutex::default(),
        }))
    }

    /// Takes a permit for a connection from `remote`.
    pub fn take(&self, remote: IpAddr) -> Result<ConnectionPermit, Full> {
        let address = holder(remote);
        let limit = self.limit_of(address);
        let mut counts = self.counts();
        if counts.all >= self.0.all {
            return Err(Full::Server(self.0.all));
        }
        let held = counts.by_address.entry(address).or_default();
        if *held >= limit {
            return Err(Full::Address(limit));
        }
        *held += 1;
        counts.all += 1;
        Ok(ConnectionPermit {
            limits: self.clone(),
            address,
        })
    }

    /// Returns the limit of a client address. This machine has none unless one is configured: a
    /// proxy in front of the server, and many workers on one machine, all connect from one loopback
    /// address.
    fn limit_of(&self, address: IpAddr) -> usize {
        match self.0.per_address {
            Some(0) => usize::MAX,
            Some(limit) => limit,
            None if address.is_loopback() => usize::MAX,
            None => PER_ADDRESS,
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the address that stands for one client: an IPv4 address, or the network of an IPv6
/// address, in which a host has 2^64 addresses.
fn holder(remote: IpAddr) -> IpAddr {
    match remote.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()
        }
        address => address,
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.limits.counts();
        counts.all -= 1;
        if let Some(held) = counts.by_address.get_mut(&self.address) {
            *held -= 1;
            if *held == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(
        limits: &ConnectionLimits,
        address: &str,
        wanted: usize,
    ) -> (Vec<ConnectionPermit>, Option<Full>) {
        let mut places = Vec::new();
        for _ in 0..wanted {
            match limits.take(address.parse().unwrap()) {
                Ok(place) => places.push(place),
                Err(full) => return (places, Some(full)),
            }
        }
        (places, None)
    }

    #[test]
    fn an_address_has_64_connections_and_this_machine_any_number() {
        let limits = ConnectionLimits::new(1000, None);
        let (far, full) = taken(&limits, "192.0.2.1", 100);
        assert_eq!((far.len(), full), (64, Some(Full::Address(64))));
        let (near, full) = taken(&limits, "127.0.0.1", 100);
        assert_eq!((near.len(), full), (100, None));
        drop(far);
        assert_eq!(
            taken(&limits, "192.0.2.1", 100).0.len(),
            64,
            "closed connections count no more"
        );
    }

    #[test]
    fn a_number_that_was_set_holds_for_this_machine_too() {
        let limits = ConnectionLimits::new(1000, Some(3));
        assert_eq!(taken(&limits, "127.0.0.1", 9).0.len(), 3);
        assert_eq!(taken(&limits, "::1", 9).0.len(), 3);
        assert_eq!(
            taken(&ConnectionLimits::new(1000, Some(0)), "192.0.2.1", 900)
                .0
                .len(),
            900
        );
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_are_one_client_and_mapped_ones_are_their_ipv4_address() {
        let limits = ConnectionLimits::new(1000, None);
        let _held = taken(&limits, "2001:db8:1:2::1", 64).0;
        assert_eq!(
            taken(&limits, "2001:db8:1:2:ffff::9", 1).1,
            Some(Full::Address(64))
        );
        assert_eq!(taken(&limits, "2001:db8:1:3::1", 1).1, None);
        let _held = taken(&limits, "::ffff:192.0.2.9", 64).0;
        assert_eq!(taken(&limits, "192.0.2.9", 1).1, Some(Full::Address(64)));
    }

    #[test]
    fn no_more_connections_are_held_than_there_may_be_in_all() {
        let limits = ConnectionLimits::new(2, None);
        let (held, full) = taken(&limits, "127.0.0.1", 3);
        assert_eq!((held.len(), full), (2, Some(Full::Server(2))));
    }
}

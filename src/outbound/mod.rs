//! Requests to addresses that callers choose: only to public ones, unless the operator allows
//! others. Requests to a store that the operator chose go to all addresses.
//!
//! The address that is checked is the one that is connected to: names are resolved by
//! [`resolver`], which leaves out all others, and an address in the URL is checked before.

mod address;
mod authority;
mod fetch;
mod http;
mod resolver;
mod target;

pub use address::is_public;
pub use authority::{Authority, read_authorities};
pub use fetch::FetchError;
pub use http::{Answer, Limits, MAX_RESPONSE_BYTES, Outbound};
pub use target::{MAX_URL_CHARS, Target};

use crate::network::Network;
use std::net::IpAddr;

/// What the operator allows besides HTTPS to public addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboundPolicy {
    /// Whether URLs may begin with `http://`.
    pub allow_http: bool,
    /// Addresses that are allowed although they are not public.
    pub allowed: Vec<Network>,
    /// Authorities whose certificates are trusted besides those that this machine trusts.
    pub authorities: Vec<Authority>,
}

/// Nothing besides HTTPS to public addresses.
pub static STRICT: OutboundPolicy = OutboundPolicy {
    allow_http: false,
    allowed: Vec::new(),
    authorities: Vec::new(),
};

impl OutboundPolicy {
    /// Returns the policy for an endpoint that the operator chose and callers cannot change.
    pub fn of_operator() -> Self {
        Self {
            allow_http: true,
            allowed: Network::ALL.to_vec(),
            authorities: Vec::new(),
        }
    }

    /// Returns whether requests may go to the address.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.allowed.iter().any(|network| network.contains(address))
    }
}

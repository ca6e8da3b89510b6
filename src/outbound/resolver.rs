//! Resolver of names that returns only addresses to which requests may go. The connector connects
//! to these, so a name cannot change between the check and the connection.

use super::{OutboundPolicy, target::refused};
use hyper_util::client::legacy::connect::dns::Name;
use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    vec::IntoIter,
};
use tower_service::Service;

#[derive(Clone)]
pub struct CheckedResolver(pub Arc<OutboundPolicy>);

impl Service<Name> for CheckedResolver {
    type Response = IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<IntoIter<SocketAddr>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let policy = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            checked(&policy, name.as_str(), found.collect())
        })
    }
}

/// Leaves out the addresses to which requests may not go.
///
/// Errors: a sentence, if none is left.
fn checked(
    policy: &OutboundPolicy,
    name: &str,
    found: Vec<SocketAddr>,
) -> io::Result<IntoIter<SocketAddr>> {
    let first = found.first().map(SocketAddr::ip);
    let allowed: Vec<_> = found
        .into_iter()
        .filter(|address| policy.allows(address.ip()))
        .collect();
    match first {
        Some(first) if allowed.is_empty() => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("{name} leads to {}", refused(&first.to_string())),
        )),
        _ => Ok(allowed.into_iter()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    #[tokio::test]
    async fn a_name_that_leads_inwards_has_no_addresses() {
        let mut resolver = CheckedResolver(Arc::default());
        let name = "localhost".parse().unwrap();
        let error = resolver.call(name).await.unwrap_err().to_string();
        assert!(error.starts_with("localhost leads to "), "{error}");
        assert!(error.contains("is not a public address"), "{error}");
    }

    #[test]
    fn of_several_addresses_only_the_public_ones_stay() {
        let at = |address: [u8; 4]| SocketAddr::new(IpAddr::V4(Ipv4Addr::from(address)), 0);
        let found = vec![at([10, 0, 0, 1]), at([1, 1, 1, 1])];
        let stay = checked(&OutboundPolicy::default(), "both.example", found);
        assert_eq!(stay.unwrap().collect::<Vec<_>>(), [at([1, 1, 1, 1])]);
    }
}

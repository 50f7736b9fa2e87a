//! The resolver of the guarded client: names in, public addresses out.
//!
//! As it hands out only addresses that it has checked, and the client connects to what it is
//! handed, there is no second look-up whose answer could differ (DNS rebinding).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::is_public;

/// A name whose addresses are all non-public, with one of them.
#[derive(Debug, thiserror::Error)]
#[error("{host} resolves to {address} only, which is not public")]
pub(super) struct Refused {
    /// The name that was resolved.
    pub host: String,
    /// The first of its addresses.
    pub address: IpAddr,
}

/// Why there is no address to connect to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The name leads to addresses that are not allowed, of which this is the first.
    #[error("the name leads to {0} only, which is not public")]
    Refused(IpAddr),
    /// The name has no address, or the name servers can't be asked.
    #[error("{0}")]
    Unknown(String),
}

impl AddressError {
    pub(super) fn of(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Self {
        match error.downcast_ref::<Refused>() {
            Some(refused) => Self::Refused(refused.address),
            None => Self::Unknown(error.to_string()),
        }
    }
}

/// A look-up that is under way.
type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// A resolver, of whose answers only those addresses are used that pass the rule.
#[derive(Clone)]
pub(super) struct Guard {
    look_up: Arc<dyn Fn(String) -> Found + Send + Sync>,
    passes: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
}

impl Default for Guard {
    /// The system's resolver and the rule of [`is_public`].
    fn default() -> Self {
        let look_up = |host: String| -> Found {
            Box::pin(async move {
                // Port 0 is replaced by the URL's port; see `reqwest::dns::Resolve`.
                Ok(tokio::net::lookup_host((host, 0)).await?.collect())
            })
        };
        Self {
            look_up: Arc::new(look_up),
            passes: Arc::new(is_public),
        }
    }
}

impl Guard {
    /// The same, but with another rule.
    pub(super) fn letting(self, passes: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self {
            passes: Arc::new(passes),
            ..self
        }
    }

    /// The addresses of a name that may be used, with port 0.
    pub(super) async fn addresses(
        &self,
        host: &str,
    ) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let found = (self.look_up)(host.to_owned()).await?;
        keep(host, found, &*self.passes)
    }

    /// One that finds these addresses for every name.
    #[cfg(test)]
    pub(super) fn finding(addresses: &[IpAddr]) -> Self {
        let found: Vec<SocketAddr> = addresses.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
        Self {
            look_up: Arc::new(move |_| {
                let found = found.clone();
                Box::pin(async move { Ok(found) })
            }),
            ..Self::default()
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = guard.addresses(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn keep(
    host: &str,
    mut found: Vec<SocketAddr>,
    passes: &dyn Fn(IpAddr) -> bool,
) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(first) = found.first().map(SocketAddr::ip) else {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into());
    };
    found.retain(|addr| passes(addr.ip()));
    if found.is_empty() {
        return Err(Refused {
            host: host.to_owned(),
            address: first,
        }
        .into());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use url::Url;

    use super::super::settings::tests::roomy;
    use super::super::{Answer, Fetcher, Request};
    use super::*;

    #[test]
    fn of_mixed_addresses_only_the_public_ones_are_used() {
        let mixed = ["10.0.0.1:0", "1.1.1.1:0", "[::1]:0"].map(|a| a.parse().expect("an address"));
        let kept = keep("mixed.example", mixed.to_vec(), &is_public).expect("one is left");
        assert_eq!(kept, ["1.1.1.1:0".parse().expect("an address")]);
    }

    #[test]
    fn a_name_with_private_addresses_only_is_refused_by_name() {
        let found = vec!["10.0.0.1:0".parse().expect("an address")];
        let error = keep("inside.example", found, &is_public).expect_err("none is left");
        let refused = error.downcast_ref::<Refused>().expect("refused");
        assert_eq!(refused.host, "inside.example");
        assert_eq!(refused.address, IpAddr::from([10, 0, 0, 1]));
    }

    /// Answers one request after another with `body`.
    async fn serve(listener: TcpListener, body: &'static str) {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    }

    /// 127.0.0.1 plays the public address and 127.0.0.2 the private one.
    #[tokio::test]
    async fn the_address_that_was_checked_is_the_one_connected_to() {
        let outside = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = outside.local_addr().expect("bound").port();
        tokio::spawn(serve(outside, "outside"));
        // Only Linux lets the whole of 127.0.0.0/8 be bound without further ado; where it is
        // not, a connection to the second address fails and the test all the same.
        if let Ok(inside) = TcpListener::bind(("127.0.0.2", port)).await {
            tokio::spawn(serve(inside, "inside"));
        }
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let guard = Guard {
            look_up: Arc::new(move |_| {
                let last = if count.fetch_add(1, Ordering::SeqCst) == 0 {
                    1
                } else {
                    2
                };
                Box::pin(async move { Ok(vec![SocketAddr::from(([127, 0, 0, last], 0))]) })
            }),
            passes: Arc::new(|addr| addr == IpAddr::from([127, 0, 0, 1])),
        };
        let fetcher = Fetcher::with_guard(roomy(), guard).expect("a fetcher");
        let url = Url::parse(&format!("http://rebind.example:{port}/")).expect("a URL");
        let answer = fetcher
            .fetch(&Request::feed(&url))
            .await
            .expect("an answer");
        assert!(
            matches!(&answer, Answer::Body { bytes, .. } if bytes == b"outside"),
            "{answer:?}"
        );
        assert_eq!(asked.load(Ordering::SeqCst), 1);

        // The next connection asks again, and what it is told then is refused.
        let error = fetcher
            .fetch(&Request::feed(&url))
            .await
            .expect_err("refused");
        assert_eq!(error.kind(), "address-refused");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }
}

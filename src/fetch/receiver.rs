//! Receivers that the owner chose, such as webhooks and mail servers: which of their addresses may be
//! connected to.
//!
//! A host that is written as an address, and `localhost`, is the owner's word; a name that leads to a
//! non-public address is refused unless the owner allows that address.

use std::net::{IpAddr, SocketAddr};

use reqwest::Client;
use url::{Host, Url};

use super::clients::base;
use super::guard::{is_localhost, is_public};
use super::resolver::{AddressError, Guard};
use super::{FetchError, diagnose};

/// A client for one receiver. No limits but those that the caller sets.
///
/// # Errors
/// [`FetchError::Builder`] when this machine has no CA certificates.
pub fn receiver_client(
    user_agent: &str,
    url: &Url,
    allowed: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
) -> Result<Client, FetchError> {
    guarded_client(Guard::default(), user_agent, url, allowed)
}

fn guarded_client(
    guard: Guard,
    user_agent: &str,
    url: &Url,
    allowed: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
) -> Result<Client, FetchError> {
    let name = match url.host() {
        Some(Host::Domain(name)) => name,
        _ => "",
    };
    base(user_agent)
        .dns_resolver(receiver_guard(guard, name, allowed))
        .build()
        .map_err(|error| diagnose::not_built(&error))
}

/// The addresses of a receiver that is no web server, under the same rule as [`receiver_client`]. One that
/// is written as an address is returned as it is.
///
/// # Errors
/// [`AddressError`]: the name has no address, or none that is allowed.
pub async fn receiver_addresses(
    host: &Host,
    port: u16,
    allowed: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
) -> Result<Vec<SocketAddr>, AddressError> {
    guarded_addresses(Guard::default(), host, port, allowed).await
}

async fn guarded_addresses(
    guard: Guard,
    host: &Host,
    port: u16,
    allowed: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
) -> Result<Vec<SocketAddr>, AddressError> {
    let name = match host {
        Host::Ipv4(address) => return Ok(vec![(*address, port).into()]),
        Host::Ipv6(address) => return Ok(vec![(*address, port).into()]),
        Host::Domain(name) => name,
    };
    let guard = receiver_guard(guard, name, allowed);
    let mut found = match guard.addresses(name).await {
        Ok(found) => found,
        Err(error) => return Err(AddressError::of(&*error)),
    };
    for address in &mut found {
        address.set_port(port);
    }
    Ok(found)
}

/// What a receiver's name may lead to.
fn receiver_guard(
    guard: Guard,
    name: &str,
    allowed: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
) -> Guard {
    let local = is_localhost(name);
    guard.letting(move |address| {
        is_public(address) || (local && address.is_loopback()) || allowed(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_receivers_name_that_leads_inside_is_refused_and_an_address_is_the_owners_word() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4096]).await;
                let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await;
            }
        });
        let inside = IpAddr::from([127, 0, 0, 1]);
        let ask = async |host: &str, allowed: bool| {
            let url = Url::parse(&format!("http://{host}:{port}/")).expect("a URL");
            let guard = Guard::finding(&[inside]);
            let client = guarded_client(guard, "x", &url, move |_| allowed).expect("a client");
            match client.post(url).send().await {
                Ok(answer) => Ok(answer.status().as_u16()),
                Err(error) => Err(diagnose::refused(&error)),
            }
        };
        assert_eq!(ask("rebind.example", false).await, Err(Some(inside)));
        assert_eq!(ask("rebind.example", true).await, Ok(204));
        assert_eq!(ask("127.0.0.1", false).await, Ok(204));
        assert_eq!(ask("localhost", false).await, Ok(204));
    }

    #[tokio::test]
    async fn receivers_that_are_no_web_servers_are_found_under_the_same_rule() {
        let inside = IpAddr::from([127, 0, 0, 1]);
        let ask = async |host: &str, allowed: bool| {
            let host = Host::parse(host).expect("a host");
            let guard = Guard::finding(&[inside]);
            guarded_addresses(guard, &host, 25, move |_| allowed).await
        };
        let found = Ok(vec![SocketAddr::from((inside, 25))]);
        let refused = Err(AddressError::Refused(inside));
        assert_eq!(ask("rebind.example", false).await, refused);
        assert_eq!(ask("rebind.example", true).await, found);
        assert_eq!(ask("localhost", false).await, found);
        assert_eq!(ask("127.0.0.1", false).await, found);
        let written = ask("10.0.0.1", false).await;
        assert_eq!(written, Ok(vec![SocketAddr::from(([10, 0, 0, 1], 25))]));
    }
}

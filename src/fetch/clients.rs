//! The HTTP clients: built once for each way to connect, and kept while they are in use.
//!
//! A proxy, further certificates and unchecked certificates belong to a whole client, as a
//! connection made one way must never serve a request that asked for another. For the same reason
//! requests under the address guard share no client with those without.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Proxy};
use url::Url;

use super::resolver::Guard;
use super::{FetchError, Settings, diagnose};
use crate::model::{RequestOptions, Secret};

/// How long an idle connection is kept. Feeds of one host are polled close together, if at all;
/// after that a kept connection only costs.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// How many ways to connect are kept ready; the one that was not used for longest leaves.
const MAX_KEPT: usize = 64;

/// A way to connect that differs from others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Way {
    proxy: Option<Secret>,
    roots: Option<Vec<u8>>,
    insecure: bool,
    /// Whether names are resolved under the address guard; not behind a proxy, which resolves them.
    guarded: bool,
}

type Slot = Arc<OnceLock<Result<Client, FetchError>>>;

/// All clients.
pub(super) struct Clients {
    settings: Settings,
    guard: Guard,
    /// The usual ways, which never leave: without the guard and with it.
    usual: [Client; 2],
    /// Other ways, the most recently used last.
    others: Mutex<Vec<(Way, Slot)>>,
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The clients themselves print their proxies, certificates and headers.
        f.debug_struct("Clients")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Clients {
    pub fn new(settings: Settings, guard: Guard) -> Result<Self, FetchError> {
        let usual = |guarded| {
            let way = Way {
                proxy: settings.proxy.clone(),
                guarded,
                ..Way::default()
            };
            build(&way, &settings, &guard)
        };
        Ok(Self {
            usual: [usual(false)?, usual(true)?],
            others: Mutex::default(),
            settings,
            guard,
        })
    }

    /// The client for a hop; certificates count at the owner's own origin only.
    pub fn get(
        &self,
        options: &RequestOptions,
        at_own_origin: bool,
        guarded: bool,
    ) -> Result<Client, FetchError> {
        let own = at_own_origin.then_some(options);
        let roots = own.and_then(|own| own.extra_roots.as_ref());
        let insecure = own.is_some_and(|own| own.insecure_tls);
        if options.proxy.is_none() && roots.is_none() && !insecure {
            return Ok(self.usual[usize::from(guarded)].clone());
        }
        let way = Way {
            proxy: options
                .proxy
                .as_ref()
                .or(self.settings.proxy.as_ref())
                .cloned(),
            roots: roots.cloned(),
            insecure,
            guarded,
        };
        // Built outside the lock: reading the system's certificates takes a while.
        self.slot(&way)
            .get_or_init(|| build(&way, &self.settings, &self.guard))
            .clone()
    }

    /// The place of the client for a way, made if it is new.
    fn slot(&self, way: &Way) -> Slot {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match others.iter().position(|(known, _)| known == way) {
            Some(place) => others.remove(place),
            None => {
                if others.len() >= MAX_KEPT {
                    others.remove(0);
                }
                (way.clone(), Slot::default())
            }
        };
        let slot = kept.1.clone();
        others.push(kept);
        slot
    }
}

fn build(way: &Way, settings: &Settings, guard: &Guard) -> Result<Client, FetchError> {
    let mut builder = configure(settings);
    if let Some(proxy) = &way.proxy {
        builder = builder.proxy(to_proxy(&check_proxy(proxy.expose())?)?);
    } else if way.guarded {
        builder = builder.dns_resolver(guard.clone());
    }
    if let Some(pem) = &way.roots {
        builder = builder.tls_certs_merge(roots(pem)?);
    }
    if way.insecure {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    builder.build().map_err(|error| diagnose::not_built(&error))
}

/// The certificates of a PEM file.
pub(super) fn roots(pem: &[u8]) -> Result<Vec<Certificate>, FetchError> {
    match Certificate::from_pem_bundle(pem) {
        Ok(roots) if !roots.is_empty() => Ok(roots),
        _ => Err(FetchError::Options {
            reason: "extra_roots holds no certificate; give a file of PEM certificates".to_owned(),
        }),
    }
}

/// Reads a proxy's URL: `http`, `https`, `socks5` or `socks4`, with or without credentials.
///
/// SOCKS proxies are used in their forms `socks5h` and `socks4a`, in which the proxy resolves the
/// names: it is the one that connects, and may stand where there is another DNS.
///
/// # Errors
/// [`FetchError::Options`], which does not show the URL.
pub fn check_proxy(text: &str) -> Result<Url, FetchError> {
    let bad = |reason: &str| FetchError::Options {
        reason: format!("proxy: {reason}; write it as http://host:port or socks5://host:port"),
    };
    let url = Url::parse(text.trim()).map_err(|error| bad(&error.to_string()))?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad("the URL has no host"));
    }
    let remote = match url.scheme() {
        "http" | "https" | "socks5h" | "socks4a" => return Ok(url),
        "socks5" => "socks5h",
        "socks4" => "socks4a",
        _ => return Err(bad("the URL's scheme is not one of a proxy")),
    };
    // `set_scheme` refuses such a change between schemes that `url` does not know.
    let rest = url.as_str().get(url.scheme().len()..).unwrap_or_default();
    Url::parse(&format!("{remote}{rest}")).map_err(|error| bad(&error.to_string()))
}

fn to_proxy(url: &Url) -> Result<Proxy, FetchError> {
    Proxy::all(url.clone()).map_err(|_| FetchError::Options {
        reason: "proxy: the URL can't be used; write it as http://host:port".to_owned(),
    })
}

/// What every client of ours has in common: it says who it is, follows no redirect by itself and
/// sends neither cookies nor `Referer`.
pub(super) fn base(user_agent: &str) -> ClientBuilder {
    // Fails only when a provider is installed already, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(user_agent)
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
}

/// A client for requests to addresses that the owner chose, such as webhooks: no address guard and
/// no limits but those that the caller sets.
///
/// # Errors
/// [`FetchError::Builder`] when this machine has no CA certificates.
pub fn plain_client(user_agent: &str) -> Result<Client, FetchError> {
    base(user_agent)
        .build()
        .map_err(|error| diagnose::not_built(&error))
}

fn configure(settings: &Settings) -> ClientBuilder {
    base(&settings.user_agent)
        .connect_timeout(settings.connect_timeout)
        // Old and home-made servers send such lines, and browsers put up with them.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(settings.idle_per_host)
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::roomy;
    use super::*;

    fn proxied(port: usize) -> RequestOptions {
        RequestOptions {
            proxy: Some(Secret::new(format!("http://me:hush@127.0.0.1:{port}"))),
            ..RequestOptions::default()
        }
    }

    fn clients() -> Clients {
        Clients::new(roomy(), Guard::default()).expect("clients")
    }

    #[test]
    fn of_many_ways_the_one_used_longest_ago_leaves() {
        let clients = clients();
        let way = |port| Way {
            proxy: proxied(port).proxy,
            ..Way::default()
        };
        let first = clients.slot(&way(0));
        for port in 1..MAX_KEPT + 3 {
            clients.slot(&way(port));
            assert!(Arc::ptr_eq(&first, &clients.slot(&way(0))));
        }
        let others = clients.others.lock().expect("not poisoned");
        assert_eq!(others.len(), MAX_KEPT);
        assert!(!others.iter().any(|(kept, _)| *kept == way(1)));
    }

    #[test]
    fn a_way_is_built_once_and_the_usual_one_never_again() {
        let clients = clients();
        let built = || clients.others.lock().expect("not poisoned").len();
        let options = RequestOptions::default();
        clients.get(&options, true, true).expect("the usual");
        assert_eq!(built(), 0);
        for _ in 0..2 {
            clients.get(&proxied(1), false, true).expect("a client");
        }
        assert_eq!(built(), 1);
    }

    #[test]
    fn nothing_of_a_proxy_is_shown() {
        let mut settings = roomy();
        settings.proxy = proxied(9).proxy;
        let clients = Clients::new(settings, Guard::default()).expect("clients");
        clients.get(&proxied(8), true, true).expect("a client");
        assert!(!format!("{clients:?}").contains("hush"), "{clients:?}");
    }

    #[test]
    fn socks_proxies_are_left_to_resolve_names() {
        for (given, used) in [
            ("socks5://me:x@a:9/", "socks5h"),
            ("socks4://a", "socks4a"),
            ("socks5h://a", "socks5h"),
            ("http://a", "http"),
            (" https://a:9 ", "https"),
        ] {
            let url = check_proxy(given).expect(given);
            assert_eq!(url.scheme(), used);
            assert!(to_proxy(&url).is_ok(), "{given}");
        }
        for bad in ["", "a", "a:9", "ftp://a", "socks5://", "http://[", "data:x"] {
            assert!(check_proxy(bad).is_err(), "{bad}");
        }
    }
}

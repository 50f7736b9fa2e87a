//! The way to a NATS server, and what is done on it.
//!
//! The client would look a server's name up itself, and again whenever it makes a connection anew, and it
//! would go wherever a server says that others of its cluster are. Here a name is looked up under the
//! owner's rule, the client is given the addresses that passed, and it follows no hints; the certificate must
//! be that of the name, for which a verifier of our own stands in. The client's way of queueing messages
//! while it has no connection is not used: a connection that is lost is given up.

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{self, stream};
use async_nats::{Client, ConnectOptions, Event, HeaderMap, ServerAddr};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio::sync::watch;
use url::Host;

use super::fault::{Fault, Unreached};
use super::{Message, Stored};
use crate::config::{NatsConfig, NatsLogin, NatsServer, Private};
use crate::fetch::receiver_addresses;
use crate::tls;

/// What all connections of a sink share.
#[derive(Clone)]
pub(super) struct Way {
    servers: Vec<NatsServer>,
    login: NatsLogin,
    private: Private,
    /// None if this machine has no certificates and no server needs any.
    verifier: Option<Arc<Verifier>>,
}

/// A connection to a server.
pub(super) struct Link {
    client: Client,
    context: jetstream::Context,
    heard: watch::Receiver<Heard>,
    timeout: Duration,
}

/// What a server says besides its answers.
#[derive(Debug, Clone, Default)]
struct Heard {
    /// Whether the connection has ended.
    ended: bool,
    /// The last error.
    error: Option<String>,
}

impl Way {
    pub(super) fn new(config: &NatsConfig) -> Result<Self, String> {
        let roots = tls::roots(config.extra_roots.as_deref())?;
        let needed = !roots.is_empty() || config.servers.iter().any(|server| server.tls);
        let verifier = match tls::verifier(roots) {
            Ok(verifier) => Some(Arc::new(verifier)),
            Err(error) if needed => return Err(error.to_string()),
            Err(_) => None,
        };
        Ok(Self {
            servers: config.servers.clone(),
            login: config.login.clone(),
            private: config.allow_private.clone(),
            verifier,
        })
    }

    /// Connects to the first server that lets us in. `timeout` bounds what is awaited on the connection.
    pub(super) async fn connect(&self, timeout: Duration) -> Result<Link, Fault> {
        let mut faults = Vec::new();
        // One that keeps silent must leave time for the others.
        let count = u32::try_from(self.servers.len()).unwrap_or(u32::MAX);
        let each = timeout / count.max(1);
        for server in &self.servers {
            match self.connect_to(server, each, timeout).await {
                Ok(link) => return Ok(link),
                Err(why) => faults.push((server.clone(), why)),
            }
        }
        Err(Fault::Unreached(faults))
    }

    async fn connect_to(
        &self,
        server: &NatsServer,
        each: Duration,
        timeout: Duration,
    ) -> Result<Link, Unreached> {
        let private = self.private.clone();
        let allowed = move |address| match &private {
            Private::Refused => false,
            Private::Within(networks) => networks.iter().any(|n| n.contains(address)),
            Private::Allowed => true,
        };
        let addresses = receiver_addresses(&server.host, server.port, allowed).await?;
        let scheme = if server.tls { "tls" } else { "nats" };
        let addresses = addresses
            .iter()
            .map(|address| format!("{scheme}://{address}").parse::<ServerAddr>())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Unreached::Connect(error.to_string()))?;
        let (told, heard) = watch::channel(Heard::default());
        let options = self
            .options(server)?
            .name("mentiond")
            .connection_timeout(each)
            .request_timeout(Some(timeout))
            .ignore_discovered_servers()
            .retain_servers_order()
            // It tries each address once more when it has lost the connection, and then ends.
            .max_reconnects(addresses.len().max(1))
            .event_callback(move |event| {
                take_in(&told, event);
                std::future::ready(())
            });
        let client = options.connect(addresses).await;
        let client = client.map_err(|error| Unreached::of(&error))?;
        let context = jetstream::ContextBuilder::new()
            .timeout(timeout)
            .build(client.clone());
        Ok(Link {
            client,
            context,
            heard,
            timeout,
        })
    }

    fn options(&self, server: &NatsServer) -> Result<ConnectOptions, Unreached> {
        let options = match &self.login {
            NatsLogin::Nobody => ConnectOptions::new(),
            NatsLogin::Token(token) => ConnectOptions::with_token(token.expose().to_owned()),
            NatsLogin::Password(user, password) => {
                ConnectOptions::with_user_and_password(user.clone(), password.expose().to_owned())
            }
            // The configuration has read them, so that a failure is no fault of theirs.
            NatsLogin::Credentials(text) => {
                ConnectOptions::with_credentials(text.expose()).map_err(|_| Unreached::Login)?
            }
        };
        let options = options.require_tls(server.tls);
        let Some(verifier) = &self.verifier else {
            return Ok(options);
        };
        let config = encrypting(&server.host, verifier.clone());
        let config = config.map_err(Unreached::Tls)?;
        Ok(options.tls_client_config(config))
    }
}

/// Notes what a connection says.
fn take_in(told: &watch::Sender<Heard>, event: Event) {
    match event {
        Event::Disconnected | Event::Closed => told.send_modify(|heard| heard.ended = true),
        Event::ServerError(error) => {
            told.send_modify(|heard| heard.error = Some(error.to_string()));
        }
        _ => {}
    }
}

/// TLS to a server whose certificate is judged by the name of its host.
fn encrypting(host: &Host, system: Arc<Verifier>) -> Result<ClientConfig, String> {
    let name = match host {
        Host::Ipv4(address) => ServerName::from(std::net::IpAddr::V4(*address)),
        Host::Ipv6(address) => ServerName::from(std::net::IpAddr::V6(*address)),
        Host::Domain(name) => {
            ServerName::try_from(name.clone()).map_err(|error| error.to_string())?
        }
    };
    tls::client(Arc::new(Named { name, system })).map_err(|error| error.to_string())
}

/// Judges a certificate by the name that the owner wrote: the client knows the address alone.
#[derive(Debug)]
struct Named {
    name: ServerName<'static>,
    system: Arc<Verifier>,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.system
            .verify_server_cert(end_entity, intermediates, &self.name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.system
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.system
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }
}

impl Link {
    /// Whether nothing has ended it so far.
    pub(super) fn is_up(&self) -> bool {
        self.client.connection_state() == State::Connected && !self.heard.borrow().ended
    }

    /// Publishes a message and waits until the stream has stored it.
    pub(super) async fn publish(&self, message: &Message) -> Result<Stored, Fault> {
        let mut headers = HeaderMap::new();
        for (name, value) in &message.headers {
            headers.insert(*name, value.as_str());
        }
        let mut heard = self.heard.clone();
        let (subject, payload) = (message.subject.clone(), message.payload.clone().into());
        let fault = |error| Fault::of_publish(&message.subject, self.timeout, &error);
        let sent = self.context.publish_with_headers(subject, headers, payload);
        let acknowledged = sent.await.map_err(fault)?.into_future();
        let quoted = format!("\"{}\"", message.subject);
        let is_ours = |heard: &Heard| {
            heard.ended || heard.error.as_ref().is_some_and(|e| e.contains(&quoted))
        };
        tokio::select! {
            biased;
            acknowledged = acknowledged => {
                let acknowledged = acknowledged.map_err(fault)?;
                Ok(Stored {
                    stream: acknowledged.stream,
                    sequence: acknowledged.sequence,
                    duplicate: acknowledged.duplicate,
                })
            }
            heard = heard.wait_for(is_ours) => Err(match heard.map(|heard| heard.clone()) {
                Ok(Heard { ended: false, error: Some(error) }) => {
                    Fault::Forbidden(message.subject.clone(), error)
                }
                _ => Fault::Lost,
            }),
        }
    }

    /// Makes a stream; one that is there already and is set up like that will do.
    pub(super) async fn create(&self, config: stream::Config) -> Result<(), Fault> {
        let created = self.context.create_stream(config).await;
        let fault = |error| Fault::of_create(self.timeout, &error);
        created.map(|_| ()).map_err(fault)
    }
}

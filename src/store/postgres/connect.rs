//! Making connections: where to, with which certificates, and with what limits.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::ClientConfig;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::model::{Secret, ServerOptions};
use crate::store::StoreError;
use crate::tls;

/// How long a connection may take to be made, and how long one that is in use is waited for.
const CONNECT: Duration = Duration::from_secs(5);
const WAIT: Duration = Duration::from_secs(30);

/// The server ends what takes longer: a statement, and a transaction in which nothing happens, so that
/// a worker that is stopped in one, or cut off, holds up no other for long.
const LIMITS: &str = "-c statement_timeout=18s -c lock_timeout=15s";
/// How long nothing may happen in a transaction, at most; half a lease if that is shorter.
const LONGEST_IDLE: Duration = Duration::from_secs(5);

/// The way to a server.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Way").finish_non_exhaustive()
    }
}

impl Way {
    /// The way to the server at this URL, with what else is known of it.
    pub(super) fn to(
        options: &ServerOptions,
        url: &str,
        name: &str,
        limits: bool,
    ) -> Result<Self, StoreError> {
        let config = config(options, url, name, limits)?;
        let tls = encrypting(&config, options.extra_roots.as_deref())?;
        Ok(Self {
            config,
            tls: MakeRustlsConnect::new(tls),
        })
    }

    /// A pool of connections, none of which is made yet.
    pub(super) fn pool(&self, connections: usize) -> Result<Pool, StoreError> {
        let manager = Manager::from_config(
            self.config.clone(),
            self.tls.clone(),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        Pool::builder(manager)
            .max_size(connections.max(2))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(CONNECT))
            .recycle_timeout(Some(CONNECT))
            .build()
            .map_err(|error| StoreError::Unreachable(error.to_string()))
    }
}

fn config(
    options: &ServerOptions,
    url: &str,
    name: &str,
    limits: bool,
) -> Result<Config, StoreError> {
    let password: Option<&Secret> = options.password.as_ref();
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        // The text may hold the password; the error does not.
        StoreError::Refused(format!(
            "its URL can't be read ({error}): write postgres://user@host:5432/database"
        ))
    })?;
    if let Some(password) = password
        && config.get_password().is_none()
    {
        config.password(password.expose());
    }
    // By this name the sessions of a worker can be ended when it is dead.
    let given = config.get_application_name().unwrap_or("mentiond");
    let name = format!("{given} {name}");
    config.application_name(name);
    // A dead peer is noticed within the time of a lease.
    config.connect_timeout(CONNECT);
    config.tcp_user_timeout(Duration::from_secs(15));
    config.keepalives_idle(Duration::from_secs(10));
    config.keepalives_interval(Duration::from_secs(5));
    config.keepalives_retries(2);
    let given = config.get_options().unwrap_or_default();
    // What the owner gives comes last, and holds.
    let limits = if limits {
        let idle = (options.lease / 2).min(LONGEST_IDLE).as_millis();
        format!("{LIMITS} -c idle_in_transaction_session_timeout={idle}")
    } else {
        String::new()
    };
    config.options(format!("{limits} {given}"));
    Ok(config)
}

/// TLS as elsewhere: ring, and the roots that the system trusts, with those of the owner.
fn encrypting(config: &Config, extra_roots: Option<&[u8]>) -> Result<ClientConfig, StoreError> {
    let unusable = |error: String| StoreError::Refused(format!("TLS can't be set up: {error}"));
    if config.get_ssl_mode() == SslMode::Disable {
        return tls::none().map_err(|error| unusable(error.to_string()));
    }
    let roots = tls::roots(extra_roots).map_err(unusable)?;
    tls::verifier(roots)
        .and_then(|verifier| tls::client(Arc::new(verifier)))
        .map_err(|error| unusable(error.to_string()))
}

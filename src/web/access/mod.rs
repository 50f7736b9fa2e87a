//! Who may do what.
//!
//! [`Access::decide`] takes what a request's head says and answers who is asking, or why they may not:
//! pure but for the sessions, which are in memory. [`guard`] asks it for every request before a handler
//! sees it. [`Access::log_in`] is the only way to a session.
//!
//! # Promises
//! - A request under a name that is not ours is not answered ([`host`]).
//! - As soon as a credential is configured, nobody gets in without one. Tokens are compared by their
//!   hashes in constant time; passwords are compared by Argon2id, few at a time and not often
//!   ([`limit`]).
//! - A page of somebody else can change nothing through a browser, whoever is logged in there, and can't
//!   take data in ([`origin`]). A session's cookie alone changes nothing either: a header of ours must
//!   be there, which no form can send.

pub mod guard;
pub mod host;
pub mod limit;
pub mod origin;
pub mod session;

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use axum::http::{HeaderMap, Method};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use url::Url;

use self::host::Hosts;
use self::limit::Tries;
use self::origin::Source;
use self::session::Sessions;
use crate::config::WebConfig;
use crate::model::{Secret, Timestamp};
use crate::world;

/// The header that a session's request must have to change something; any value will do.
pub const CHANGE_HEADER: &str = "x-mentiond";
/// Passwords that are compared at one time; each takes memory and time by design.
const HASHED_AT_A_TIME: usize = 1;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look.
    Read,
    /// Everything.
    Full,
}

/// How somebody is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// By a bearer token.
    Token,
    /// By a session that lasts until then.
    Session(Timestamp),
    /// Not at all: no credential is configured.
    Nothing,
}

/// Who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// What they may do.
    pub role: Role,
    /// How they are known.
    pub via: Via,
}

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// It is made under a name that is not ours, or none.
    Host,
    /// A credential is missing, wrong or over.
    Unknown,
    /// The token is for reading.
    ReadOnly,
    /// It comes from somebody else's page.
    Foreign,
    /// It comes with a session and without [`CHANGE_HEADER`].
    NoHeader,
}

/// Why there is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginError {
    /// No password is configured.
    NoPassword,
    /// It is the wrong one.
    Wrong,
    /// There were too many tries; how long to wait.
    TooMany(Duration),
    /// The system gives no random bytes.
    Random,
}

/// The rules, and who is logged in.
#[derive(Debug)]
pub struct Access {
    hosts: Hosts,
    public_url: Option<Url>,
    token: Option<[u8; 32]>,
    read_token: Option<[u8; 32]>,
    password: Option<Secret>,
    sessions: Mutex<Sessions>,
    tries: Mutex<Tries>,
    hashing: Semaphore,
}

impl Access {
    /// The rules of a configuration.
    #[must_use]
    pub fn new(web: &WebConfig) -> Self {
        let hashed = |secret: &Option<Secret>| secret.as_ref().map(|s| hash(s.expose()));
        Self {
            hosts: Hosts::new(web.listen, web.public_url.as_ref(), &web.hosts),
            public_url: web.public_url.clone(),
            token: hashed(&web.token),
            read_token: hashed(&web.read_token),
            password: web.password_hash.clone(),
            sessions: Mutex::default(),
            tries: Mutex::default(),
            hashing: Semaphore::new(HASHED_AT_A_TIME),
        }
    }

    /// Whether everybody who comes in may do everything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.token.is_none() && self.read_token.is_none() && self.password.is_none()
    }

    /// Whether people can log in.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Whether the request is made under a name that is ours.
    ///
    /// # Errors
    /// [`Denied::Host`].
    pub fn check_host(&self, authority: Option<&str>) -> Result<(), Denied> {
        let ours = authority.is_some_and(|authority| self.hosts.allow(authority));
        if ours { Ok(()) } else { Err(Denied::Host) }
    }

    /// Whether the request does not come from somebody else's page.
    ///
    /// # Errors
    /// [`Denied::Foreign`].
    pub fn check_origin(&self, method: &Method, source: &Source<'_>) -> Result<(), Denied> {
        let fine = if method.is_safe() {
            origin::may_read(source)
        } else {
            origin::may_change(source, self.public_url.as_ref())
        };
        if fine { Ok(()) } else { Err(Denied::Foreign) }
    }

    /// Who is asking, if they may.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn decide(
        &self,
        method: &Method,
        headers: &HeaderMap,
        source: &Source<'_>,
        now: Timestamp,
    ) -> Result<Caller, Denied> {
        let caller = self.caller(headers, now)?;
        if caller.via != Via::Token {
            self.check_origin(method, source)?;
        }
        if method.is_safe() {
            return Ok(caller);
        }
        if caller.role < Role::Full {
            return Err(Denied::ReadOnly);
        }
        let by_session = matches!(caller.via, Via::Session(_));
        if by_session && !headers.contains_key(CHANGE_HEADER) {
            return Err(Denied::NoHeader);
        }
        Ok(caller)
    }

    fn caller(&self, headers: &HeaderMap, now: Timestamp) -> Result<Caller, Denied> {
        if let Some(given) = headers.get("authorization") {
            let role = given.to_str().ok().and_then(|given| self.bearer(given));
            let via = Via::Token;
            return role.map(|role| Caller { role, via }).ok_or(Denied::Unknown);
        }
        let role = Role::Full;
        if let Some(cookie) = cookie(headers, self.cookie_name())
            && let Some(until) = self.sessions().until(cookie, now)
        {
            let via = Via::Session(until);
            return Ok(Caller { role, via });
        }
        if self.is_open() {
            let via = Via::Nothing;
            return Ok(Caller { role, via });
        }
        Err(Denied::Unknown)
    }

    /// What the token of an `Authorization` field may do.
    fn bearer(&self, field: &str) -> Option<Role> {
        let (scheme, token) = field.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let given = hash(token.trim());
        let is = |known: &Option<[u8; 32]>| known.is_some_and(|known| known.ct_eq(&given).into());
        // Both are compared, whichever it is.
        let (full, read) = (is(&self.token), is(&self.read_token));
        match (full, read) {
            (true, _) => Some(Role::Full),
            (false, true) => Some(Role::Read),
            (false, false) => None,
        }
    }

    /// Begins a session for whoever knows the password. Gives the cookie's value and until when it lasts.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn log_in(
        &self,
        password: Secret,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<(String, Timestamp), LoginError> {
        let hash = self.password.clone().ok_or(LoginError::NoPassword)?;
        self.tries().begin(peer, now).map_err(LoginError::TooMany)?;
        // Never closed, so this only waits.
        let _place = self.hashing.acquire().await;
        let right = world::offload(move || verify(&password, &hash)).await;
        if !right.unwrap_or(false) {
            return Err(LoginError::Wrong);
        }
        self.tries().succeeded(peer);
        let mut bytes = [0; 32];
        rustls::crypto::ring::default_provider()
            .secure_random
            .fill(&mut bytes)
            .map_err(|_| LoginError::Random)?;
        let cookie = URL_SAFE_NO_PAD.encode(bytes);
        let until = self.sessions().begin(&cookie, now);
        Ok((cookie, until))
    }

    /// Ends the session of a request, if it has one.
    pub fn log_out(&self, headers: &HeaderMap) {
        if let Some(cookie) = cookie(headers, self.cookie_name()) {
            self.sessions().end(cookie);
        }
    }

    /// The `Set-Cookie` that hands a session to a browser, or takes it away.
    #[must_use]
    pub fn set_cookie(&self, value: Option<&str>) -> String {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let (value, age) = match value {
            Some(value) => (value, session::LIFETIME.as_secs()),
            None => ("", 0),
        };
        let name = self.cookie_name();
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}")
    }

    /// Browsers take a name with this prefix only from the host itself, over HTTPS and for all paths.
    fn cookie_name(&self) -> &'static str {
        if self.is_secure() {
            "__Host-mentiond"
        } else {
            "mentiond"
        }
    }

    fn is_secure(&self) -> bool {
        let url = self.public_url.as_ref();
        url.is_some_and(|url| url.scheme() == "https")
    }

    /// Whose tries to log in are counted: the peer, or whom the proxy behind `public_url`, which is on
    /// this machine, says that it speaks for.
    #[must_use]
    pub fn peer(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let proxied = self.public_url.is_some() && peer.is_loopback();
        let last = headers.get_all("x-forwarded-for").iter().next_back();
        let last =
            last.and_then(|field| field.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        last.filter(|_| proxied).unwrap_or(peer)
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tries(&self) -> std::sync::MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn verify(password: &Secret, hash: &Secret) -> bool {
    PasswordHash::new(hash.expose()).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.expose().as_bytes(), &hash)
            .is_ok()
    })
}

/// The value of a cookie.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let fields = headers.get_all("cookie").iter();
    let pairs = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests;

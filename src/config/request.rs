//! Reading how a feed's requests differ from everybody's: headers, credentials, proxy, TLS.
//!
//! Whatever may be a secret can be given as a reference to one, and a password or token must be.
//! What is read here goes to the feed's own origin only; `fetch` sees to that.

use std::time::Duration;

use url::Url;

use super::environment::{Environment, Use};
use super::headers;
use super::reader::Table;
use super::secret;
use super::source::read_text;
use super::value::Value;
use crate::model::{Auth, RequestOptions, Secret};

/// The largest file of certificates.
const MAX_ROOTS: u64 = 1 << 20;
const PROXY_SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];

/// Header fields that have keys of their own or belong to the daemon's own promises.
const RESERVED: [(&str, &str); 7] = [
    ("accept-encoding", "the daemon asks for what it can unpack"),
    ("if-none-match", "the daemon sends what the server gave"),
    ("if-modified-since", "the daemon sends what the server gave"),
    ("a-im", "the daemon asks for what it can apply"),
    ("authorization", "use `basic_auth` or `bearer_token`"),
    ("cookie", "use `cookies`"),
    ("user-agent", "use `user_agent`"),
];

/// Reads the keys of a `[[feed]]` that say how to ask for it.
pub(super) fn read(table: &mut Table<'_>, environment: &Environment) -> RequestOptions {
    let user_agent = table.get("user_agent").and_then(|value| user_agent(&value));
    let timeout: Option<Duration> = table.get("timeout").and_then(|value| value.duration());
    let headers = table
        .get("headers")
        .map(|value| headers(&value, environment))
        .unwrap_or_default();
    let basic = table.get("basic_auth");
    let bearer = table.get("bearer_token");
    if let (Some(_), Some(value)) = (&basic, &bearer) {
        value.error(
            "`basic_auth` and `bearer_token` exclude each other",
            Some("remove one of them".to_owned()),
        );
    }
    let basic = basic.and_then(|value| basic_auth(&value, environment));
    let bearer = bearer.and_then(|value| secret::resolve(&value, environment, Use::Asking));
    let cookies = table
        .get("cookies")
        .and_then(|value| headers::text_or_secret(&value, environment, Use::Asking));
    let proxy = table
        .get("proxy")
        .and_then(|value| proxy(&value, environment));
    let extra_roots = table
        .get("extra_roots")
        .and_then(|value| extra_roots(&value));
    let insecure = table.get("insecure_tls");
    let insecure_tls = insecure.as_ref().and_then(Value::flag).unwrap_or(false);
    if let Some(value) = insecure.filter(|_| insecure_tls) {
        value.warn(
            "`insecure_tls` is on: anyone on the way can forge this feed and read what is sent for it",
            Some("trust its certificate with `extra_roots` instead".to_owned()),
        );
    }
    RequestOptions {
        headers,
        auth: basic.or(bearer.map(Auth::Bearer)),
        cookies,
        user_agent,
        proxy,
        timeout,
        extra_roots,
        insecure_tls,
    }
}

fn user_agent(value: &Value<'_>) -> Option<String> {
    let text = value.line(200)?;
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Some(text.to_owned());
    }
    value.error("`user_agent` must be plain ASCII", None);
    None
}

fn headers(value: &Value<'_>, environment: &Environment) -> Vec<(String, Secret)> {
    let fields = headers::read(value, environment, Use::Asking, "a feed", &RESERVED);
    let fields = fields.into_iter();
    fields.map(|(name, value, _)| (name, value)).collect()
}

fn basic_auth(value: &Value<'_>, environment: &Environment) -> Option<Auth> {
    let mut table = value.table("`basic_auth`")?;
    let user = table.required("user").and_then(|user| {
        let text = user.line(200)?;
        if text.contains(':') {
            user.error("a user name can't hold a colon (RFC 7617 §2)", None);
            return None;
        }
        Some(text.to_owned())
    });
    let password = table
        .required("password")
        .and_then(|password| secret::resolve(&password, environment, Use::Asking));
    table.finish();
    Some(Auth::Basic {
        user: user?,
        password: password?,
    })
}

/// A proxy's URL: written out, or a reference where it holds credentials.
pub(super) fn proxy(value: &Value<'_>, environment: &Environment) -> Option<Secret> {
    let secret = headers::text_or_secret(value, environment, Use::Asking)?;
    if value.is_text() && secret.expose() == "environment" {
        return from_variables(value, environment);
    }
    if !value.is_text() && !environment.reads(Use::Asking) {
        return Some(secret);
    }
    let Some(url) = is_proxy(secret.expose()) else {
        let help = "write it like http://127.0.0.1:3128 or socks5h://127.0.0.1:9050".to_owned();
        value.error("`proxy` is not the URL of a proxy", Some(help));
        return None;
    };
    let written_out = value.is_text() && !value.is_variable();
    if written_out && (!url.username().is_empty() || url.password().is_some()) {
        let help = "write { file = \"path\" }, { env = \"NAME\" } or { credential = \"name\" }";
        value.error("`proxy` holds credentials", Some(help.to_owned()));
        return None;
    }
    Some(secret)
}

/// The proxy that the usual variables name. They may hold credentials.
fn from_variables(value: &Value<'_>, environment: &Environment) -> Option<Secret> {
    let names = [
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "http_proxy",
    ];
    let found = names.iter().find_map(|name| environment.get(name));
    let usable = found.filter(|text| is_proxy(text).is_some());
    if usable.is_none() {
        let problem = if found.is_some() {
            "`proxy` is \"environment\", but the variable there is not the URL of a proxy"
        } else {
            "`proxy` is \"environment\", but neither https_proxy nor all_proxy nor http_proxy is set"
        };
        let help = "set it, like http://127.0.0.1:3128, or remove `proxy`".to_owned();
        value.error(problem, Some(help));
    }
    usable.map(|text| Secret::new(text.to_owned()))
}

fn is_proxy(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| {
        PROXY_SCHEMES.contains(&url.scheme()) && url.host_str().is_some_and(|h| !h.is_empty())
    })
}

/// A file of certificates in PEM form.
pub(super) fn extra_roots(value: &Value<'_>) -> Option<Vec<u8>> {
    let path = value.origin.folder().join(value.line(4096)?);
    let text = match read_text(&path, MAX_ROOTS) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("the file of certificates {} {error}", path.display());
            value.error(message, None);
            return None;
        }
    };
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        let help = "it must hold certificates in PEM form".to_owned();
        let message = format!("{} holds no certificate", path.display());
        value.error(message, Some(help));
        return None;
    }
    Some(text.into_bytes())
}

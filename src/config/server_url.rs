//! The URL of a database server, looked at before anybody connects by it.
//!
//! What is wrong is said in words that name the part, and never show a password: where a URL may be read in two
//! ways, one of which has a part of the password for an option, nothing of it is quoted.

use url::Url;

use super::problem::{did_you_mean, quoted};
use crate::model::ServerOptions;

/// The options that the driver knows.
const OPTIONS: [&str; 19] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslmode",
    "sslnegotiation",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// What is wrong with a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadUrl {
    /// Goes behind what the URL is called.
    what: String,
    /// What to write.
    pub(super) help: Option<String>,
}

impl BadUrl {
    fn new(what: impl Into<String>, help: Option<&str>) -> Self {
        Self {
            what: what.into(),
            help: help.map(str::to_owned),
        }
    }

    /// What is wrong with what is called so.
    pub(super) fn message(&self, label: &str) -> String {
        format!("{label} {}", self.what)
    }

    /// The same with what to write.
    #[must_use]
    pub fn of(&self, label: &str) -> String {
        match &self.help {
            Some(help) => format!("{}; {help}", self.message(label)),
            None => self.message(label),
        }
    }
}

/// The URL as the driver takes it: certificates are always verified, so that `verify-full` and `verify-ca` are
/// its `require`.
///
/// # Errors
/// What is wrong with it, without its password.
pub fn server_url(text: &str) -> Result<String, BadUrl> {
    let url = match Url::parse(text) {
        Ok(url) if ServerOptions::is_url(text) => url,
        _ => {
            let shape = "write \"postgres://user@host:5432/database\"";
            return Err(BadUrl::new("is not a server's URL", Some(shape)));
        }
    };
    // The driver takes all before the first `@` for user and password, wherever it stands.
    let query = url.query().unwrap_or_default();
    if url.fragment().is_some() || url.path().contains('@') || query.contains('@') {
        let help = "in a user, a password or an option write %40 for `@`, %23 for `#`, %2F for `/` and %3F for `?`";
        return Err(BadUrl::new(
            "has a `#`, or an `@` behind the server's name",
            Some(help),
        ));
    }
    // What looks like an option may be the rest of a password in which `&` was not written as %26.
    let has_password = url.query_pairs().any(|(name, _)| name == "password");
    for (name, value) in url.query_pairs() {
        if has_password && !OPTIONS.contains(&name.as_ref()) {
            let help = "in a password write %26 for `&`";
            return Err(BadUrl::new("has an unknown option", Some(help)));
        }
        if !OPTIONS.contains(&name.as_ref()) {
            let what = format!("has the unknown option {}", quoted(&name));
            let help = match name.as_ref() {
                "sslrootcert" => Some("name that file in `extra_roots` of [postgres]".to_owned()),
                name => did_you_mean(name, OPTIONS),
            };
            return Err(BadUrl { what, help });
        }
        let modes = ["disable", "prefer", "require", "verify-ca", "verify-full"];
        if name == "sslmode" && !modes.contains(&value.as_ref()) {
            let what = format!("has the unknown `sslmode` {}", quoted(&value));
            let help = "write disable, prefer or require; certificates are always verified";
            return Err(BadUrl::new(what, Some(help)));
        }
    }
    let url = requiring(text);
    url.parse::<tokio_postgres::Config>()
        .map_err(|error: tokio_postgres::Error| {
            let why = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            BadUrl::new(format!("can't be used: {why}"), None)
        })?;
    Ok(url)
}

/// The URL with the driver's word for what insists on TLS.
fn requiring(text: &str) -> String {
    let Some((before, query)) = text.split_once('?') else {
        return text.to_owned();
    };
    let options: Vec<&str> = query
        .split('&')
        .map(|option| match option {
            "sslmode=verify-full" | "sslmode=verify-ca" => "sslmode=require",
            other => other,
        })
        .collect();
    format!("{before}?{}", options.join("&"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_is_given_back_as_the_driver_takes_it() {
        for (text, taken) in [
            (
                "postgres://me@db.example/news",
                "postgres://me@db.example/news",
            ),
            (
                "postgresql://me:p%40ss@[::1]:5433/news?sslmode=prefer&connect_timeout=3",
                "postgresql://me:p%40ss@[::1]:5433/news?sslmode=prefer&connect_timeout=3",
            ),
            (
                "postgres://me@db.example/news?application_name=m&sslmode=verify-full",
                "postgres://me@db.example/news?application_name=m&sslmode=require",
            ),
            (
                "postgres://me@db.example/news?options=-csearch_path%3Dnews",
                "postgres://me@db.example/news?options=-csearch_path%3Dnews",
            ),
        ] {
            assert_eq!(server_url(text).as_deref(), Ok(taken));
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_a_password_is_not() {
        let told: Vec<String> = [
            "postgres://me:hush@db.example/news?sslmode=bogus",
            "postgres://me:hush@db.example/news?sslmod=require",
            "postgres://me:hush@db.example/news?sslrootcert=ca.pem",
            "postgres://me:hush@db.example/news?connect_timeout=soon",
            "postgres://me:hush@db.example/news?sslmode",
            "postgres://me:hush@db.example:port/news",
            "postgres://me:1?hush=1@db.example/news",
            "postgres://me:1/hush@db.example/news",
            "postgres://me:1#hush@db.example/news",
            "postgres://me@db.example/news?password=a&hush=1",
            "mysql://me:hush@db.example/news",
        ]
        .iter()
        .map(|text| server_url(text).unwrap_err().of("`database`"))
        .collect();
        let told = told.join("\n");
        assert!(!told.contains("hush"), "{told}");
        insta::assert_snapshot!(told, @r#"
        `database` has the unknown `sslmode` `bogus`; write disable, prefer or require; certificates are always verified
        `database` has the unknown option `sslmod`; did you mean `sslmode`?
        `database` has the unknown option `sslrootcert`; name that file in `extra_roots` of [postgres]
        `database` can't be used: invalid value for option `connect_timeout`
        `database` has the unknown `sslmode` ``; write disable, prefer or require; certificates are always verified
        `database` is not a server's URL; write "postgres://user@host:5432/database"
        `database` has a `#`, or an `@` behind the server's name; in a user, a password or an option write %40 for `@`, %23 for `#`, %2F for `/` and %3F for `?`
        `database` has a `#`, or an `@` behind the server's name; in a user, a password or an option write %40 for `@`, %23 for `#`, %2F for `/` and %3F for `?`
        `database` has a `#`, or an `@` behind the server's name; in a user, a password or an option write %40 for `@`, %23 for `#`, %2F for `/` and %3F for `?`
        `database` has an unknown option; in a password write %26 for `&`
        `database` is not a server's URL; write "postgres://user@host:5432/database"
        "#);
    }

    proptest! {
        #[test]
        fn what_is_taken_the_driver_takes_and_nothing_panics(rest in "\\PC{0,60}", query in "[a-z=&%@#?]{0,30}") {
            let text = format!("postgres://{rest}?{query}");
            if let Ok(url) = server_url(&text) {
                prop_assert!(url.parse::<tokio_postgres::Config>().is_ok());
            }
        }
    }
}

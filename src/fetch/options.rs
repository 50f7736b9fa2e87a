//! The headers that a feed's own options stand for, and the checks of those options.
//!
//! Every error names the option and none shows its value: most values are secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use super::{FetchError, clients};
use crate::model::{Auth, RequestOptions};

/// Fields that belong to the connection, to the message's framing, or to what a fetch promises.
const RESERVED: [&str; 20] = [
    "host",
    "content-length",
    "content-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "range",
    "if-range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "a-im",
    "http2-settings",
];

/// Checks a header line of [`RequestOptions::headers`], so that a configuration can be refused
/// before it is used.
///
/// # Errors
/// [`FetchError::Options`] when `name` is no field name or one that is not the owner's to set
/// (`Host`, framing, conditions), or when `value` holds control characters. The value is not shown.
pub fn check_header(name: &str, value: &str) -> Result<(), FetchError> {
    header(name, value).map(|_| ())
}

/// Checks all of a feed's options as far as that goes without sending them.
///
/// # Errors
/// [`FetchError::Options`], which names the option and never its value.
pub fn check_options(options: &RequestOptions) -> Result<(), FetchError> {
    add(options, &mut HeaderMap::new())?;
    if let Some(proxy) = &options.proxy {
        clients::check_proxy(proxy.expose())?;
    }
    if let Some(pem) = &options.extra_roots {
        clients::roots(pem)?;
    }
    Ok(())
}

/// Adds what the owner's options say.
pub(super) fn add(options: &RequestOptions, headers: &mut HeaderMap) -> Result<(), FetchError> {
    if let Some(agent) = &options.user_agent {
        headers.insert(USER_AGENT, value("user_agent", agent)?);
    }
    let mut met = Vec::new();
    for (name, text) in &options.headers {
        let (field, value) = header(name, text.expose())?;
        // The first line of a name takes the place of the usual one, further lines join it.
        if met.contains(&field) {
            headers.append(field, value);
        } else {
            met.push(field.clone());
            headers.insert(field, value);
        }
    }
    let authorization = match &options.auth {
        Some(Auth::Basic { user, password }) => {
            check_user(user)?;
            let pair = format!("{user}:{}", password.expose());
            Some(format!("Basic {}", STANDARD.encode(pair)))
        }
        Some(Auth::Bearer(token)) => Some(format!("Bearer {}", token.expose())),
        None => None,
    };
    if let Some(text) = authorization {
        headers.insert(AUTHORIZATION, secret("auth", &text)?);
    }
    if let Some(cookies) = &options.cookies {
        headers.insert(COOKIE, secret("cookies", cookies.expose())?);
    }
    Ok(())
}

fn header(name: &str, text: &str) -> Result<(HeaderName, HeaderValue), FetchError> {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| FetchError::Options {
        reason: format!("\"{shown}\" is no header name; use letters, digits and hyphens"),
    })?;
    if RESERVED.contains(&field.as_str()) {
        return Err(FetchError::Options {
            reason: format!("the header {shown} is set by the program itself; leave it out"),
        });
    }
    Ok((field, secret(&format!("header {shown}"), text)?))
}

/// A user name with a colon would be read as another (RFC 7617 §2).
fn check_user(user: &str) -> Result<(), FetchError> {
    if user.contains(':') {
        return Err(FetchError::Options {
            reason: "auth: a user name can't hold a colon; leave it out".to_owned(),
        });
    }
    Ok(())
}

fn value(what: &str, text: &str) -> Result<HeaderValue, FetchError> {
    HeaderValue::from_str(text).map_err(|_| FetchError::Options {
        reason: format!("{what} holds control characters; write it in one line"),
    })
}

/// A value that the HTTP library's own logs leave out too.
fn secret(what: &str, text: &str) -> Result<HeaderValue, FetchError> {
    let mut value = value(what, text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    fn auth(auth: Auth) -> RequestOptions {
        RequestOptions {
            auth: Some(auth),
            ..RequestOptions::default()
        }
    }

    #[test]
    fn a_name_and_password_are_sent_as_basic_authentication() {
        let options = auth(Auth::Basic {
            user: "Aladdin".to_owned(),
            password: Secret::new("open sesame".to_owned()),
        });
        let mut headers = HeaderMap::new();
        add(&options, &mut headers).expect("well-formed options");
        // The example of RFC 7617 §2.
        assert_eq!(headers[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn headers_of_the_connection_and_the_conditions_are_not_the_owners() {
        for name in RESERVED {
            let error = check_header(&name.to_uppercase(), "x").expect_err(name);
            assert_eq!(error.kind(), "options", "{name}");
        }
        for name in ["", "a b", "a:", "\u{e9}", "a\nb"] {
            let error = check_header(name, "x").expect_err("no name");
            assert!(!error.to_string().contains('\n'), "{error}");
        }
        assert_eq!(check_header("X-Key", "caf\u{e9}"), Ok(()));
    }

    #[test]
    fn errors_about_options_show_no_value() {
        let secret = || Secret::new("hush\n".to_owned());
        for options in [
            RequestOptions {
                headers: vec![("X-Key".to_owned(), secret())],
                ..RequestOptions::default()
            },
            RequestOptions {
                cookies: Some(secret()),
                ..RequestOptions::default()
            },
            RequestOptions {
                proxy: Some(Secret::new("http://me:hush@[".to_owned())),
                ..RequestOptions::default()
            },
            RequestOptions {
                proxy: Some(Secret::new("gopher://me:hush@a".to_owned())),
                ..RequestOptions::default()
            },
            RequestOptions {
                extra_roots: Some(b"hush".to_vec()),
                ..RequestOptions::default()
            },
            auth(Auth::Bearer(secret())),
            auth(Auth::Basic {
                user: "hush:".to_owned(),
                password: Secret::new("x".to_owned()),
            }),
        ] {
            let error = check_options(&options).expect_err("unusable");
            assert_eq!(error.kind(), "options");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hush"), "{shown}");
        }
        assert_eq!(check_options(&RequestOptions::default()), Ok(()));
    }
}

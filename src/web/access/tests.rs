//! The decisions as a whole.

use argon2::password_hash::PasswordHasher;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);
const TOKEN: &str = "0123456789abcdef";
const READ: &str = "fedcba9876543210";
const PASSWORD: &str = "open sesame";

/// The hash of [`PASSWORD`], at the least cost.
fn password_hash() -> Secret {
    let cost = argon2::Params::new(8, 1, 1, None).unwrap();
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, cost);
    let hash: PasswordHash = argon2
        .hash_password_with_salt(PASSWORD.as_bytes(), b"somesaltsomesalt")
        .unwrap();
    Secret::new(hash.to_string())
}

fn web() -> WebConfig {
    WebConfig {
        enabled: true,
        listen: "127.0.0.1:8470".parse().unwrap(),
        public_url: None,
        token: None,
        read_token: None,
        password_hash: None,
        hosts: Vec::new(),
    }
}

fn locked() -> Access {
    Access::new(&WebConfig {
        token: Some(Secret::new(TOKEN.into())),
        read_token: Some(Secret::new(READ.into())),
        password_hash: Some(password_hash()),
        ..web()
    })
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        let name = axum::http::HeaderName::from_static(name);
        (name, value.parse().unwrap())
    });
    pairs.collect()
}

fn decide(
    access: &Access,
    method: &Method,
    pairs: &[(&'static str, &str)],
) -> Result<Role, Denied> {
    let headers = headers(pairs);
    let uri = "/".parse().unwrap();
    let source = guard::source(&uri, &headers);
    access
        .decide(method, &headers, &source, NOW)
        .map(|caller| caller.role)
}

#[test]
fn without_a_credential_everybody_may_do_everything_but_other_pages() {
    let access = Access::new(&web());
    let host = ("host", "localhost:8470");
    assert_eq!(decide(&access, &Method::GET, &[host]), Ok(Role::Full));
    assert_eq!(decide(&access, &Method::POST, &[host]), Ok(Role::Full));
    let foreign = ("origin", "http://evil.example");
    assert_eq!(
        decide(&access, &Method::POST, &[host, foreign]),
        Err(Denied::Foreign)
    );
    let cross = ("sec-fetch-site", "cross-site");
    assert_eq!(
        decide(&access, &Method::GET, &[host, cross]),
        Err(Denied::Foreign)
    );
}

#[test]
fn tokens_give_their_roles_and_nothing_else_does() {
    let access = locked();
    for (field, get, post) in [
        (format!("Bearer {TOKEN}"), Ok(Role::Full), Ok(Role::Full)),
        (format!("bearer {TOKEN} "), Ok(Role::Full), Ok(Role::Full)),
        (
            format!("Bearer {READ}"),
            Ok(Role::Read),
            Err(Denied::ReadOnly),
        ),
        (
            format!("Basic {TOKEN}"),
            Err(Denied::Unknown),
            Err(Denied::Unknown),
        ),
        (
            format!("Bearer {TOKEN}x"),
            Err(Denied::Unknown),
            Err(Denied::Unknown),
        ),
        ("Bearer ".into(), Err(Denied::Unknown), Err(Denied::Unknown)),
        (TOKEN.into(), Err(Denied::Unknown), Err(Denied::Unknown)),
    ] {
        let given = [("authorization", field.as_str())];
        assert_eq!(decide(&access, &Method::GET, &given), get, "{field}");
        assert_eq!(decide(&access, &Method::HEAD, &given), get, "{field}");
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            assert_eq!(decide(&access, &method, &given), post, "{field}");
        }
    }
    assert_eq!(decide(&access, &Method::GET, &[]), Err(Denied::Unknown));
    assert_eq!(decide(&access, &Method::POST, &[]), Err(Denied::Unknown));
}

#[test]
fn a_token_is_not_bound_to_an_origin() {
    let bearer = format!("Bearer {TOKEN}");
    let given = [
        ("authorization", bearer.as_str()),
        ("origin", "http://tool.example"),
    ];
    assert_eq!(decide(&locked(), &Method::POST, &given), Ok(Role::Full));
}

async fn log_in(access: &Access, password: &str) -> Result<String, LoginError> {
    let peer = "192.0.2.1".parse().unwrap();
    let password = Secret::new(password.to_owned());
    access
        .log_in(password, peer, NOW)
        .await
        .map(|(cookie, _)| cookie)
}

#[tokio::test]
async fn the_password_opens_a_session_that_changes_things_from_our_own_page_only() {
    let access = locked();
    assert_eq!(log_in(&access, "sesame").await, Err(LoginError::Wrong));
    let value = log_in(&access, PASSWORD).await.unwrap();
    assert!(value.len() == 43 && !format!("{access:?}").contains(&value));
    let cookie = format!("a=b; mentiond={value}; c=d");
    let cookie = ("cookie", cookie.as_str());
    let host = ("host", "localhost:8470");
    assert_eq!(
        decide(&access, &Method::GET, &[cookie, host]),
        Ok(Role::Full)
    );
    assert_eq!(
        decide(&access, &Method::POST, &[cookie, host]),
        Err(Denied::NoHeader)
    );
    let header = (CHANGE_HEADER, "1");
    assert_eq!(
        decide(&access, &Method::POST, &[cookie, host, header]),
        Ok(Role::Full)
    );
    let foreign = ("origin", "http://localhost:3000");
    assert_eq!(
        decide(&access, &Method::POST, &[cookie, host, header, foreign]),
        Err(Denied::Foreign)
    );
    let wrong = (
        "cookie",
        "mentiond=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    );
    assert_eq!(
        decide(&access, &Method::GET, &[wrong]),
        Err(Denied::Unknown)
    );
    access.log_out(&headers(&[cookie]));
    assert_eq!(
        decide(&access, &Method::GET, &[cookie]),
        Err(Denied::Unknown)
    );
}

#[tokio::test]
async fn wrong_passwords_are_counted_and_a_right_one_clears_them() {
    let access = locked();
    for _ in 0..4 {
        assert_eq!(log_in(&access, "x").await, Err(LoginError::Wrong));
    }
    assert!(log_in(&access, PASSWORD).await.is_ok());
    for _ in 0..5 {
        assert_eq!(log_in(&access, "x").await, Err(LoginError::Wrong));
    }
    let refused = log_in(&access, PASSWORD).await;
    assert!(
        matches!(refused, Err(LoginError::TooMany(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn where_no_password_is_set_nobody_logs_in() {
    let access = Access::new(&web());
    assert_eq!(log_in(&access, "").await, Err(LoginError::NoPassword));
}

#[test]
fn cookies_are_kept_from_scripts_and_other_sites_and_over_https_from_plain_connections() {
    let plain = Access::new(&web()).set_cookie(Some("v"));
    assert_eq!(
        plain,
        "mentiond=v; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"
    );
    let public = Access::new(&WebConfig {
        public_url: Some("https://a.example/".parse().unwrap()),
        ..web()
    });
    assert_eq!(
        public.set_cookie(None),
        "__Host-mentiond=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure"
    );
}

#[test]
fn the_proxy_is_believed_only_where_there_is_one() {
    let (local, far): (IpAddr, IpAddr) =
        ("127.0.0.1".parse().unwrap(), "192.0.2.9".parse().unwrap());
    let forwarded = headers(&[("x-forwarded-for", "10.0.0.1, 198.51.100.7")]);
    let client: IpAddr = "198.51.100.7".parse().unwrap();
    let alone = Access::new(&web());
    assert_eq!(alone.peer(local, &forwarded), local);
    let proxied = Access::new(&WebConfig {
        public_url: Some("https://a.example/".parse().unwrap()),
        ..web()
    });
    assert_eq!(proxied.peer(local, &forwarded), client);
    assert_eq!(proxied.peer(far, &forwarded), far);
    assert_eq!(proxied.peer(local, &HeaderMap::new()), local);
}

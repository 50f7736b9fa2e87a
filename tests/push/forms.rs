//! How forms are posted.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;
use url::Url;

use crate::support::fetcher;

const FIELDS: [(&str, &str); 2] = [("hub.topic", "https://a.example/?b=ж&c"), ("x", "1 2")];

/// A server whose path says what it does: `307-3` redirects by 307, three times.
async fn server() -> (Url, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let bodies = Arc::<Mutex<Vec<String>>>::default();
    let kept = bodies.clone();
    let answer = move |Path(path): Path<String>, head: HeaderMap, body: Bytes| async move {
        assert_eq!(head["content-type"], "application/x-www-form-urlencoded");
        kept.lock()
            .unwrap()
            .push(String::from_utf8(body.to_vec()).unwrap());
        reply(&path)
    };
    let app = Router::new().route("/{path}", post(answer));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url.parse().unwrap(), bodies)
}

fn reply(path: &str) -> Response {
    let (status, times) = path.split_once('-').unwrap_or((path, "0"));
    let status: u16 = status.parse().unwrap();
    let times: u32 = times.parse().unwrap();
    if (300..400).contains(&status) {
        let to = if times > 0 {
            format!("/{status}-{}", times - 1)
        } else {
            "/202".to_owned()
        };
        let code = StatusCode::from_u16(status).unwrap();
        return (code, [(header::LOCATION, to)]).into_response();
    }
    let words = format!("a\r\n\u{1b}[31m b {}", "x".repeat(1 << 20));
    (
        StatusCode::from_u16(status).unwrap(),
        [(header::RETRY_AFTER, "120")],
        words,
    )
        .into_response()
}

#[tokio::test]
async fn a_form_keeps_method_and_body_through_307_and_308() {
    let (url, bodies) = server().await;
    for path in ["202", "307", "308-4"] {
        let answer = fetcher()
            .post_form(&url.join(path).unwrap(), &FIELDS, true)
            .await
            .unwrap();
        assert!(answer.is_success(), "{path}");
        assert_eq!(answer.final_url.path(), "/202");
    }
    let expected = "hub.topic=https%3A%2F%2Fa.example%2F%3Fb%3D%D0%B6%26c&x=1+2";
    let bodies = bodies.lock().unwrap();
    assert_eq!(bodies.len(), 9);
    assert!(bodies.iter().all(|body| body == expected), "{bodies:?}");
}

#[tokio::test]
async fn a_form_gives_up_after_five_hops_and_at_redirects_that_lose_it() {
    let (url, bodies) = server().await;
    for (path, kind) in [
        ("307-5", "too-many-redirects"),
        ("301", "bad-redirect"),
        ("302", "bad-redirect"),
        ("303", "bad-redirect"),
    ] {
        let error = fetcher()
            .post_form(&url.join(path).unwrap(), &FIELDS, true)
            .await;
        assert_eq!(error.unwrap_err().kind(), kind, "{path}");
    }
    assert_eq!(bodies.lock().unwrap().len(), 6 + 3);
}

#[tokio::test]
async fn an_error_comes_with_one_short_line_of_its_body() {
    let (url, _) = server().await;
    let answer = fetcher()
        .post_form(&url.join("400").unwrap(), &FIELDS, true)
        .await
        .unwrap();
    assert_eq!((answer.status, answer.is_success()), (400, false));
    assert!(
        answer.excerpt.starts_with("a [31m b xx"),
        "{}",
        answer.excerpt
    );
    assert!(answer.excerpt.len() <= 1024);
    assert_eq!(answer.retry_after.unwrap().as_secs(), 120);
}

#[tokio::test]
async fn a_form_does_not_reach_private_addresses_without_leave() {
    let (url, bodies) = server().await;
    let refused = fetcher()
        .post_form(&url.join("202").unwrap(), &FIELDS, false)
        .await;
    assert_eq!(refused.unwrap_err().kind(), "address-refused");
    assert!(bodies.lock().unwrap().is_empty());
}

#[tokio::test]
async fn leave_for_one_host_is_none_for_the_next() {
    let (url, bodies) = server().await;
    let port = url.port().unwrap();
    let listener = TcpListener::bind(("127.0.0.2", 0)).await.unwrap();
    let first = format!("http://{}/", listener.local_addr().unwrap());
    let to = format!("http://127.0.0.1:{port}/202");
    let redirect =
        move || async move { (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]) };
    let app = Router::new().route("/", post(redirect));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let refused = fetcher()
        .post_form(&first.parse().unwrap(), &FIELDS, true)
        .await;
    assert_eq!(refused.unwrap_err().kind(), "address-refused");
    assert!(bodies.lock().unwrap().is_empty());
}

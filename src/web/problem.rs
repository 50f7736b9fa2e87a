//! What went wrong with a request, as RFC 9457 has it (`application/problem+json`).
//!
//! A [`Problem`] is for whoever asked: it names the parameter that is wrong and says what to write, and
//! never shows what is inside. What happened inside goes to the log.

use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::matching::QueryError;
use crate::store::StoreError;
use crate::view::topic::TopicError;

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What went wrong with a request (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    #[schema(example = "Bad Request")]
    title: &'static str,
    /// The status.
    #[schema(example = 400, minimum = 400, maximum = 599)]
    status: u16,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The parameter, or the part of the body, that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// At which character of the parameter it is wrong; the first is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
    /// In how many seconds to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem that its status tells.
    #[must_use]
    pub fn of(status: StatusCode) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: None,
            parameter: None,
            position: None,
            retry_after: None,
        }
    }

    /// A problem with advice.
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::of(status)
        }
    }

    /// A parameter that is wrong.
    #[must_use]
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self {
            parameter: Some(name.chars().take(80).collect()),
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    /// A query language's text that is wrong.
    #[must_use]
    pub fn query(name: &str, text: &str, error: &QueryError) -> Self {
        let position = error.character(text) + 1;
        Self {
            position: Some(position),
            ..Self::parameter(name, format!("at character {position}: {error}"))
        }
    }

    /// More is asked for at a time than there are places for.
    #[must_use]
    pub fn busy() -> Self {
        let detail =
            "too many requests of this kind are being answered; try again in a little while";
        Self {
            retry_after: Some(5),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// Something that does not exist, or not any more.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Too much is asked for; there may be room again after so many seconds.
    #[must_use]
    pub fn too_many(detail: impl Into<String>, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail)
        }
    }

    /// A fault of ours; what it was is logged.
    #[must_use]
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!("a request could not be answered: {error}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the daemon's log says what happened",
        )
    }

    /// The status in words.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// The parameter that is wrong, if it is one.
    #[must_use]
    pub fn wrong_parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// What to do about it.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooSlow(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
            _ => Self::internal(&error),
        }
    }
}

impl From<TopicError> for Problem {
    fn from(error: TopicError) -> Self {
        match error {
            TopicError::Store(error) => error.into(),
            TopicError::Series(error) => Self::parameter("since", error.to_string()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            let challenge = HeaderValue::from_static("Bearer realm=\"mentiond\"");
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Makes a problem of an error that has only a status, such as the router's own answers.
pub fn explained(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let has_type = response.headers().contains_key(CONTENT_TYPE);
    if !is_error || has_type {
        return response;
    }
    let mut explained = Problem::of(status).into_response();
    for name in [ALLOW, RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            explained.headers_mut().insert(name, value.clone());
        }
    }
    explained
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_the_members_of_rfc_9457() {
        let json = serde_json::to_value(Problem::parameter("limit", "write less")).unwrap();
        let expected = serde_json::json!({
            "type": "about:blank", "title": "Bad Request", "status": 400,
            "detail": "write less", "parameter": "limit"
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn what_happened_inside_is_not_told() {
        let problem = Problem::from(StoreError::Io("/secret/path".into()));
        let json = serde_json::to_string(&problem).unwrap();
        assert!(!json.contains("secret"), "{json}");
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn a_search_that_takes_too_long_is_no_fault_of_ours() {
        let slow = StoreError::TooSlow(std::time::Duration::from_secs(5));
        let problem = Problem::from(slow);
        assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
        let detail = problem.detail().unwrap();
        assert!(
            detail.contains("longer than 5s: ask for rarer words"),
            "{detail}"
        );
    }

    #[test]
    fn where_a_query_is_wrong_is_counted_in_characters() {
        let text = "ШОС OR";
        let error = crate::matching::parse_query(text).unwrap_err();
        let json = serde_json::to_value(Problem::query("q", text, &error)).unwrap();
        assert_eq!(
            (&json["position"], &json["parameter"]),
            (&7.into(), &"q".into())
        );
        let detail = json["detail"].as_str().unwrap();
        assert!(detail.starts_with("at character 7: "), "{detail}");
    }

    #[test]
    fn bare_errors_are_explained_and_keep_what_they_allow() {
        let bare = (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET")]).into_response();
        let response = explained(bare);
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
        assert_eq!(response.headers()[ALLOW], "GET");
        let fine = explained(StatusCode::NO_CONTENT.into_response());
        assert!(!fine.headers().contains_key(CONTENT_TYPE));
    }

    #[test]
    fn who_is_unknown_is_told_how_to_be_known() {
        let response = Problem::of(StatusCode::UNAUTHORIZED).into_response();
        assert_eq!(
            response.headers()[WWW_AUTHENTICATE],
            "Bearer realm=\"mentiond\""
        );
    }
}

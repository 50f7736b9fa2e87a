//! The `OpenAPI` document: what the handlers say of themselves, and what holds for all of them.

use std::sync::OnceLock;

use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
    SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};

use crate::web::problem::{PROBLEM_JSON, Problem};
use crate::web::reply::Json;

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "access",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub async fn show() -> Response {
    static DOCUMENT: OnceLock<OpenApi> = OnceLock::new();
    Json(DOCUMENT.get_or_init(super::openapi)).into_response()
}

/// Puts the routes that take a credential and the open ones into one document, and adds to each operation
/// what the routes leave to the router: who may call it, and how it may fail.
pub(super) fn complete(mut locked: OpenApi, mut open: OpenApi) -> OpenApi {
    let schemes = ["token", "session"];
    for (path, method, operation) in operations(&mut locked) {
        let either = schemes.map(|name| SecurityRequirement::new(name, [] as [&str; 0]));
        operation.security = Some(either.to_vec());
        fail(operation, &[401, 403, 421, 500]);
        describe(&path, &method, operation);
    }
    for (path, method, operation) in operations(&mut open) {
        operation.security = Some(Vec::new());
        fail(operation, &[421]);
        if path.starts_with("/api/") {
            fail(operation, &[401, 403, 500]);
        }
        describe(&path, &method, operation);
    }
    let info = InfoBuilder::new()
        .title("mentiond")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "What mentiond found, told and knows of its feeds. Times are RFC 3339 in UTC; errors are problems \
             (RFC 9457); answers to GET have an ETag.",
        ))
        .build();
    let mut document = OpenApiBuilder::new().info(info).build();
    document.merge(locked);
    document.merge(open);
    let components = document.components.get_or_insert_with(Components::new);
    components
        .schemas
        .insert(Problem::name().into_owned(), Problem::schema());
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let cookie = ApiKey::Cookie(ApiKeyValue::new("mentiond"));
    components.add_security_scheme("token", SecurityScheme::Http(token));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    document
}

/// A name that no other operation has, and errors that follow from what it takes.
fn describe(path: &str, method: &HttpMethod, operation: &mut Operation) {
    operation.operation_id = Some(name(path, method));
    let has_parameters = operation
        .parameters
        .as_ref()
        .is_some_and(|list| !list.is_empty());
    if has_parameters && *method == HttpMethod::Get {
        fail(operation, &[400]);
    }
    if operation.request_body.is_some() {
        fail(operation, &[400, 408, 413, 415]);
    }
    if path.contains('{') {
        fail(operation, &[404]);
    }
    let is_read = *method == HttpMethod::Get && path != "/api/v1/stream";
    let is_tagged = operation
        .security
        .as_ref()
        .is_some_and(|list| !list.is_empty());
    if is_read && is_tagged {
        let unchanged = ResponseBuilder::new()
            .description("What the `If-None-Match` names is what would be sent")
            .build();
        operation
            .responses
            .responses
            .insert("304".into(), RefOr::T(unchanged));
    }
}

/// `post_alerts_by_id_retry` for POST to `/api/v1/alerts/{id}/retry`.
fn name(path: &str, method: &HttpMethod) -> String {
    let mut name = match method {
        HttpMethod::Post => "post",
        HttpMethod::Delete => "delete",
        HttpMethod::Put => "put",
        HttpMethod::Patch => "patch",
        _ => "get",
    }
    .to_owned();
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    for part in path.split(['/', '.']).filter(|part| !part.is_empty()) {
        let variable = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        name.push_str(if variable.is_some() { "_by_" } else { "_" });
        name.push_str(variable.unwrap_or(part));
    }
    name
}

/// Adds answers with these statuses, where the handler has none of its own.
fn fail(operation: &mut Operation, statuses: &[u16]) {
    for status in statuses {
        let described = axum::http::StatusCode::from_u16(*status);
        let described = described.ok().and_then(|status| status.canonical_reason());
        let problem = Ref::from_schema_name(Problem::name());
        let content = ContentBuilder::new().schema(Some(problem)).build();
        let response = ResponseBuilder::new()
            .description(described.unwrap_or_default())
            .content(PROBLEM_JSON, content)
            .build();
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_string())
            .or_insert(RefOr::T(response));
    }
}

/// All operations with their paths and methods.
fn operations(document: &mut OpenApi) -> Vec<(String, HttpMethod, &mut Operation)> {
    let mut found = Vec::new();
    for (path, item) in &mut document.paths.paths {
        let methods = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in methods {
            if let Some(operation) = operation {
                found.push((path.clone(), method, operation));
            }
        }
    }
    found
}

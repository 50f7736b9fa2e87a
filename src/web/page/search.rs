//! `/search`: entries of the history, by what stands in their texts.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

use super::item::name;
use super::words::marked;
use super::{Fault, render};
use crate::config::Config;
use crate::model::{StoryKey, Timestamp};
use crate::search::{QueryError, query};
use crate::store::{SearchOrder, SearchPage, SearchResult, SearchRow, StoreError};
use crate::web::access::Caller;
use crate::web::app::App;
use crate::web::params::Params;
use crate::web::problem::Problem;

/// Entries of a page.
const LIMIT: usize = 20;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    q: Option<String>,
    #[serde(default)]
    order: SearchOrder,
    /// The place of the page, as the page before gives it.
    after: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    q: String,
    order: SearchOrder,
    /// Whether anything was looked for.
    asked: bool,
    fault: Option<QueryFault>,
    found: Vec<Found>,
    next: Option<String>,
    is_incomplete: bool,
}

/// What is wrong with a query.
#[derive(Serialize)]
struct QueryFault {
    message: String,
    /// The query with the place marked, as HTML.
    place: Option<String>,
}

#[derive(Serialize)]
struct Found {
    story: StoryKey,
    /// The title with hits, and a piece of the text, as HTML.
    title: String,
    snippet: String,
    link: Option<String>,
    language: Option<String>,
    source: String,
    published: Option<Timestamp>,
    first_seen: Timestamp,
    /// Ids and names.
    topics: Vec<(String, String)>,
}

/// The page.
pub(super) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    wanted: Result<Params<Wanted>, Problem>,
) -> Result<Response, Fault> {
    let Params(wanted) = wanted?;
    let after = wanted.after.as_deref().map(str::parse).transpose();
    let after = after.map_err(|_| Problem::parameter("after", "it is no place in a search"))?;
    let q = wanted.q.unwrap_or_default();
    let mut shown = Shown {
        asked: !q.trim().is_empty(),
        order: wanted.order,
        fault: None,
        found: Vec::new(),
        next: None,
        is_incomplete: false,
        q,
    };
    let mut status = StatusCode::OK;
    if shown.asked {
        match query(&shown.q, Timestamp::now()) {
            Ok(asked) => {
                let page = SearchPage {
                    order: wanted.order,
                    limit: LIMIT,
                    after,
                };
                let store = app.store.clone();
                let search = async move { store.search(asked, page).await };
                match app.turns.wait(search).await? {
                    Ok(result) => shown.take(result, &app.daemon.config()),
                    Err(error @ StoreError::TooSlow(_)) => {
                        status = StatusCode::SERVICE_UNAVAILABLE;
                        let message = error.to_string();
                        shown.fault = Some(QueryFault {
                            message,
                            place: None,
                        });
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => {
                status = StatusCode::BAD_REQUEST;
                shown.fault = Some(fault(&shown.q, &error));
            }
        }
    }
    let page = render::page("search", "/search", caller, shown)?;
    Ok((status, page).into_response())
}

impl Shown {
    fn take(&mut self, result: SearchResult, config: &Config) {
        self.is_incomplete = result.is_incomplete;
        self.next = result.next.map(|next| {
            let mut query = Serializer::new(String::new());
            query.append_pair("q", &self.q);
            if self.order == SearchOrder::Relevance {
                query.append_pair("order", "relevance");
            }
            query.append_pair("after", &next.to_string());
            query.finish()
        });
        let found = result.rows.into_iter().map(|row| found(row, config));
        self.found = found.collect();
    }
}

fn found(row: SearchRow, config: &Config) -> Found {
    let topics = row.topics.into_iter().map(|id| {
        let name = name(config, &id);
        (id, name)
    });
    let title = if row.title.text.is_empty() {
        "(no title)".to_owned()
    } else {
        marked(&row.title.text, &row.title.hits)
    };
    Found {
        story: row.story,
        title,
        snippet: marked(&row.snippet.text, &row.snippet.hits),
        link: row.link,
        language: row.language,
        source: row.source,
        published: row.published,
        first_seen: row.first_seen,
        topics: topics.collect(),
    }
}

/// What is wrong, with the query from there on marked.
fn fault(text: &str, error: &QueryError) -> QueryFault {
    QueryFault {
        message: error.message.clone(),
        place: (error.at < text.len()).then(|| marked(text, &[(error.at, text.len())])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_can_not_be_meant_is_shown_with_the_place() {
        let told = |text: &str| fault(text, &query(text, Timestamp::from_millis(0)).unwrap_err());
        let wrong = told("<b> OR lang:ru");
        assert_eq!(
            wrong.place.as_deref(),
            Some("<mark>&lt;b&gt; OR lang:ru</mark>")
        );
        assert!(
            wrong
                .message
                .starts_with("conditions hold for the whole search")
        );
        assert_eq!(told("-football").place, None);
        let within = told("上合 since:soon").place.unwrap();
        assert!(
            within.starts_with("上合 ") && within.contains("<mark>"),
            "{within}"
        );
    }
}

//! `/feeds`: how the feeds are, those in trouble first.

use axum::Extension;
use axum::extract::State;
use serde::Serialize;

use super::{Fault, Html, render};
use crate::view::FeedView;
use crate::web::access::Caller;
use crate::web::app::App;

#[derive(Serialize)]
struct Feeds {
    failing: Vec<Feed>,
    others: Vec<Feed>,
}

#[derive(Serialize)]
struct Feed {
    /// Where its document is, without what may be secret.
    shown_url: String,
    #[serde(flatten)]
    view: FeedView,
}

/// The page.
pub(super) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Html, Fault> {
    let config = app.daemon.config();
    let states = app.store.feed_states().await?;
    let views = FeedView::list(&config, states, app.store.extras().await?);
    let feeds = views.into_iter().map(|view| {
        let end = view.url.find('?').unwrap_or(view.url.len());
        Feed {
            shown_url: view.url[..end].to_owned(),
            view,
        }
    });
    let (failing, others) = feeds.partition(|feed| feed.view.is_failing());
    Ok(render::page(
        "feeds",
        "/feeds",
        caller,
        Feeds { failing, others },
    )?)
}

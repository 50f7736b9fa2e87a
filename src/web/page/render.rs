//! Templates to pages: each page's own part first, and then the frame around it.
//!
//! Templates are part of the program. All that they insert is escaped, but for what Rust code here made:
//! the part that goes into the frame, times ([`words::time`]), charts ([`words::chart`],
//! [`Chart`](super::chart::Chart)) and texts with hits ([`words::marked`]).

use std::sync::LazyLock;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};
use serde::Serialize;

use super::assets::{SCRIPT, STYLE};
use super::{Html, words};
use crate::model::Timestamp;
use crate::web::access::{Caller, Role, Via};
use crate::web::problem::Problem;

/// The pages that the head leads to.
const PLACES: [(&str, &str); 5] = [
    ("/", "Overview"),
    ("/search", "Search"),
    ("/alerts", "Alerts"),
    ("/silences", "Silences"),
    ("/feeds", "Feeds"),
];

const TEMPLATES: [(&str, &str); 10] = [
    ("frame", include_str!("templates/frame.html")),
    ("overview", include_str!("templates/overview.html")),
    ("topic", include_str!("templates/topic.html")),
    ("story", include_str!("templates/story.html")),
    ("search", include_str!("templates/search.html")),
    ("alerts", include_str!("templates/alerts.html")),
    ("silences", include_str!("templates/silences.html")),
    ("feeds", include_str!("templates/feeds.html")),
    ("login", include_str!("templates/login.html")),
    ("problem", include_str!("templates/problem.html")),
];

static ENVIRONMENT: LazyLock<Result<Environment<'static>, Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("time", |value: &Value| {
        let at = value.as_str().and_then(Timestamp::parse_rfc3339);
        let shown = at.map(|at| words::time(at, Timestamp::now()));
        Value::from_safe_string(shown.unwrap_or_else(|| "–".to_owned()))
    });
    environment.add_filter("decimal", words::decimal);
    environment.add_filter("count", words::count);
    environment.add_filter("web", |value: &Value| {
        Value::from(value.as_str().and_then(words::web_link))
    });
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
});

/// What the frame shows around a page.
#[derive(Serialize)]
struct Frame<'a> {
    title: &'a str,
    here: &'a str,
    places: Vec<(&'static str, &'static str)>,
    logged_in: bool,
    style: String,
    script: String,
    body: String,
}

/// A page's part together with what all of them may ask for.
#[derive(Serialize)]
struct Part<T> {
    may_change: bool,
    #[serde(flatten)]
    own: T,
}

/// A page of the head, for who asks.
pub(super) fn page(
    template: &str,
    here: &str,
    caller: Caller,
    own: impl Serialize,
) -> Result<Html, Problem> {
    let place = PLACES.into_iter().find(|(path, _)| *path == here);
    let title = place.map_or("mentiond", |(_, name)| name);
    titled(template, title, here, caller, own)
}

/// A page with a title of its own, for who asks; `here` is the page of the head that it is part of, if any.
pub(super) fn titled(
    template: &str,
    title: &str,
    here: &str,
    caller: Caller,
    own: impl Serialize,
) -> Result<Html, Problem> {
    let may_change = caller.role == Role::Full;
    let logged_in = matches!(caller.via, Via::Session(_));
    let body = fill(template, Part { may_change, own })?;
    frame(title, here, PLACES.to_vec(), logged_in, body)
}

/// What somebody gets whom nobody knows: where to log in, if that is possible.
pub(super) fn login(has_password: bool) -> Result<Html, Problem> {
    #[derive(Serialize)]
    struct Login {
        has_password: bool,
    }
    let body = fill("login", Login { has_password })?;
    frame("Log in", "", Vec::new(), false, body)
}

/// A problem, for people.
pub(super) fn problem(problem: &Problem) -> Result<Html, Problem> {
    #[derive(Serialize)]
    struct Told<'a> {
        title: &'a str,
        detail: Option<&'a str>,
        parameter: Option<&'a str>,
    }
    let told = Told {
        title: problem.title(),
        detail: problem.detail(),
        parameter: problem.wrong_parameter(),
    };
    let body = fill("problem", told)?;
    frame(problem.title(), "", PLACES.to_vec(), false, body)
}

fn frame(
    title: &str,
    here: &str,
    places: Vec<(&'static str, &'static str)>,
    logged_in: bool,
    body: String,
) -> Result<Html, Problem> {
    let frame = Frame {
        title,
        here,
        places,
        logged_in,
        style: STYLE.path(),
        script: SCRIPT.path(),
        body,
    };
    fill("frame", frame).map(Html)
}

fn fill(template: &str, context: impl Serialize) -> Result<String, Problem> {
    let environment = ENVIRONMENT
        .as_ref()
        .map_err(|error| Problem::internal(error))?;
    environment
        .get_template(template)
        .and_then(|template| template.render(Value::from(Serde(context))))
        .map_err(|error| Problem::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_one() {
        assert!(ENVIRONMENT.is_ok(), "{:?}", ENVIRONMENT.as_ref().err());
    }

    #[test]
    fn a_problem_is_told_with_its_words_escaped() {
        let page = problem(&Problem::not_found("<b>gone</b>")).unwrap().0;
        assert!(page.contains("&lt;b&gt;gone"), "{page}");
        assert!(page.contains(&STYLE.path()) && page.contains(&SCRIPT.path()));
    }

    #[test]
    fn only_where_there_is_a_password_one_is_asked_for() {
        assert!(login(true).unwrap().0.contains("type=\"password\""));
        assert!(!login(false).unwrap().0.contains("<form"));
    }
}

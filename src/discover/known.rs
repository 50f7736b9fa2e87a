//! Sites whose feeds have addresses that can be told from the page's address alone.
//!
//! [`feeds_of`] is pure: a page's URL in, the addresses of its feeds out, the likeliest first.
//! They are suggestions: who uses them fetches them first. Each pattern follows what the site
//! itself documents or links to from its pages; none is a guess at a path.

use url::Url;

/// The most segments of a path that are looked at.
const SEGMENTS: usize = 12;

/// The addresses of the feeds of a page on a site that is known; empty for all others, and for
/// what is a feed's address already.
#[must_use]
pub fn feeds_of(page: &Url) -> Vec<Url> {
    let host = page.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let segments: Vec<&str> = page
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|segment| !segment.is_empty())
        .take(SEGMENTS)
        .collect();
    let found = match host {
        "youtube.com" | "m.youtube.com" | "music.youtube.com" => youtube(page, &segments),
        "reddit.com" | "old.reddit.com" | "new.reddit.com" => reddit(&segments),
        "github.com" => github(&segments),
        "gitlab.com" => gitlab(page, &segments),
        "medium.com" => medium(&segments),
        "bsky.app" => bluesky(&segments),
        "vimeo.com" => vimeo(&segments),
        "news.google.com" => google_news(page, &segments),
        "tumblr.com" => tumblr(&segments),
        "news.ycombinator.com" => front(&segments, "https://news.ycombinator.com/rss"),
        "stackoverflow.com" => stack_overflow(&segments),
        "arxiv.org" => arxiv(&segments),
        _ => hosted(host, &segments).or_else(|| mastodon(page, &segments)),
    };
    let found = found.unwrap_or_default();
    found
        .iter()
        .filter_map(|url| Url::parse(url).ok())
        .collect()
}

/// The channel's feed, from the source of a `YouTube` page whose address does not say the channel
/// (`/@handle`, `/c/name`, a video).
#[must_use]
pub fn youtube_channel_in(page: &Url, source: &str) -> Option<Url> {
    let host = page.host_str()?;
    if host != "youtube.com" && !host.ends_with(".youtube.com") {
        return None;
    }
    let id = ["\"externalId\":\"", "\"channelId\":\"", "/channel/"]
        .iter()
        .find_map(|before| {
            let (_, after) = source.split_once(before)?;
            let id = after.get(..24)?;
            is_channel(id).then_some(id)
        })?;
    Url::parse(&channel(id)).ok()
}

fn is_channel(id: &str) -> bool {
    id.len() == 24 && id.starts_with("UC") && is_word(id)
}

fn channel(id: &str) -> String {
    format!("https://www.youtube.com/feeds/videos.xml?channel_id={id}")
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn ends_with(text: &str, extension: &str) -> bool {
    let end = text.rsplit_once('.').map(|(_, end)| end);
    end.is_some_and(|end| end.eq_ignore_ascii_case(extension))
}

fn front(segments: &[&str], feed: &str) -> Option<Vec<String>> {
    segments.is_empty().then(|| vec![feed.to_owned()])
}

fn youtube(page: &Url, segments: &[&str]) -> Option<Vec<String>> {
    let list = page
        .query_pairs()
        .find(|(key, value)| key == "list" && is_word(value));
    match segments {
        ["channel", id, ..] if is_channel(id) => Some(vec![channel(id)]),
        ["user", name, ..] if is_word(name) => Some(vec![format!(
            "https://www.youtube.com/feeds/videos.xml?user={name}"
        )]),
        ["playlist"] => list.map(|(_, id)| {
            vec![format!(
                "https://www.youtube.com/feeds/videos.xml?playlist_id={id}"
            )]
        }),
        _ => None,
    }
}

fn reddit(segments: &[&str]) -> Option<Vec<String>> {
    if segments.iter().any(|segment| ends_with(segment, "rss")) {
        return None;
    }
    let feed = match segments {
        ["r", sub, sort @ ("new" | "top" | "hot" | "rising"), ..] => format!("r/{sub}/{sort}/.rss"),
        ["r", sub, "comments", post, ..] => format!("r/{sub}/comments/{post}/.rss"),
        ["r", sub, ..] => format!("r/{sub}/.rss"),
        ["u" | "user", name, ..] => format!("user/{name}/.rss"),
        [] => ".rss".to_owned(),
        _ => return None,
    };
    Some(vec![format!("https://www.reddit.com/{feed}")])
}

fn github(segments: &[&str]) -> Option<Vec<String>> {
    const NOT_OWNERS: [&str; 10] = [
        "about",
        "apps",
        "collections",
        "explore",
        "features",
        "marketplace",
        "orgs",
        "search",
        "topics",
        "trending",
    ];
    if segments.iter().any(|segment| ends_with(segment, "atom")) {
        return None;
    }
    let (owner, rest) = segments.split_first()?;
    if NOT_OWNERS.contains(owner) {
        return None;
    }
    let Some((name, rest)) = rest.split_first() else {
        return Some(vec![format!("https://github.com/{owner}.atom")]);
    };
    let repo = format!(
        "https://github.com/{owner}/{}",
        name.trim_end_matches(".git")
    );
    Some(match rest {
        ["releases", ..] => vec![format!("{repo}/releases.atom")],
        ["tags", ..] => vec![format!("{repo}/tags.atom")],
        ["commits"] => vec![format!("{repo}/commits.atom")],
        ["commits" | "tree", branch @ ..] => {
            vec![format!("{repo}/commits/{}.atom", branch.join("/"))]
        }
        _ => ["releases", "tags", "commits"]
            .map(|kind| format!("{repo}/{kind}.atom"))
            .into(),
    })
}

fn gitlab(page: &Url, segments: &[&str]) -> Option<Vec<String>> {
    if page.query() == Some("format=atom")
        || segments.iter().any(|segment| ends_with(segment, "atom"))
    {
        return None;
    }
    let end = segments.iter().position(|segment| *segment == "-");
    let (project, rest) = segments.split_at(end.unwrap_or(segments.len()));
    if project.len() < 2 {
        return None;
    }
    let project = format!("https://gitlab.com/{}", project.join("/"));
    Some(match rest {
        ["-", "tags", ..] => vec![format!("{project}/-/tags?format=atom")],
        ["-", "commits" | "tree", branch @ ..] if !branch.is_empty() => {
            vec![format!(
                "{project}/-/commits/{}?format=atom",
                branch.join("/")
            )]
        }
        _ => vec![
            format!("{project}.atom"),
            format!("{project}/-/tags?format=atom"),
        ],
    })
}

fn medium(segments: &[&str]) -> Option<Vec<String>> {
    match segments {
        ["feed" | "m" | "tag" | "search", ..] | [] => None,
        [owner, "tagged", tag, ..] => Some(vec![format!(
            "https://medium.com/feed/{owner}/tagged/{tag}"
        )]),
        [owner, ..] => Some(vec![format!("https://medium.com/feed/{owner}")]),
    }
}

fn bluesky(segments: &[&str]) -> Option<Vec<String>> {
    match segments {
        ["profile", who] => Some(vec![format!("https://bsky.app/profile/{who}/rss")]),
        _ => None,
    }
}

fn vimeo(segments: &[&str]) -> Option<Vec<String>> {
    let numeric = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    match segments {
        [.., "rss"] => None,
        [kind @ ("channels" | "groups"), name, ..] => {
            Some(vec![format!("https://vimeo.com/{kind}/{name}/videos/rss")])
        }
        [name] | [name, "videos"] if !numeric(name) => {
            Some(vec![format!("https://vimeo.com/{name}/videos/rss")])
        }
        _ => None,
    }
}

fn google_news(page: &Url, segments: &[&str]) -> Option<Vec<String>> {
    if !matches!(
        segments,
        [] | ["home" | "search" | "topstories"] | ["topics" | "publications", _, ..]
    ) {
        return None;
    }
    let mut feed = page.clone();
    let path = match segments {
        [] | ["home" | "topstories"] => "/rss".to_owned(),
        other => format!("/rss/{}", other.join("/")),
    };
    feed.set_path(&path);
    Some(vec![feed.into()])
}

fn tumblr(segments: &[&str]) -> Option<Vec<String>> {
    const NOT_BLOGS: [&str; 6] = [
        "dashboard",
        "explore",
        "login",
        "register",
        "search",
        "tagged",
    ];
    match segments {
        [name, ..] if is_word(name) && !NOT_BLOGS.contains(name) => {
            Some(vec![format!("https://{name}.tumblr.com/rss")])
        }
        _ => None,
    }
}

fn stack_overflow(segments: &[&str]) -> Option<Vec<String>> {
    match segments {
        ["questions", "tagged", tag, ..] => {
            Some(vec![format!("https://stackoverflow.com/feeds/tag/{tag}")])
        }
        ["questions", id, ..] if id.bytes().all(|b| b.is_ascii_digit()) => Some(vec![format!(
            "https://stackoverflow.com/feeds/question/{id}"
        )]),
        _ => None,
    }
}

fn arxiv(segments: &[&str]) -> Option<Vec<String>> {
    match segments {
        ["list", subject, ..] => Some(vec![format!("https://rss.arxiv.org/rss/{subject}")]),
        _ => None,
    }
}

/// Blogs with a name of their own under a host's.
fn hosted(host: &str, segments: &[&str]) -> Option<Vec<String>> {
    let (_, parent) = host.split_once('.')?;
    let path = match parent {
        "substack.com" | "medium.com" => "feed",
        "wordpress.com" => "feed/",
        "tumblr.com" => "rss",
        "livejournal.com" => "data/rss",
        _ if parent.starts_with("blogspot.") || host.contains(".blogspot.") => {
            "feeds/posts/default"
        }
        _ => return None,
    };
    let is_feed = segments
        .first()
        .is_some_and(|first| matches!(*first, "feed" | "feeds" | "rss" | "data"));
    (!is_feed).then(|| vec![format!("https://{host}/{path}")])
}

/// A profile of Mastodon, Pleroma, Pixelfed and their kin: `/@name` on any host.
fn mastodon(page: &Url, segments: &[&str]) -> Option<Vec<String>> {
    let [profile] = segments else { return None };
    let name = profile.strip_prefix('@')?;
    // `@name@elsewhere.example` shows a guest; only its own host has the feed.
    if !is_word(name) || ends_with(name, "rss") {
        return None;
    }
    let mut feed = page.clone();
    feed.set_path(&format!("/@{name}.rss"));
    feed.set_query(None);
    feed.set_fragment(None);
    Some(vec![feed.into()])
}

#[cfg(test)]
mod tests;

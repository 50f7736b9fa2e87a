//! Pages of known sites and where they lead.

use proptest::prelude::*;

use super::*;

fn feeds(page: &str) -> Vec<String> {
    let found = feeds_of(&Url::parse(page).unwrap());
    found.iter().map(Url::to_string).collect()
}

#[test]
fn pages_of_known_sites_lead_to_their_feeds() {
    for (page, feed) in [
        (
            "https://www.youtube.com/channel/UCupvZG-5ko_eiXAupbDfxWw/videos",
            "https://www.youtube.com/feeds/videos.xml?channel_id=UCupvZG-5ko_eiXAupbDfxWw",
        ),
        (
            "https://m.youtube.com/playlist?list=PL6XRrncXkMaV",
            "https://www.youtube.com/feeds/videos.xml?playlist_id=PL6XRrncXkMaV",
        ),
        (
            "https://www.youtube.com/user/CNN",
            "https://www.youtube.com/feeds/videos.xml?user=CNN",
        ),
        (
            "https://mastodon.social/@Gargron",
            "https://mastodon.social/@Gargron.rss",
        ),
        (
            "https://old.reddit.com/r/worldnews/",
            "https://www.reddit.com/r/worldnews/.rss",
        ),
        (
            "https://reddit.com/r/worldnews/new",
            "https://www.reddit.com/r/worldnews/new/.rss",
        ),
        (
            "https://www.reddit.com/u/spez",
            "https://www.reddit.com/user/spez/.rss",
        ),
        (
            "https://github.com/rust-lang/rust/releases/tag/1.0",
            "https://github.com/rust-lang/rust/releases.atom",
        ),
        (
            "https://github.com/rust-lang/rust/tree/a/b",
            "https://github.com/rust-lang/rust/commits/a/b.atom",
        ),
        (
            "https://github.com/torvalds",
            "https://github.com/torvalds.atom",
        ),
        (
            "https://gitlab.com/a/b/c/-/tags",
            "https://gitlab.com/a/b/c/-/tags?format=atom",
        ),
        (
            "https://medium.com/@dan/story-1",
            "https://medium.com/feed/@dan",
        ),
        (
            "https://netflixtechblog.medium.com/x",
            "https://netflixtechblog.medium.com/feed",
        ),
        (
            "https://www.noahpinion.substack.com/",
            "https://noahpinion.substack.com/feed",
        ),
        (
            "https://buzz.blogspot.co.uk/2020/",
            "https://buzz.blogspot.co.uk/feeds/posts/default",
        ),
        (
            "https://en-blog.wordpress.com/about",
            "https://en-blog.wordpress.com/feed/",
        ),
        (
            "https://www.tumblr.com/staff",
            "https://staff.tumblr.com/rss",
        ),
        ("https://staff.tumblr.com/", "https://staff.tumblr.com/rss"),
        (
            "https://bsky.app/profile/bsky.app",
            "https://bsky.app/profile/bsky.app/rss",
        ),
        (
            "https://vimeo.com/channels/staffpicks",
            "https://vimeo.com/channels/staffpicks/videos/rss",
        ),
        (
            "https://vimeo.com/staff",
            "https://vimeo.com/staff/videos/rss",
        ),
        (
            "https://news.google.com/search?q=SCO%20summit&hl=en",
            "https://news.google.com/rss/search?q=SCO%20summit&hl=en",
        ),
        (
            "https://news.google.com/home?hl=ru",
            "https://news.google.com/rss?hl=ru",
        ),
        (
            "https://news.ycombinator.com/",
            "https://news.ycombinator.com/rss",
        ),
        (
            "https://arxiv.org/list/cs.AI/recent",
            "https://rss.arxiv.org/rss/cs.AI",
        ),
    ] {
        assert_eq!(feeds(page), [feed], "{page}");
    }
    assert_eq!(
        feeds("https://github.com/rust-lang/rust"),
        [
            "https://github.com/rust-lang/rust/releases.atom",
            "https://github.com/rust-lang/rust/tags.atom",
            "https://github.com/rust-lang/rust/commits.atom",
        ]
    );
}

#[test]
fn what_is_a_feed_already_or_unknown_leads_nowhere() {
    for page in [
        "https://www.youtube.com/feeds/videos.xml?channel_id=UCupvZG-5ko_eiXAupbDfxWw",
        "https://www.youtube.com/@CNN",
        "https://mastodon.social/@Gargron.rss",
        "https://mastodon.social/@a@b.example",
        "https://www.reddit.com/r/worldnews/.rss",
        "https://github.com/rust-lang/rust/releases.atom",
        "https://github.com/explore",
        "https://gitlab.com/a/b.atom",
        "https://medium.com/feed/@dan",
        "https://noahpinion.substack.com/feed",
        "https://buzz.blogspot.com/feeds/posts/default",
        "https://staff.tumblr.com/rss",
        "https://vimeo.com/76979871",
        "https://vimeo.com/staff/videos/rss",
        "https://news.google.com/rss/search?q=x",
        "https://www.bbc.co.uk/news",
    ] {
        assert_eq!(feeds(page), Vec::<String>::new(), "{page}");
    }
}

#[test]
fn a_handles_channel_stands_in_its_page() {
    let page = Url::parse("https://www.youtube.com/@CNN").unwrap();
    let source = r#"<script>{"channelId":"UC-short","externalId":"UCupvZG-5ko_eiXAupbDfxWw"}"#;
    assert_eq!(
        youtube_channel_in(&page, source).unwrap().as_str(),
        "https://www.youtube.com/feeds/videos.xml?channel_id=UCupvZG-5ko_eiXAupbDfxWw"
    );
    let elsewhere = Url::parse("https://notyoutube.com/@CNN").unwrap();
    assert_eq!(youtube_channel_in(&elsewhere, source), None);
    assert_eq!(youtube_channel_in(&page, "\"channelId\":\"UCé"), None);
}

proptest! {
    #[test]
    fn every_suggestion_is_of_http_and_suggests_nothing_further(
        host in "(www\\.)?(youtube|reddit|github|gitlab|medium|vimeo|tumblr|a\\.substack|x\\.example)\\.com",
        path in "(/[a-z@.é-]{0,9}){0,5}", query in "(\\?list=[a-z]{0,5})?"
    ) {
        let page = Url::parse(&format!("https://{host}{path}{query}")).unwrap();
        for feed in feeds_of(&page) {
            prop_assert_eq!(feed.scheme(), "https");
            prop_assert_eq!(feeds_of(&feed), vec![], "{}", feed);
        }
    }
}

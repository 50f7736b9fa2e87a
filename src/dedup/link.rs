//! The canonical form of a link: what stays the same however a feed decorates it.
//!
//! [`canonical_link`] is careful in one direction: two links to different stories must never become
//! one. What it can't know to be decoration stays: `www.`, trailing slashes, the order of the query,
//! parameters it has no name for.

use url::Url;

/// Longest link that is looked at, in bytes, before and after canonicalisation.
pub const MAX_LINK_BYTES: usize = 16 * 1024;

/// Parameters that only say how a reader came to the page.
const TRACKING: &[&str] = &[
    "__twitter_impression",
    "_hsenc",
    "_hsmi",
    "_openstat",
    "cmpid",
    "dclid",
    "fb_action_ids",
    "fb_action_types",
    "fbclid",
    "gbraid",
    "gclid",
    "gclsrc",
    "igsh",
    "igshid",
    "maca",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "ocid",
    "spm",
    "srsltid",
    "traffic_source",
    "ttclid",
    "twclid",
    "wbraid",
    "wt.mc_id",
    "xtor",
    "yclid",
    "ysclid",
];

/// The beginnings of families of such parameters: Google Analytics, Matomo, AT Internet, comScore.
const TRACKING_FAMILIES: &[&str] = &["utm_", "mtm_", "pk_", "at_", "ns_"];

/// Of the families with short names, the members that are known; others may select an article.
const FAMILY_MEMBERS: &[&str] = &[
    "at_bbc_team",
    "at_campaign",
    "at_campaign_type",
    "at_creation",
    "at_custom1",
    "at_custom2",
    "at_custom3",
    "at_custom4",
    "at_emission",
    "at_format",
    "at_link_id",
    "at_link_origin",
    "at_link_type",
    "at_medium",
    "at_platform",
    "at_ptr_name",
    "at_variant",
    "ns_campaign",
    "ns_fee",
    "ns_linkname",
    "ns_mchannel",
    "ns_source",
    "pk_campaign",
    "pk_content",
    "pk_keyword",
    "pk_kwd",
    "pk_medium",
    "pk_source",
];

/// Parameters that are tracking only with one of these values.
const TRACKING_VALUES: &[(&str, &[&str])] = &[
    ("emc", &["rss"]),
    ("feedtype", &["rss"]),
    ("from", &["rss", "feed", "rssfeed"]),
    ("partner", &["rss"]),
    ("ref", &["rss", "feed", "rssfeed"]),
    ("rss", &["1", "true"]),
    ("source", &["rss", "feed", "rssfeed"]),
    ("src", &["rss", "feed", "rssfeed"]),
];

/// A link in canonical form; `None` when it is no absolute `http` or `https` URL with a host, or
/// longer than [`MAX_LINK_BYTES`].
///
/// - Parsed as browsers do (WHATWG URL): scheme and host lower-cased, dot segments resolved.
/// - `http` becomes `https`: publishers serve one story under both. Ports 80 and 443 are dropped
///   from `http`, 443 from `https`.
/// - User name and password are dropped, and so is the fragment unless it begins with `!` or `/`,
///   by which pages that route in the browser select what they show.
/// - Tracking parameters are removed (`utm_*`, `fbclid`, `gclid`, `at_medium`, …; `ref=rss` and
///   the like only with such a value), empty ones too; the order of the rest is kept.
/// - Percent-encoding is normalised (RFC 3986 §6.2.2): unreserved characters are decoded, digits
///   upper-cased, a stray `%` becomes `%25`.
/// - `www.` and trailing slashes are kept: some sites serve different pages with and without.
#[must_use]
pub fn canonical_link(link: &str) -> Option<String> {
    let link = link.trim();
    if link.len() > MAX_LINK_BYTES {
        return None;
    }
    let url = Url::parse(link).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let mut out = format!("https://{}", url.host_str().filter(|h| !h.is_empty())?);
    if let Some(port) = url.port().filter(|port| *port != 443) {
        out.push(':');
        out.push_str(&port.to_string());
    }
    push_normalised(url.path(), &mut out);
    let mut separator = '?';
    for pair in url.query().unwrap_or("").split('&') {
        let mut kept = String::with_capacity(pair.len());
        push_normalised(pair, &mut kept);
        if !kept.is_empty() && !is_tracking(&kept) {
            out.push(separator);
            out.push_str(&kept);
            separator = '&';
        }
    }
    if let Some(route) = url.fragment().filter(|f| f.starts_with(['!', '/'])) {
        out.push('#');
        out.push_str(route);
    }
    (out.len() <= MAX_LINK_BYTES).then_some(out)
}

/// Whether a canonical link is a site's front page, which is no story's identity.
pub(super) fn is_front_page(canonical: &str) -> bool {
    canonical
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'))
        .is_none_or(|(_, path)| path.is_empty())
}

fn is_tracking(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let (name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    let name = name.as_str();
    let family = TRACKING_FAMILIES
        .iter()
        .find(|family| name.starts_with(**family));
    match family {
        Some(&("utm_" | "mtm_")) => true,
        Some(_) => FAMILY_MEMBERS.contains(&name),
        None => {
            TRACKING.contains(&name)
                || TRACKING_VALUES
                    .iter()
                    .any(|(known, values)| *known == name && values.contains(&value.as_str()))
        }
    }
}

/// Appends a path or query parameter with its percent-encoding normalised.
fn push_normalised(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(byte) = rest.get(..2).and_then(hex_byte) else {
            out.push_str("%25");
            continue;
        };
        rest = &rest[2..];
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    out.push_str(rest);
}

fn hex_byte(digits: &str) -> Option<u8> {
    // `from_str_radix` takes a sign too.
    if digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        u8::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(link: &str) -> String {
        canonical_link(link).unwrap()
    }

    #[test]
    fn decoration_goes_and_the_story_stays() {
        for (link, expected) in [
            ("HTTP://Example.COM:80/a", "https://example.com/a"),
            ("https://example.com:443/a", "https://example.com/a"),
            ("http://example.com:8080/a", "https://example.com:8080/a"),
            ("https://u:p@example.com/a#top", "https://example.com/a"),
            ("https://example.com/#!/a/1", "https://example.com/#!/a/1"),
            ("https://example.com/a/../b/./c", "https://example.com/b/c"),
            ("https://example.com", "https://example.com/"),
            ("https://example.com/?", "https://example.com/"),
            (
                "https://www.example.com/A?utm_source=x&id=7&fbclid=y&p=2&UTM_Medium=z",
                "https://www.example.com/A?id=7&p=2",
            ),
            ("https://e.org/a?ref=rss&rss=1", "https://e.org/a"),
            ("https://e.org/a?ref=7&rss=2", "https://e.org/a?ref=7&rss=2"),
            (
                "https://e.org/a?at_id=7&at_medium=RSS",
                "https://e.org/a?at_id=7",
            ),
            ("https://e.org/%7ea%2fb%d0%b0", "https://e.org/~a%2Fb%D0%B0"),
            ("https://e.org/а", "https://e.org/%D0%B0"),
            ("https://e.org/100%", "https://e.org/100%25"),
            (
                "https://президент.рф/a",
                "https://xn--d1abbgf6aiiy.xn--p1ai/a",
            ),
            (" https://e.org/a\n", "https://e.org/a"),
        ] {
            assert_eq!(canonical(link), expected, "{link}");
        }
    }

    #[test]
    fn what_is_no_web_link_has_no_canonical_form() {
        for link in [
            "",
            "a/b",
            "mailto:a@b",
            "ftp://e.org/a",
            "tag:e.org,2024:1",
            "https://",
            "urn:uuid:1",
        ] {
            assert_eq!(canonical_link(link), None, "{link}");
        }
        let long = format!("https://e.org/{}", "a".repeat(MAX_LINK_BYTES));
        assert_eq!(canonical_link(&long), None);
    }

    #[test]
    fn a_front_page_is_told_from_a_story() {
        for (link, front) in [
            ("http://e.org", true),
            ("https://e.org/?utm_source=rss", true),
            ("https://e.org/?id=1", false),
            ("https://e.org/a", false),
            ("https://e.org/#!a", false),
        ] {
            assert_eq!(is_front_page(&canonical(link)), front, "{link}");
        }
    }

    proptest! {
        #[test]
        fn a_canonical_link_is_its_own_canonical_form(
            tail in "[a-z%0-9./?&=#!:@~+;ж\\\\ -]{0,40}", scheme in "https?",
        ) {
            for link in [format!("{scheme}://e.org/{tail}"), format!("{scheme}://e.org{tail}")] {
                if let Some(once) = canonical_link(&link) {
                    prop_assert_eq!(canonical_link(&once), Some(once.clone()), "{}", link);
                }
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            if let Some(once) = canonical_link(&text) {
                prop_assert_eq!(canonical_link(&once), Some(once.clone()));
            }
        }

        #[test]
        fn tracking_parameters_change_nothing(
            pairs in proptest::collection::vec("[a-z]{1,5}=[a-z0-9%]{0,4}", 0..4),
            at in 0usize..5,
            tracking in prop::sample::select(vec![
                "utm_source=rss", "utm_x=", "fbclid=A1", "gclid=1", "from=rss", "at_medium=RSS",
                "ns_mchannel=rss", "UTM_Campaign=b", "",
            ]),
        ) {
            let plain = canonical_link(&format!("https://e.org/a?{}", pairs.join("&")));
            let mut decorated = pairs;
            decorated.insert(at.min(decorated.len()), tracking.to_owned());
            let decorated = canonical_link(&format!("http://e.org/a?{}#x", decorated.join("&")));
            prop_assert_eq!(plain, decorated);
        }
    }
}

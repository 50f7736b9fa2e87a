//! The log sink: one alert, one line (or two) on standard output.

use std::io::Write;
use std::sync::Arc;

use super::format::message::rounded;
use super::payload::Payload;
use super::voice::Voice;
use super::words::Name;
use crate::model::{MentionAlert, Timestamp};
use crate::store::{StoredAlert, StoredDetail};

/// Where alerts are printed. The command line puts its status line out of the way here.
#[derive(Clone)]
pub struct Printer(Arc<Print>);

type Print = dyn Fn(&str) -> std::io::Result<()> + Send + Sync;

impl Printer {
    /// A printer that hands each text, newline included, to `print`.
    pub fn new(print: impl Fn(&str) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(print))
    }

    /// A printer to standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(|text| {
            let mut out = std::io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()
        })
    }

    /// Prints; may block for as long as the reader at the other end likes.
    ///
    /// # Errors
    /// The system's error, such as a closed pipe.
    pub fn print(&self, text: &str) -> std::io::Result<()> {
        (self.0)(text)
    }
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Printer")
    }
}

/// The alert as a line of JSON: the webhook's payload.
#[must_use]
pub fn json_line(alert: &StoredAlert) -> String {
    Payload::of(alert).to_json() + "\n"
}

/// The alert for a person. In every language it begins with its time in RFC 3339, with the offset of
/// the person's zone, and with the topic's id or `[feed]`, so that lines can be sorted and searched.
/// Texts come from feeds and were cleaned of control characters when they were parsed, so that a title
/// can't forge a line. No marks of direction are added, which few terminals understand.
#[must_use]
pub fn human(alert: &StoredAlert, voice: &Voice) -> String {
    let (words, stamp) = (voice.language, voice.stamp(alert.created));
    match &alert.detail {
        StoredDetail::Mention {
            topic,
            detail,
            sources,
            grown,
            told,
            ..
        } => {
            let (before, hit, after) = split_snippet(detail);
            let language = detail.language.as_deref().unwrap_or("?");
            let others = match sources.len() {
                0 | 1 => String::new(),
                n => format!(" · {}", words.more_feeds(n as u64 - 1)),
            };
            let link = detail.link.as_deref().unwrap_or(words.without_link());
            let edited = if detail.revision {
                format!(" ({})", words.edited())
            } else {
                String::new()
            };
            let update = if *grown || !told.is_empty() {
                format!("{}: ", words.update())
            } else {
                String::new()
            };
            format!(
                "{stamp} [{topic}] {update}{}{edited} | {} ({language}){others} | {link}\n    {before}»{hit}«{after}\n",
                detail.title, detail.source
            )
        }
        StoredDetail::Spike { topic, detail } => {
            let spike = words.spike(
                &Name::plain(&detail.topic_name),
                detail.count,
                rounded(detail.expected),
            );
            let stories = detail.stories.iter().map(|story| {
                let link = story.link.as_deref().unwrap_or(words.without_link());
                format!("    {} | {} | {link}\n", story.title, story.source)
            });
            format!("{stamp} [{topic}] {spike}\n{}", stories.collect::<String>())
        }
        StoredDetail::Digest(digest) => {
            let (stamp, count) = (voice.stamp(alert.created), digest.detail.alerts);
            let mut text = format!("{stamp} [digest] {}\n", voice.language.alerts(count));
            for alert in &digest.alerts {
                for line in human(alert, voice).lines() {
                    text.push_str("  ");
                    text.push_str(line);
                    text.push('\n');
                }
            }
            if digest.more() > 0 {
                let more = voice.language.and_more(digest.more());
                let line = ["  ", &more, ": mentiond alerts --digest ", &alert.id, "\n"];
                text.extend(line);
            }
            text
        }
        StoredDetail::Feed { kind, feed, detail } => {
            let source = Name::plain(&format!("{} ({feed})", detail.source));
            let what = if kind == "feed.gone" {
                words.feed_gone(&source)
            } else {
                words.feed_failing(&source)
            };
            let since = voice.since(Timestamp::from_millis(detail.since_ms));
            let polls = words.failed_polls(detail.failures.into());
            format!(
                "{stamp} [feed] {what} | {since} · {polls} | {}\n",
                detail.error
            )
        }
    }
}

fn split_snippet(detail: &MentionAlert) -> (&str, &str, &str) {
    let text = detail.snippet.as_str();
    let cut = |n: usize| {
        if text.is_char_boundary(n) {
            n
        } else {
            text.len()
        }
    };
    let (start, end) = (cut(detail.snippet_start), cut(detail.snippet_end));
    let (start, end) = (start.min(end), end);
    (&text[..start], &text[start..end], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::super::payload::tests::{digest, mention, spike, trouble};
    use super::*;

    #[test]
    fn a_person_reads_topic_title_source_link_and_the_hit_in_its_context() {
        insta::assert_snapshot!(human(&mention(), &Voice::default()), @r"
        2024-07-04T09:30:00Z [tokayev] Лидеры прибыли в Астану | Вестник (ru) | https://vestnik.example/astana
            …по приглашению »Токаева« в Астану…
        ");
        insta::assert_snapshot!(human(&trouble(), &Voice::default()), @"2024-07-04T09:30:00Z [feed] Feed keeps failing: Вестник (vestnik) | since 3 Jul 2024, 09:30 UTC · 9 failed polls | the server answered 404");
    }

    #[test]
    fn a_spike_shows_its_stories_below_it() {
        insta::assert_snapshot!(human(&spike(), &Voice::default()), @r#"
        2024-07-04T09:30:00Z [tokayev] Spike: Kassym-Jomart Tokayev mentioned 12 times in an hour, usually 2
            Лидеры прибыли в Астану | Вестник | https://vestnik.example/astana
        "#);
    }

    #[test]
    fn a_digest_shows_its_alerts_below_it() {
        insta::assert_snapshot!(human(&digest(), &Voice::default()), @r#"
        2024-07-04T09:30:00Z [digest] 3 alerts
          2024-07-04T09:30:00Z [tokayev] Лидеры прибыли в Астану | Вестник (ru) | https://vestnik.example/astana
              …по приглашению »Токаева« в Астану…
          2024-07-04T09:30:00Z [feed] Feed keeps failing: Вестник (vestnik) | since 3 Jul 2024, 09:30 UTC · 9 failed polls | the server answered 404
          and 1 more: mentiond alerts --digest al_22222222222222222222222222222222
        "#);
    }

    #[test]
    fn json_is_one_line() {
        let line = json_line(&mention());
        assert_eq!(line.matches('\n').count(), 1);
        assert!(
            line.starts_with(r#"{"type":"mention.created","timestamp":"2024-07-04T09:30:00Z""#)
        );
    }
}

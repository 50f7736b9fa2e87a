//! The mail of an alert, ready to be handed to a server. Pure: the same alert makes the same bytes.
//!
//! All of it is ASCII: headers are encoded by RFC 2047, both parts by base64 or quoted-printable, so that
//! no server need know 8BITMIME or SMTPUTF8 and no line is too long. No text of a feed comes into a
//! header but the subject, tamed.
//!
//! `Message-ID` is made of the alert's id, so a mail that is sent twice is one mail to most readers.
//! Mails of one story name the same mail, which never existed, as the one that they answer: by that they
//! stand in one thread. `Auto-Submitted` (RFC 3834) keeps answering machines quiet. `List-Unsubscribe` is
//! there only if the owner has a place for it.

use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};

use super::body::{self, Item};
use crate::config::EmailConfig;
use crate::model::{SinkId, StoryKey, Timestamp};
use crate::notify::Voice;
use crate::store::{StoredAlert, StoredDetail};

/// The last second of the year 9999, the last that a mail's date can have.
const LAST_SECOND: u64 = 253_402_300_799;

/// What mails stand in one thread for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thread<'a> {
    /// A story.
    Story(StoryKey),
    /// A feed in trouble.
    Feed(&'a str),
    /// A sink's digests.
    Digest(&'a SinkId),
    /// The spikes of a topic.
    Topic(&'a str),
}

impl Thread<'_> {
    /// The id of the mail that all others answer.
    fn root(self, host: &str) -> String {
        match self {
            Self::Story(key) => format!("<story-{key}@{host}>"),
            Self::Feed(feed) => format!("<feed-{}@{host}>", word(feed)),
            Self::Topic(topic) => format!("<topic-{}@{host}>", word(topic)),
            Self::Digest(sink) => format!("<digest-{}@{host}>", word(sink.as_str())),
        }
    }
}

/// What a mail is made of besides its sink.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The alert's id.
    pub id: &'a str,
    /// When the alert was created.
    pub created: Timestamp,
    /// Where it belongs.
    pub thread: Thread<'a>,
    /// One line, tamed and cut.
    pub subject: String,
    /// What it tells.
    pub items: Vec<Item>,
    /// What comes behind all that, in words.
    pub end: Option<String>,
}

impl<'a> Draft<'a> {
    /// The draft of an alert: of a digest its head and all alerts that it tells.
    #[must_use]
    pub fn of(alert: &'a StoredAlert, sink: &'a SinkId, voice: &Voice) -> Self {
        let head = Item::of(alert, voice);
        let subject = head.subject();
        let (mut items, mut end) = (vec![head], None);
        let thread = match &alert.detail {
            StoredDetail::Mention { story, .. } => Thread::Story(*story),
            StoredDetail::Feed { feed, .. } => Thread::Feed(feed),
            StoredDetail::Spike { topic, .. } => Thread::Topic(topic),
            StoredDetail::Digest(digest) => {
                let told = digest.alerts.iter();
                items.extend(told.map(|alert| Item::among_others(alert, voice)));
                let more = Some(digest.more()).filter(|more| *more > 0);
                end = more.map(|more| voice.language.and_more(more));
                Thread::Digest(sink)
            }
        };
        Self {
            id: &alert.id,
            created: alert.created,
            thread,
            subject,
            items,
            end,
        }
    }

    /// The mail's plain text.
    #[must_use]
    pub fn text(&self) -> String {
        body::text(&self.items, self.end.as_deref())
    }

    /// The mail's HTML.
    #[must_use]
    pub fn html(&self) -> String {
        body::html(&self.items, self.end.as_deref())
    }

    /// The mail's source, with CR LF.
    ///
    /// # Errors
    /// In words what can't be put together; that is so for all mails of the sink.
    pub fn source(&self, sink: &SinkId, config: &EmailConfig) -> Result<Vec<u8>, String> {
        let host = config.from.email.domain();
        let root = self.thread.root(host);
        let seconds = u64::try_from(self.created.as_seconds()).unwrap_or(0);
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_SECOND));
        let (id, list) = (word(self.id), word(sink.as_str()));
        let mut mail = Message::builder()
            .from(config.from.clone())
            .subject(self.subject.as_str())
            .date(date)
            .message_id(Some(format!("<{id}@{host}>")))
            .in_reply_to(root.clone())
            .references(root)
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(header("List-Id", format!("<{list}.mentiond.{host}>")))
            .raw_header(header("X-Mentiond-Alert", id.clone()));
        for to in &config.to {
            mail = mail.to(to.clone());
        }
        if let Some(reply_to) = &config.reply_to {
            mail = mail.reply_to(Mailbox::clone(reply_to));
        }
        if let Some(url) = &config.unsubscribe {
            mail = mail.raw_header(header("List-Unsubscribe", format!("<{url}>")));
        }
        let parts = MultiPart::alternative()
            // An encoded part has no line that begins with `--=`.
            .boundary(format!("=_{id}"))
            .singlepart(part(ContentType::TEXT_PLAIN, self.text())?)
            .singlepart(part(ContentType::TEXT_HTML, self.html())?);
        let mail = mail.multipart(parts).map_err(|error| error.to_string())?;
        Ok(mail.formatted())
    }
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// A part in the shorter of the two encodings that leave no line of the text as it is.
fn part(kind: ContentType, text: String) -> Result<SinglePart, String> {
    let escapes = text.bytes().filter(|b| !b.is_ascii() || *b == b'=').count();
    let encoding = if escapes * 6 > text.len() {
        ContentTransferEncoding::Base64
    } else {
        ContentTransferEncoding::QuotedPrintable
    };
    let body = Body::new_with_encoding(text, encoding)
        .map_err(|_| format!("a part can't be sent as {encoding}"))?;
    Ok(SinglePart::builder().content_type(kind).body(body))
}

/// The text as a word that may stand in a message's id: dots, which may not stand everywhere, become
/// hyphens.
fn word(text: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.replace('.', "-").chars().filter(is_plain).collect()
}

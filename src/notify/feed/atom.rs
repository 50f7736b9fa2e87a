//! A feed of alerts as Atom (RFC 4287).

use std::fmt::Write as _;

use super::super::format::text::html;
use super::{Document, Entry};

/// Its media type.
pub const TYPE: &str = "application/atom+xml; charset=utf-8";

/// The document.
#[must_use]
pub fn write(document: &Document) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    let _ = write!(
        xml,
        "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>{}</id>\n<title>{}</title>\n<updated>{}</updated>\n\
         <author><name>mentiond</name></author>\n<generator>mentiond</generator>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{}.atom\"/>\n",
        escaped(&document.id),
        escaped(&document.title),
        document.updated(),
        escaped(&document.address),
    );
    for entry in &document.entries {
        write_entry(&mut xml, entry);
    }
    xml.push_str("</feed>\n");
    xml
}

/// Writing to a String can't fail.
fn write_entry(xml: &mut String, entry: &Entry) {
    let language = match &entry.language {
        Some(language) => format!(" xml:lang=\"{}\"", escaped(language)),
        None => String::new(),
    };
    let _ = write!(
        xml,
        "<entry{language}>\n<id>{}</id>\n{}\n\
         <published>{created}</published>\n<updated>{created}</updated>\n\
         <author><name>{}</name></author>\n",
        escaped(&entry.id),
        title(&entry.title),
        escaped(&entry.source),
        created = entry.created,
    );
    if let Some(link) = &entry.link {
        let _ = writeln!(
            xml,
            "<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>",
            escaped(link)
        );
    }
    for category in &entry.categories {
        let _ = writeln!(xml, "<category term=\"{}\"/>", escaped(category));
    }
    let _ = write!(
        xml,
        "<content type=\"html\">{}</content>\n</entry>\n",
        escaped(&entry.content)
    );
}

/// The title. Many readers take every title for HTML, so one that could be taken for it is declared as such.
fn title(text: &str) -> String {
    if text.contains(['<', '>', '&']) {
        format!("<title type=\"html\">{}</title>", escaped(&html(text)))
    } else {
        format!("<title>{}</title>", escaped(text))
    }
}

/// The text for an element or an attribute in double quotes, without characters that XML 1.0 forbids (§2.2).
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' => safe.push(c),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => safe.push(c),
        }
    }
    safe
}

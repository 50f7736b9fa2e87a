//! Sound feeds in every format, as the choices want them: what the damage is done to.

use super::damage::Choices;

/// How many formats there are.
const FORMATS: usize = 8;

/// Texts as people and publishers write them.
const TEXTS: [&str; 16] = [
    "Reservoir opened",
    "Ministers met in Astana on Tuesday; talks go on",
    "Путин и Токаев провели переговоры",
    "上海合作组织峰会在阿斯塔纳举行",
    "قمة منظمة شنغهاي للتعاون",
    "Erdoğan, Şanghay & \"Bişkek\"",
    "AT&T < R&D > 5",
    "<p>A <b>bold</b> step<br/>forward</p>",
    "&lt;p&gt;escaped&lt;/p&gt; &amp;nbsp; &amp;#233;",
    "Vec<T> and a<b",
    "x ]]> y",
    "\u{202e}turned\u{202c} \u{7}bell",
    "<script>no()</script>yes",
    "नई दिल्ली में शिखर सम्मेलन",
    "a  \u{a0}\n\t b",
    "<div><table><tr><td>cell</td></tr></table></div>",
];

const DATES: [&str; 8] = [
    "Tue, 02 Jul 2024 10:00:00 GMT",
    "2024-07-02T10:00:00Z",
    "Вт, 02 июл 2024 10:00:00 +0300",
    "2024-07-02",
    "1719914400",
    "99999999999999999999-01-01T00:00:00Z",
    "Tue, 32 Foo 0000 25:61:61 +9999",
    "02/07/2024 10:00 PM EST",
];

const LINKS: [&str; 8] = [
    "https://news.example/2024/story?id=1&x=2",
    "/relative/story",
    "../up#here",
    "//other.example/x",
    "javascript:alert(1)",
    "https://пример.example/новости",
    "http://[::1]/",
    "urn:uuid:1",
];

/// A sound feed and where its entries end.
#[derive(Debug)]
pub struct Template {
    /// The document.
    pub text: String,
    /// The byte after each entry.
    pub ends: Vec<usize>,
}

/// Builds a feed.
pub fn build(choices: &mut Choices<'_>) -> Template {
    let format = choices.below(FORMATS);
    let count = choices.below(7);
    let (head, foot) = frame(format);
    let is_json = format >= 6;
    let mut text = head.to_owned();
    let mut ends = Vec::new();
    for index in 0..count {
        if is_json && index > 0 {
            text.push(',');
        }
        entry(format, index, choices, &mut text);
        ends.push(text.len());
    }
    text.push_str(foot);
    Template { text, ends }
}

fn frame(format: usize) -> (&'static str, &'static str) {
    match format {
        0 => (
            "<?xml version=\"1.0\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>News</title><link>https://news.example/</link><atom:link rel=\"self\" href=\"/rss\"/><language>en</language><ttl>30</ttl>\n",
            "</channel></rss>",
        ),
        1 => (
            "<!DOCTYPE rss PUBLIC \"-//Netscape Communications//DTD RSS 0.91//EN\" \"http://my.netscape.com/publish/formats/rss-0.91.dtd\"><rss version=\"0.91\"><channel><title>News</title><link>https://news.example/</link>",
            "</channel></rss>",
        ),
        2 => (
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel rdf:about=\"https://news.example/\"><title>News</title><items><rdf:Seq/></items></channel>",
            "</rdf:RDF>",
        ),
        3 => (
            "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\" xml:base=\"https://news.example/\"><title type=\"text\">News</title><id>urn:1</id><link rel=\"hub\" href=\"https://hub.example/\"/><link href=\"/\"/>",
            "</feed>",
        ),
        4 => (
            "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\"><title mode=\"escaped\">News</title>",
            "</feed>",
        ),
        5 => (
            "<CHANNEL HREF=\"https://news.example/\" BASE=\"https://news.example/\"><TITLE>News</TITLE>",
            "</CHANNEL>",
        ),
        6 => (
            "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"News\",\"home_page_url\":\"https://news.example/\",\"items\":[",
            "]}",
        ),
        _ => (
            "{\"version\":\"https://jsonfeed.org/version/1\",\"title\":\"News\",\"author\":{\"name\":\"N\"},\"items\":[",
            "],\"hubs\":[{\"type\":\"WebSub\",\"url\":\"https://hub.example/\"}]}",
        ),
    }
}

fn entry(format: usize, index: usize, choices: &mut Choices<'_>, out: &mut String) {
    let title = value(choices);
    let body = value(choices);
    let more = value(choices);
    let date = choices.one(&DATES);
    let link = choices.one(&LINKS);
    let in_cdata = choices.below(3) == 0;
    let text = |raw: &str| {
        if in_cdata {
            format!("<![CDATA[{}]]>", raw.replace("]]>", "]]]]><![CDATA[>"))
        } else {
            escape(raw)
        }
    };
    let link_out = escape(link);
    let (t, b, m) = (text(&title), text(&body), text(&more));
    let markup = match format {
        0 => format!(
            "<item><title>{t}</title><link>{link_out}</link><guid isPermaLink=\"false\">{index}</guid><description>{b}</description><content:encoded>{m}</content:encoded><dc:creator>{t}</dc:creator><pubDate>{date}</pubDate><media:group><media:title>{m}</media:title></media:group></item>\n"
        ),
        1 => format!(
            "<item><title>{t}</title><link>{link_out}</link><description>{b}</description></item>"
        ),
        2 => format!(
            "<item rdf:about=\"https://news.example/{index}\"><title>{t}</title><link>{link_out}</link><description>{b}</description><dc:date>{date}</dc:date></item>"
        ),
        3 => {
            let kind = choices.one(&["text", "html", "text/plain", "HTML4"]);
            format!(
                "<entry xml:base=\"/{index}/\"><title type=\"{kind}\">{t}</title><id>{index}</id><link href=\"{link_out}\"/><updated>{date}</updated><author><name>{t}</name></author><summary>{b}</summary><content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div></content></entry>",
                escape(&more)
            )
        }
        4 => format!(
            "<entry><title mode=\"escaped\" type=\"text/html\">{t}</title><id>{index}</id><link rel=\"alternate\" href=\"{link_out}\"/><modified>{date}</modified><content mode=\"escaped\">{b}</content></entry>"
        ),
        5 => format!(
            "<ITEM HREF=\"{link_out}\" LASTMOD=\"{date}\"><TITLE>{t}</TITLE><ABSTRACT>{b}</ABSTRACT></ITEM>"
        ),
        _ => format!(
            "{{\"id\":\"{index}\",\"url\":{},\"title\":{},\"content_html\":{},\"summary\":{},\"date_published\":\"{date}\",\"authors\":[{{\"name\":{}}}]}}",
            json(link),
            json(&title),
            json(&body),
            json(&more),
            json(&title)
        ),
    };
    out.push_str(&markup);
}

/// A text of the list, or one that the choices spell out; without what XML does not allow.
fn value(choices: &mut Choices<'_>) -> String {
    let text = match choices.below(24) {
        which if which < TEXTS.len() => TEXTS[which].to_owned(),
        16..=19 => {
            let length = choices.below(48);
            String::from_utf8_lossy(choices.bytes(length)).into_owned()
        }
        20 => TEXTS[choices.below(TEXTS.len())].repeat(1 + choices.below(40)),
        _ => String::new(),
    };
    text.replace(|c| c < ' ', " ")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

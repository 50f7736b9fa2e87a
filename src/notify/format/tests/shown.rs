//! What each receiver gets, as people read it in its log.

use super::super::super::payload::tests::{digest, grown, mention, spike, trouble};
use super::{chats, hostile, json, sent, titles};
use crate::model::{SinkId, Timestamp};
use crate::notify::format::{Format, Outgoing, example};
use crate::store::{StoredAlert, StoredDetail};

const BREAK: char = '\u{200b}';

#[test]
fn requests_go_where_each_receiver_documents() {
    let alert = mention();
    let shown = chats().into_iter().map(|format| {
        let Outgoing {
            method,
            url,
            bearer,
            ..
        } = sent(&format, &alert);
        let token = if bearer.is_some() {
            " with a token"
        } else {
            ""
        };
        format!("{}: {method} {url}{token}", format.name())
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r#"
    slack: POST https://receiver.example/base/topic
    discord: POST https://receiver.example/base/topic
    teams: POST https://receiver.example/base/topic
    telegram: POST https://receiver.example/base/topic/bot123:hush/sendMessage
    ntfy: POST https://receiver.example/base/
    matrix: PUT https://receiver.example/base/topic/_matrix/client/v3/rooms/!r:example.org/send/m.room.message/al_00000000000000000000000000000000 with a token
    mattermost: POST https://receiver.example/base/topic
    "#);
}

/// The strings of the body that hold the title or what was made of it.
fn shown(format: &Format, alert: &StoredAlert) -> String {
    let value = json(format, alert);
    let text = match format {
        Format::Slack => &value["blocks"][0]["text"]["text"],
        Format::Discord => &value["embeds"][0]["title"],
        Format::Teams => &value["attachments"][0]["content"]["body"][0]["inlines"][0]["text"],
        Format::Ntfy { .. } => &value["title"],
        Format::Matrix { .. } => &value["formatted_body"],
        _ => &value["text"],
    };
    let text = text.as_str().unwrap().replace(BREAK, "·");
    let line = text.split("<br>").next().unwrap().lines().next().unwrap();
    if line.chars().count() > 160 {
        let head: String = line.chars().take(40).collect();
        let tail: Vec<char> = line.chars().rev().take(20).collect();
        let tail: String = tail.iter().rev().collect();
        return format!("{head} [{} characters] {tail}", line.chars().count() - 60);
    }
    line.to_owned()
}

/// `·` stands for the unseen break.
fn titles_in(format: &Format) -> String {
    let lines = titles()
        .iter()
        .map(|title| shown(format, &hostile(title, "rest", None)))
        .collect::<Vec<_>>();
    lines.join("\n")
}

#[test]
fn hostile_titles_as_slack_gets_them() {
    insta::assert_snapshot!(titles_in(&chats()[0]), @r#"
    &lt;!·channel&gt; &lt;!·everyone&gt; &lt;@·U123&gt; &lt;!·subteam^S1|x&gt;
    @·everyone @·here @·all @·channel @·room &lt;@&amp;1&gt; &lt;@!·2&gt; &lt;#·3&gt; &lt;/·run:4&gt;
    [Log in](https:·//·evil.·example) &lt;https:·//·evil.·example|bank&gt; ![x](http:·//·evil.·example)
    &lt;/·b&gt;&lt;a href="https:·//·evil.·example"&gt;bank.·example&lt;/·a&gt;&lt;script&gt;alert(1)&lt;/·script&gt;
    *bold* _it_ ~no~ `code` ||spoiler|| # head &gt; quote - list \
    gnp.·exe invisible
    one two three four [31m
    "quoted" 'single' &amp;amp; &amp; {·{DATE(2020-01-01T00:00:00Z)}}
    👩‍👧 Қасым-Жомарт 习近平 شی جین‌پینگ /·start #·tag bank.·example
    (without a title)
    &lt;&amp;*👩‍👧@·x.·y&lt;&amp;*👩‍👧@·x.·y&lt;&amp;*👩‍👧@·x.·y&lt;&amp;*👩‍👧@·x.·y&lt;&amp;*👩‍👧@·x.·y&lt;&amp;*👩‍👧@·x.·y&lt;&amp;*👩‍👧@·x.·y…
    "#);
}

#[test]
fn hostile_titles_as_discord_gets_them() {
    insta::assert_snapshot!(titles_in(&chats()[1]), @r#"
    \<!·channel\> \<!·everyone\> \<\@·U123\> \<!·subteam^S1\|x\>
    \@·everyone \@·here \@·all \@·channel \@·room \<\@&1\> \<\@!·2\> \<\#·3\> \</·run\:4\>
    \[Log in\]\(https\:·//·evil.·example\) \<https\:·//·evil.·example\|bank\> !\[x\]\(http\:·//·evil.·example\)
    \</·b\>\<a href="https\:·//·evil.·example"\>bank.·example\</·a\>\<script\>alert\(1\)\</·script\>
    \*bold\* \_it\_ \~no\~ \`code\` \|\|spoiler\|\| \# head \> quote \- list \\
    gnp.·exe invisible
    one two three four \[31m
    "quoted" 'single' &amp; & {·{DATE\(2020\-01\-01T00\:00\:00Z\)}}
    👩‍👧 Қасым\-Жомарт 习近平 شی جین‌پینگ /·start \#·tag bank.·example
    \(without a title\)
    \<&\*👩‍👧\@·x.·y\<&\*👩‍👧\@·x.·y\<&\*👩‍👧\@ [166 characters] x.·y\<&\*👩‍👧\@·x.·y…
    "#);
}

#[test]
fn hostile_titles_as_teams_gets_them() {
    insta::assert_snapshot!(titles_in(&chats()[2]), @r#"
    <!·channel> <!·everyone> <@·U123> <!·subteam^S1|x>
    @·everyone @·here @·all @·channel @·room <@&1> <@!·2> <#·3> </·run:4>
    [Log in](https:·//·evil.·example) <https:·//·evil.·example|bank> ![x](http:·//·evil.·example)
    </·b><a href="https:·//·evil.·example">bank.·example</·a><script>alert(1)</·script>
    *bold* _it_ ~no~ `code` ||spoiler|| # head > quote - list \
    gnp.·exe invisible
    one two three four [31m
    "quoted" 'single' &amp; & {·{DATE(2020-01-01T00:00:00Z)}}
    👩‍👧 Қасым-Жомарт 习近平 شی جین‌پینگ /·start #·tag bank.·example
    (without a title)
    <&*👩‍👧@·x.·y<&*👩‍👧@·x.·y<&*👩‍👧@·x.·y<&*👩 [436 characters] x.·y<&*👩‍👧@·x.·y<&*…
    "#);
}

#[test]
fn hostile_titles_as_telegram_gets_them() {
    insta::assert_snapshot!(titles_in(&chats()[3]), @r#"
    <b>&lt;!·channel&gt; &lt;!·everyone&gt; &lt;@·U123&gt; &lt;!·subteam^S1|x&gt;</b>
    <b>@·everyone @·here @·all @·channel @·room &lt;@&amp;1&gt; &lt;@!·2&gt; &lt;#·3&gt; &lt;/·run:4&gt;</b>
    <b>[Log in](https:·//·evil.·example) &lt;https:·//·evil.·example|bank&gt; ![x](http:·//·evil.·example)</b>
    <b>&lt;/·b&gt;&lt;a href=&quot;https:·//·evil.·example&quot;&gt;bank.·example&lt;/·a&gt;&lt;script&gt;alert(1)&lt;/·script&gt;</b>
    <b>*bold* _it_ ~no~ `code` ||spoiler|| # head &gt; quote - list \</b>
    <b>gnp.·exe invisible</b>
    <b>one two three four [31m</b>
    <b>&quot;quoted&quot; 'single' &amp;amp; &amp; {·{DATE(2020-01-01T00:00:00Z)}}</b>
    <b>👩‍👧 Қасым-Жомарт 习近平 شی جین‌پینگ /·start #·tag bank.·example</b>
    <b>(without a title)</b>
    <b>&lt;&amp;*👩‍👧@·x.·y&lt;&amp;*👩‍👧@·x.· [1307 characters] ·x.·y&lt;&amp;*…</b>
    "#);
}

#[test]
fn hostile_titles_as_ntfy_gets_them() {
    insta::assert_snapshot!(titles_in(&chats()[4]), @r#"
    <!·channel> <!·everyone> <@·U123> <!·subteam^S1|x>
    @·everyone @·here @·all @·channel @·room <@&1> <@!·2> <#·3> </·run:4>
    [Log in](https:·//·evil.·example) <https:·//·evil.·example|bank> ![x](http:·//·evil.·example)
    </·b><a href="https:·//·evil.·example">bank.·example</·a><script>alert(1)</·script>
    *bold* _it_ ~no~ `code` ||spoiler|| # head > quote - list \
    gnp.·exe invisible
    one two three four [31m
    "quoted" 'single' &amp; & {·{DATE(2020-01-01T00:00:00Z)}}
    👩‍👧 Қасым-Жомарт 习近平 شی جین‌پینگ /·start #·tag bank.·example
    (without a title)
    <&*👩‍👧@·x.·y<&*👩‍👧@·x.·y<&*👩‍👧@·x.·y<&*👩 [436 characters] x.·y<&*👩‍👧@·x.·y<&*…
    "#);
}

#[test]
fn hostile_titles_as_matrix_gets_them() {
    insta::assert_snapshot!(titles_in(&chats()[5]), @r#"
    <strong>&lt;!·channel&gt; &lt;!·everyone&gt; &lt;@·U123&gt; &lt;!·subteam^S1|x&gt;</strong>
    <strong>@·everyone @·here @·all @·channel @·room &lt;@&amp;1&gt; &lt;@!·2&gt; &lt;#·3&gt; &lt;/·run:4&gt;</strong>
    <strong>[Log in](https:·//·evil.·example) &lt;https:·//·evil.·example|bank&gt; ![x](http:·//·evil.·example)</strong>
    <strong>&lt;/·b&gt;&lt;a href=&quot;https:·//·evil.·example&quot;&gt;bank.·example&lt;/·a&gt;&lt;script&gt;alert(1)&lt;/·script&gt;</strong>
    <strong>*bold* _it_ ~no~ `code` ||spoiler|| # head &gt; quote - list \</strong>
    <strong>gnp.·exe invisible</strong>
    <strong>one two three four [31m</strong>
    <strong>&quot;quoted&quot; 'single' &amp;amp; &amp; {·{DATE(2020-01-01T00:00:00Z)}}</strong>
    <strong>👩‍👧 Қасым-Жомарт 习近平 شی جین‌پینگ /·start #·tag bank.·example</strong>
    <strong>(without a title)</strong>
    <strong>&lt;&amp;*👩‍👧@·x.·y&lt;&amp;*👩‍👧 [1184 characters] &lt;&amp;*…</strong>
    "#);
}

#[test]
fn hostile_titles_as_mattermost_gets_them() {
    insta::assert_snapshot!(titles_in(&chats()[6]), @r#"
    **<\!·channel\> <\!·everyone\> <@·U123\> <\!·subteam^S1\|x\>**
    **@·everyone @·here @·all @·channel @·room <@&1\> <@\!·2\> <\#·3\> </·run:4\>**
    **\[Log in\]\(https:·//·evil\.·example\) <https:·//·evil\.·example\|bank\> \!\[x\]\(http:·//·evil\.·example\)**
    **</·b\><a href="https:·//·evil\.·example"\>bank\.·example</·a\><script\>alert\(1\)</·script\>**
    **\*bold\* \_it\_ \~no\~ \`code\` \|\|spoiler\|\| \# head \> quote \- list \\**
    **gnp\.·exe invisible**
    **one two three four \[31m**
    **"quoted" 'single' &amp; & \{·\{DATE\(2020\-01\-01T00:00:00Z\)\}\}**
    **👩‍👧 Қасым\-Жомарт 习近平 شی جین‌پینگ /·start \#·tag bank\.·example**
    **\(without a title\)**
    **<&\*👩‍👧@·x\.·y<&\*👩‍👧@·x\.·y<&\*👩‍👧@·x [817 characters] &\*👩‍👧@·x\.·y<&\*…**
    "#);
}

#[test]
fn whole_messages() {
    let mut all = vec![];
    for format in [vec![Format::CloudEvents], chats()].concat() {
        let mut value = json(&format, &mention());
        if format == Format::CloudEvents {
            assert_eq!(value["data"]["alert_id"], value["id"]);
            value["data"] = "as in webhook.md".into();
        }
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        all.push(format!("{}\n{}", format.name(), pretty.replace(BREAK, "")));
    }
    insta::assert_snapshot!(all.join("\n\n"), @r#"
    cloudevents
    {
      "data": "as in webhook.md",
      "datacontenttype": "application/json",
      "id": "al_00000000000000000000000000000000",
      "source": "/mentiond/feeds/vestnik",
      "specversion": "1.0",
      "subject": "tokayev",
      "time": "2024-07-04T09:30:00Z",
      "type": "mentiond.mention.created"
    }

    slack
    {
      "blocks": [
        {
          "text": {
            "emoji": false,
            "text": "Лидеры прибыли в Астану",
            "type": "plain_text"
          },
          "type": "header"
        },
        {
          "text": {
            "emoji": false,
            "text": "…по приглашению »Токаева« в Астану…",
            "type": "plain_text"
          },
          "type": "section"
        },
        {
          "text": {
            "text": "<https://vestnik.example/astana|vestnik.example>",
            "type": "mrkdwn",
            "verbatim": true
          },
          "type": "section"
        },
        {
          "elements": [
            {
              "emoji": false,
              "text": "Kassym-Jomart Tokayev · Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27",
              "type": "plain_text"
            }
          ],
          "type": "context"
        }
      ],
      "text": "Kassym-Jomart Tokayev: Лидеры прибыли в Астану"
    }

    discord
    {
      "allowed_mentions": {
        "parse": []
      },
      "embeds": [
        {
          "author": {
            "name": "Kassym-Jomart Tokayev"
          },
          "description": "…по приглашению »Токаева« в Астану…",
          "footer": {
            "text": "Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27"
          },
          "timestamp": "2024-07-04T09:30:00Z",
          "title": "Лидеры прибыли в Астану",
          "url": "https://vestnik.example/astana"
        }
      ]
    }

    teams
    {
      "attachments": [
        {
          "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "actions": [
              {
                "title": "vestnik.example",
                "type": "Action.OpenUrl",
                "url": "https://vestnik.example/astana"
              }
            ],
            "body": [
              {
                "inlines": [
                  {
                    "size": "large",
                    "text": "Лидеры прибыли в Астану",
                    "type": "TextRun",
                    "weight": "bolder"
                  }
                ],
                "type": "RichTextBlock"
              },
              {
                "inlines": [
                  {
                    "text": "…по приглашению »Токаева« в Астану…",
                    "type": "TextRun"
                  }
                ],
                "type": "RichTextBlock"
              },
              {
                "inlines": [
                  {
                    "isSubtle": true,
                    "size": "small",
                    "text": "Kassym-Jomart Tokayev · Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27",
                    "type": "TextRun"
                  }
                ],
                "type": "RichTextBlock"
              }
            ],
            "type": "AdaptiveCard",
            "version": "1.4"
          },
          "contentType": "application/vnd.microsoft.card.adaptive",
          "contentUrl": null
        }
      ],
      "type": "message"
    }

    telegram
    {
      "chat_id": -100123,
      "link_preview_options": {
        "is_disabled": true
      },
      "parse_mode": "HTML",
      "text": "<b>Лидеры прибыли в Астану</b>\n…по приглашению »Токаева« в Астану…\nKassym-Jomart Tokayev · Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27\n<a href=\"https://vestnik.example/astana\">vestnik.example</a>"
    }

    ntfy
    {
      "click": "https://vestnik.example/astana",
      "message": "…по приглашению »Токаева« в Астану…\nKassym-Jomart Tokayev · Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27",
      "tags": [
        "newspaper"
      ],
      "title": "Лидеры прибыли в Астану",
      "topic": "topic"
    }

    matrix
    {
      "body": "Лидеры прибыли в Астану\n…по приглашению »Токаева« в Астану…\nKassym-Jomart Tokayev · Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27\nhttps://vestnik.example/astana",
      "format": "org.matrix.custom.html",
      "formatted_body": "<strong>Лидеры прибыли в Астану</strong><br>…по приглашению »Токаева« в Астану…<br>Kassym-Jomart Tokayev · Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27<br><a href=\"https://vestnik.example/astana\">vestnik.example</a>",
      "m.mentions": {},
      "msgtype": "m.text"
    }

    mattermost
    {
      "text": "**Лидеры прибыли в Астану**\n> …по приглашению »Токаева« в Астану…\n\nKassym\\-Jomart Tokayev · Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27\n<https://vestnik.example/astana>"
    }
    "#);
}

#[test]
fn a_feed_in_trouble_is_told_without_a_link() {
    let text = json(&chats()[3], &trouble())["text"].clone();
    insta::assert_snapshot!(text.as_str().unwrap(), @"
    <b>Feed keeps failing: Вестник</b>
    the server answered 404
    feed vestnik · since 3 Jul 2024, 09:30 UTC · 9 failed polls
    ");
}

#[test]
fn nothing_secret_shows_in_a_request() {
    for format in chats() {
        let shown = format!("{:?}{format:?}", sent(&format, &mention()));
        assert!(!shown.contains("hush"), "{shown}");
    }
}

#[test]
fn the_example_says_what_it_is_and_fits_the_published_pattern() {
    let (sink, now) = (SinkId::new("desk").unwrap(), Timestamp::now());
    let alert = example(&sink, now);
    let hex = alert.id.strip_prefix("al_").unwrap();
    assert!(hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    let body = json(&Format::Slack, &alert).to_string();
    assert!(body.contains("Test alert from mentiond"), "{body}");
    assert!(body.contains("This is a test of the sink »desk«"), "{body}");
}

#[test]
fn a_story_that_was_told_before_is_an_update() {
    let shown = |alert: &StoredAlert| {
        json(&chats()[3], alert)["text"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let mut other_topic = grown();
    if let StoredDetail::Mention { grown, .. } = &mut other_topic.detail {
        *grown = false;
    }
    let both = format!("{}\n\n{}", shown(&grown()), shown(&other_topic));
    insta::assert_snapshot!(both, @r#"
    <b>Лидеры прибыли в Астану</b>
    …по приглашению »Токаева« в Астану…
    Update: now in 7 feeds · Kassym-Jomart Tokayev · Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27
    <a href="https://vestnik.example/astana">vestnik.example</a>

    <b>Лидеры прибыли в Астану</b>
    …по приглашению »Токаева« в Астану…
    Update: also mentions Kassym-Jomart Tokayev · Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27 · in 6 more feeds
    <a href="https://vestnik.example/astana">vestnik.example</a>
    "#);
}

#[test]
fn a_spike_names_the_stories_behind_it() {
    let text = json(&chats()[3], &spike())["text"].clone();
    insta::assert_snapshot!(text.as_str().unwrap(), @r#"
    <b>Spike: Kassym-Jomart Tokayev mentioned 12 times in an hour, usually 2</b>
    • Лидеры прибыли в Астану (Вестник) <a href="https://vestnik.example/astana">vestnik.example</a>
    Kassym-Jomart Tokayev · since 4 Jul 2024, 08:45 UTC
    "#);
}

#[test]
fn a_digest_lists_its_alerts_with_their_links() {
    let of = |format: &Format| {
        let value = json(format, &digest());
        let text = serde_json::to_string_pretty(&value).unwrap();
        format!("{}\n{}", format.name(), text.replace(BREAK, "·"))
    };
    let all: Vec<String> = chats().iter().map(of).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    slack
    {
      "blocks": [
        {
          "text": {
            "emoji": false,
            "text": "3 alerts",
            "type": "plain_text"
          },
          "type": "header"
        },
        {
          "fields": [
            {
              "emoji": false,
              "text": "Kassym-Jomart Tokayev: Лидеры прибыли в Астану (Вестник)",
              "type": "plain_text"
            },
            {
              "text": "<https://vestnik.example/astana|vestnik.example>",
              "type": "mrkdwn",
              "verbatim": true
            }
          ],
          "type": "section"
        },
        {
          "fields": [
            {
              "emoji": false,
              "text": "Feed keeps failing: Вестник",
              "type": "plain_text"
            }
          ],
          "type": "section"
        },
        {
          "text": {
            "emoji": false,
            "text": "and 1 more",
            "type": "plain_text"
          },
          "type": "section"
        },
        {
          "elements": [
            {
              "emoji": false,
              "text": "Kassym-Jomart Tokayev (2) · Too many at once, so gathered here · 4 Jul 2024, 08:30 UTC – 4 Jul 2024, 09:30 UTC",
              "type": "plain_text"
            }
          ],
          "type": "context"
        }
      ],
      "text": "Kassym-Jomart Tokayev (2): 3 alerts"
    }
    discord
    {
      "allowed_mentions": {
        "parse": []
      },
      "embeds": [
        {
          "author": {
            "name": "Kassym-Jomart Tokayev (2)"
          },
          "description": "• Kassym\\-Jomart Tokayev\\: Лидеры прибыли в Астану \\(Вестник\\)\nhttps://vestnik.example/astana\n• Feed keeps failing\\: Вестник\nand 1 more",
          "footer": {
            "text": "Too many at once, so gathered here · 4 Jul 2024, 08:30 UTC – 4 Jul 2024, 09:30 UTC"
          },
          "timestamp": "2024-07-04T09:30:00Z",
          "title": "3 alerts"
        }
      ]
    }
    teams
    {
      "attachments": [
        {
          "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "body": [
              {
                "inlines": [
                  {
                    "size": "large",
                    "text": "3 alerts",
                    "type": "TextRun",
                    "weight": "bolder"
                  }
                ],
                "type": "RichTextBlock"
              },
              {
                "inlines": [
                  {
                    "text": "Kassym-Jomart Tokayev: Лидеры прибыли в Астану (Вестник)",
                    "type": "TextRun"
                  },
                  {
                    "selectAction": {
                      "type": "Action.OpenUrl",
                      "url": "https://vestnik.example/astana"
                    },
                    "text": " vestnik.·example",
                    "type": "TextRun"
                  }
                ],
                "type": "RichTextBlock"
              },
              {
                "inlines": [
                  {
                    "text": "Feed keeps failing: Вестник",
                    "type": "TextRun"
                  }
                ],
                "type": "RichTextBlock"
              },
              {
                "inlines": [
                  {
                    "isSubtle": true,
                    "text": "and 1 more",
                    "type": "TextRun"
                  }
                ],
                "type": "RichTextBlock"
              },
              {
                "inlines": [
                  {
                    "isSubtle": true,
                    "size": "small",
                    "text": "Kassym-Jomart Tokayev (2) · Too many at once, so gathered here · 4 Jul 2024, 08:30 UTC – 4 Jul 2024, 09:30 UTC",
                    "type": "TextRun"
                  }
                ],
                "type": "RichTextBlock"
              }
            ],
            "type": "AdaptiveCard",
            "version": "1.4"
          },
          "contentType": "application/vnd.microsoft.card.adaptive",
          "contentUrl": null
        }
      ],
      "type": "message"
    }
    telegram
    {
      "chat_id": -100123,
      "link_preview_options": {
        "is_disabled": true
      },
      "parse_mode": "HTML",
      "text": "<b>3 alerts</b>\n• Kassym-Jomart Tokayev: Лидеры прибыли в Астану (Вестник) <a href=\"https://vestnik.example/astana\">vestnik.example</a>\n• Feed keeps failing: Вестник\nand 1 more\nKassym-Jomart Tokayev (2) · Too many at once, so gathered here · 4 Jul 2024, 08:30 UTC – 4 Jul 2024, 09:30 UTC"
    }
    ntfy
    {
      "message": "• Kassym-Jomart Tokayev: Лидеры прибыли в Астану (Вестник)\nhttps://vestnik.example/astana\n• Feed keeps failing: Вестник\nand 1 more\nKassym-Jomart Tokayev (2) · Too many at once, so gathered here · 4 Jul 2024, 08:30 UTC – 4 Jul 2024, 09:30 UTC",
      "tags": [
        "newspaper"
      ],
      "title": "3 alerts",
      "topic": "topic"
    }
    matrix
    {
      "body": "3 alerts\n• Kassym-Jomart Tokayev: Лидеры прибыли в Астану (Вестник)\nhttps://vestnik.example/astana\n• Feed keeps failing: Вестник\nand 1 more\nKassym-Jomart Tokayev (2) · Too many at once, so gathered here · 4 Jul 2024, 08:30 UTC – 4 Jul 2024, 09:30 UTC",
      "format": "org.matrix.custom.html",
      "formatted_body": "<strong>3 alerts</strong><br>• Kassym-Jomart Tokayev: Лидеры прибыли в Астану (Вестник) <a href=\"https://vestnik.example/astana\">vestnik.example</a><br>• Feed keeps failing: Вестник<br>and 1 more<br>Kassym-Jomart Tokayev (2) · Too many at once, so gathered here · 4 Jul 2024, 08:30 UTC – 4 Jul 2024, 09:30 UTC",
      "m.mentions": {},
      "msgtype": "m.text"
    }
    mattermost
    {
      "text": "**3 alerts**\n* Kassym\\-Jomart Tokayev: Лидеры прибыли в Астану \\(Вестник\\) <https://vestnik.example/astana>\n* Feed keeps failing: Вестник\n\nand 1 more\nKassym\\-Jomart Tokayev \\(2\\) · Too many at once, so gathered here · 4 Jul 2024, 08:30 UTC – 4 Jul 2024, 09:30 UTC"
    }
    "#);
}

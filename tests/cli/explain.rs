//! `mentiond match --explain` and `mentiond explain`.

use serde_json::{Value, json};

use super::{Ended, fed};
use crate::support::{Home, Hook, Item, Site, TOPICS, rss};

const RULES: &str = r#"
[[topic]]
id = "sco"
name = "Shanghai Cooperation"
any = [{ text = "SCO", case = "exact" }, "SCO summit", { text = "OCS", languages = ["fr"] }]
except = ["SCO Group"]

[[topic]]
id = "xi"
any = [{ text = "Xi", ambiguous = true, case = "exact" }]
near = ["China"]
within = 2
all = [["Astana", "Tashkent"]]
none = ["football"]

[[topic]]
id = "gas"
query = "(SCO OR ШОС) NEAR/2 summit* SENTENCE(gas oil^2) NOT (football OR lang:uk)"

[[topic]]
id = "iaea"
any = ["IAEA"]
"#;

const TEXT: &str = "The SCO summit of SCO Group, OCS; Xi of all in China. Gas and oil. football";

fn home() -> Home {
    let home = Home::new();
    home.write_config(RULES);
    home
}

#[test]
fn a_text_is_explained_by_the_topics_of_which_a_term_stands_in_it() {
    let args = ["match", "--explain", "--language", "en", "--text", TEXT];
    assert_eq!(
        home().ok(&args),
        "text: 1 topic; 2 not mentioned
  sco (Shanghai Cooperation): mentioned, score 27 of 1.5 points
    + text 4..14  The »SCO summit« of SCO Group, OCS; Xi of all in China. Gas and…  [SCO summit]  1 × 1.5 × 1 = 1.5
    - text 4..7  The »SCO« summit of SCO Group, OCS; Xi of all in China. Gas…  [SCO]  begins inside \"SCO summit\", which counts, text 4..14
    - text 18..21  The SCO summit of »SCO« Group, OCS; Xi of all in China. Gas and oil.…  [SCO]  lies inside \"SCO Group\" of `except`, text 18..27
    - text 29..32  The SCO summit of SCO Group, »OCS«; Xi of all in China. Gas and oil. football  [OCS]  counts in texts in fr only
    weights: SCO summit 1 = 1, threshold 1
  xi (xi): not mentioned
    because no hit counts
    because no hit of group 1 of `all`: Astana, Tashkent
    because \"football\" of `none` stands at text 67..75
    - text 34..36  The SCO summit of SCO Group, OCS; »Xi« of all in China. Gas and oil. football  [Xi]  ambiguous: between it and the nearest context, \"China\" at text 47..52, lie 3 words, 2 may; and no unambiguous term counts
  gas (gas): not mentioned
    because the query does not hold
    no  AND
      yes NEAR/2  nearest: 0 between
        yes OR
          yes SCO  text 4..7, text 18..21
          no  ШОС
        yes summit*  text 8..14
      yes SENTENCE  in text 54..75: Gas and oil. football
        yes AND
          yes gas  text 54..57
          yes oil^2  text 62..65
      no  NOT
        yes OR
          yes football  text 67..75
          no  lang:uk
"
    );
}

#[test]
fn a_named_topic_is_explained_though_none_of_its_terms_stands_there() {
    let home = home();
    let args = ["match", "--explain", "--text", "nothing"];
    assert_eq!(home.ok(&args), "text: no term of any topic stands in it\n");
    assert_eq!(
        home.ok(&[&args[..], &["--topic", "iaea", "--topic", "gas"]].concat()),
        "text: 0 topics; 2 not mentioned
  gas (gas): not mentioned
    because no term that it looks for stands in the text
    because the query does not hold
    no  AND
      no  NEAR/2  nearest: none
        no  OR
          no  SCO
          no  ШОС
        no  summit*
      no  SENTENCE
        no  AND
          no  gas
          no  oil^2
      yes NOT
        no  OR
          no  football
          no  lang:uk
  iaea (iaea): not mentioned
    because no term that it looks for stands in the text
"
    );
    let ended = Ended::of(home.run(&[&args[..], &["--topic", "iea"]].concat())).code(2);
    assert!(
        ended
            .error
            .contains("no topic has the id `iea`; did you mean `iaea`?"),
        "{}",
        ended.error
    );
}

#[test]
fn the_example_in_the_document_of_queries_is_what_is_printed() {
    let document = include_str!("../../docs/query.md");
    let block = |fence: &str, begin: &str| {
        let fence = format!("```{fence}\n");
        let mut blocks = document.split(&fence).skip(1);
        let block = blocks.find(|block| block.starts_with(begin)).unwrap();
        block.split("```").next().unwrap().to_owned()
    };
    let home = Home::new();
    home.write_config(&block("toml", "[[topic]]"));
    let example = block("console", "$ mentiond match");
    let (command, expected) = example.split_once('\n').unwrap();
    let (args, text) = command.trim_end_matches('\'').split_once(" '").unwrap();
    let args: Vec<&str> = args.split(' ').skip(2).chain([text]).collect();
    assert_eq!(home.ok(&args), expected);
}

#[test]
fn json_has_one_line_a_text_with_the_keys_that_are_documented() {
    let home = home();
    let config = home.config();
    let args = ["match", "--explain", "--json", "--language", "en"];
    let args = [&args[..], &["--config", config.to_str().unwrap(), "-", "-"]].concat();
    let lines = fed(&args, TEXT.as_bytes()).code(0).json();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[1],
        json!({"source": "-", "language": "en", "topics": []}),
        "standard input is read once"
    );
    let topics = &lines[0]["topics"];
    assert_eq!(
        topics[0],
        json!({
            "topic": "sco", "name": "Shanghai Cooperation", "mentioned": true, "score": 27,
            "sum": 1, "threshold": 1,
            "weights": [{"term": "SCO summit", "weight": 1}],
            "hits": [{
                "term": "SCO summit", "field": "text", "start": 4, "end": 14, "text": "SCO summit",
                "rule": null, "because": null, "weight": 1, "place": 1.499, "repeat": 1.0,
                "points": 1.499,
            }],
            "passed": [
                {
                    "list": "any", "term": "SCO", "field": "text", "start": 4, "end": 7,
                    "text": "SCO", "rule": null,
                    "reason": {"kind": "overlap", "by": {
                        "term": "SCO summit", "field": "text", "start": 4, "end": 14,
                        "text": "SCO summit",
                    }},
                },
                {
                    "list": "any", "term": "SCO", "field": "text", "start": 18, "end": 21,
                    "text": "SCO", "rule": null,
                    "reason": {"kind": "except", "by": {
                        "term": "SCO Group", "field": "text", "start": 18, "end": 27,
                        "text": "SCO Group",
                    }},
                },
                {
                    "list": "any", "term": "OCS", "field": "text", "start": 29, "end": 32,
                    "text": "OCS", "rule": null,
                    "reason": {"kind": "language", "languages": ["fr"]},
                },
            ],
            "all": [], "none": [], "failed": [], "query": null,
        })
    );
    let football = json!({
        "term": "football", "field": "text", "start": 67, "end": 75, "text": "football",
    });
    assert_eq!(
        topics[1]["failed"],
        json!([
            {"kind": "none-counts"},
            {"kind": "group", "number": 1, "terms": ["Astana", "Tashkent"]},
            {"kind": "forbidden", "by": football},
        ])
    );
    assert_eq!(topics[1]["none"], json!([football]));
    assert_eq!(
        topics[1]["all"],
        json!([{"terms": ["Astana", "Tashkent"], "hits": []}])
    );
    let near = &topics[2]["query"]["children"][0];
    assert_eq!(
        (&near["node"], &near["text"], &near["holds"], &near["words"]),
        (&json!("near"), &json!("NEAR/2"), &json!(true), &json!([0]))
    );
    assert_eq!(
        near["children"][1],
        json!({
            "node": "term", "text": "summit*", "holds": true,
            "hits": [{"field": "text", "start": 8, "end": 14, "text": "summit"}],
            "unit": null, "words": [], "children": [],
        })
    );
}

#[test]
fn the_text_can_not_steer_the_terminal() {
    let text = "SCO\u{1b}[31m \u{202e}Group SCO Group\n  putin: mentioned, score 100";
    let shown = home().ok(&["match", "--explain", "--text", text]);
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    assert!(!shown.contains("\n  putin"), "{shown}");
}

/// A home whose only feed has been polled, and where the feed is.
fn polled(items: &[Item]) -> (Home, Site, Hook) {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(items));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    (home, site, hook)
}

fn item(guid: &str, title: &str, summary: &str) -> Item {
    Item {
        summary: summary.to_owned(),
        ..Item::new(guid, title)
    }
}

/// Gives the home other topics.
fn with_topics(home: &Home, topics: &str) {
    let text = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&text.replace(TOPICS, topics));
}

/// The entry that a mention of this topic names.
fn entry_of(home: &Home, topic: &str) -> String {
    let mentions = home.json(&["mentions", "--topic", topic, "--json"]);
    mentions[0]["entry"].to_string()
}

#[test]
fn an_entry_is_explained_by_its_id_and_link_beside_what_was_recorded() {
    let (home, _site, _hook) =
        polled(&[item("a", "Putin spoke", "He spoke of the SCO in Astana.")]);
    let id = entry_of(&home, "putin");
    let told = &home.json(&["explain", &id, "--json"])[0];
    assert_eq!(told["entry"].to_string(), id);
    let found = told["topics"][0]["recorded"]["found"].as_str().unwrap();
    let shown = home.ok(&["explain", &id]);
    assert_eq!(
        shown,
        format!(
            "entry {id}: Putin spoke | wire (en)
  https://news.example/a
  kept: title 11 bytes, summary 30 bytes
  putin (Vladimir Putin): mentioned, score 50 of 4 points; recorded {found} by \"Putin\" at title 0..5
    + title 0..5  »Putin« spoke  [Putin]  1 × 4 × 1 = 4
    weights: Putin 1 = 1, threshold 1
  sco (Shanghai Cooperation Organisation): mentioned, score 27 of 1.5 points; recorded {found} by \"SCO\" at summary 16..19
    + summary 16..19  He spoke of the »SCO« in Astana.  [SCO]  1 × 1.5 × 1 = 1.5
    weights: SCO 1 = 1, threshold 1
"
        )
    );
    assert_eq!(home.ok(&["explain", "https://news.example/a"]), shown);
    assert_eq!(
        home.ok(&["explain", "https://news.example/a?utm_source=x"]),
        shown
    );
    let alerts = home.json(&["alerts", "--json"]);
    let entries: Vec<_> = alerts.iter().map(|alert| &alert["entry"]).collect();
    assert_eq!(entries, [&told["entry"]; 2]);
    let named = home.ok(&["explain", &id, "--topic", "sco"]);
    assert!(
        named.contains("\n  sco (") && !named.contains("putin ("),
        "{named}"
    );
}

#[test]
fn where_the_topics_of_now_say_something_else_it_is_told() {
    let (home, _site, _hook) =
        polled(&[item("a", "Putin spoke", "He spoke of the SCO in Astana.")]);
    let id = entry_of(&home, "putin");
    with_topics(
        &home,
        r#"
[[topic]]
id = "sco"
any = [{ text = "SCO", case = "exact" }]
none = ["Astana"]

[[topic]]
id = "astana"
any = ["Astana"]

[[topic]]
id = "tokyo"
any = ["Tokyo"]
"#,
    );
    let told = &home.json(&["explain", &id, "--json"])[0];
    let topics: Vec<_> = told["topics"].as_array().unwrap().iter().collect();
    let states: Vec<_> = topics.iter().map(|t| (&t["topic"], &t["change"])).collect();
    assert_eq!(
        states,
        [
            (&json!("sco"), &json!("lost")),
            (&json!("astana"), &json!("new"))
        ]
    );
    assert_eq!(topics[0]["recorded"]["term"], "SCO");
    assert_eq!(topics[1]["recorded"], Value::Null);
    assert_eq!(told["unconfigured"][0]["topic"], "putin");
    assert_eq!(told["feed_configured"], true);
    assert_eq!(
        told["kept"],
        json!([{"field": "title", "bytes": 11}, {"field": "summary", "bytes": 30}])
    );
    let found = topics[0]["recorded"]["found"].as_str().unwrap();
    let shown = home.ok(&["explain", &id]);
    for line in [
        &format!(
            "  sco (sco): not mentioned any more; but recorded {found} by \"SCO\" at summary 16..19"
        ),
        "    because \"Astana\" of `none` stands at summary 23..29",
        "  astana (astana): mentioned, score 27 of 1.49 points; NOT RECORDED when the entry was read",
        &format!(
            "  putin: recorded {found} by \"Putin\" at title 0..5, but no such topic is configured"
        ),
    ] {
        assert!(shown.contains(&format!("\n{line}\n")), "{line}\n{shown}");
    }
    let named = home.ok(&["explain", &id, "--topic", "putin", "--topic", "tokyo"]);
    assert!(named.contains("no such topic is configured"), "{named}");
    assert!(
        named.contains("  tokyo (tokyo): not mentioned\n"),
        "{named}"
    );
    let ended = Ended::of(home.run(&["explain", &id, "--topic", "tokio"])).code(2);
    assert!(
        ended.error.contains("did you mean `tokyo`?") && ended.out.is_empty(),
        "{}",
        ended.error
    );
}

#[test]
fn what_is_not_kept_of_an_entry_is_told() {
    let (home, site, _hook) = polled(&[Item::new("a", "Putin spoke")]);
    let id = entry_of(&home, "putin");
    site.publish("/feed", rss(&[Item::new("a", "Somebody spoke")]));
    home.ok(&["poll"]);
    let shown = home.ok(&["explain", &id]);
    assert!(
        shown.contains("\n  kept: title 14 bytes; revised 1 time, earlier texts are not kept\n"),
        "{shown}"
    );
    assert!(
        shown.contains("at title 0..5 of an earlier text\n"),
        "{shown}"
    );
    assert!(
        shown.contains("because no term that it looks for stands"),
        "{shown}"
    );

    let database = home.database();
    let page = "UPDATE entry SET content = 'A page.', text_from = 'page', title = ''";
    database.execute(page, []).unwrap();
    let shown = home.ok(&["explain", &id]);
    assert!(
        shown.contains("\n  kept: content (of its page, not of the feed) 7 bytes; revised"),
        "{shown}"
    );
    database
        .execute("UPDATE entry SET content = ''", [])
        .unwrap();
    database.execute("DELETE FROM mention", []).unwrap();
    let shown = home.ok(&["explain", &id]);
    assert!(
        shown.contains("\n  no text of it is kept; revised"),
        "{shown}"
    );
    assert!(
        shown.ends_with("  no topic is recorded, and no term of any stands in what is kept\n"),
        "{shown}"
    );

    // The feed leaves the configuration.
    home.write_config(&format!("database = \"m.db\"\n{TOPICS}"));
    let shown = home.ok(&["explain", &id]);
    assert!(
        shown.contains("its feed `wire` is no longer configured, so it has no tags here"),
        "{shown}"
    );
}

#[test]
fn an_unknown_entry_and_a_missing_database_are_told_apart() {
    let (home, _site, _hook) = polled(&[Item::new("a", "Putin spoke")]);
    for (name, what) in [
        ("99", "no entry has the id `99`"),
        (
            "https://news.example/b",
            "no entry has the link `https://news.example/b`",
        ),
    ] {
        let ended = Ended::of(home.run(&["explain", name, "--json"])).code(2);
        assert!(ended.error.contains(what), "{}", ended.error);
        assert_eq!(ended.out, "");
    }
    let home = Home::new();
    home.write_config(&format!("database = \"m.db\"\n{TOPICS}"));
    let ended = Ended::of(home.run(&["explain", "1"])).code(1);
    assert!(
        ended.error.contains("there is no database at"),
        "{}",
        ended.error
    );
    assert!(!home.path("m.db").exists());
}

//! What watches the daemon from outside, against what it really serves: the rules and the dashboard in
//! `config/`, and the table of metrics in docs/monitoring.md.
//!
//! `tests/interop/promtool.sh` finds promtool and names it in `MENTIOND_PROMTOOL`; without that the tests
//! that need it say so and pass.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;
use serde_json::{Value, json};

use crate::client::{OPEN, Served};

const RULES: &str = "config/prometheus/mentiond.rules.yml";
const RULE_TESTS: &str = "config/prometheus/mentiond.rules.test.yml";
const DASHBOARD: &str = "config/grafana/mentiond.json";

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// What a daemon at work serves.
fn scrape() -> String {
    let (served, _site, _hook) = Served::with_news(6, OPEN);
    let answer = served.api.get("/metrics");
    assert_eq!(answer.status, 200);
    answer.body
}

/// The metrics of a scrape, by their names.
fn served(scrape: &str) -> BTreeSet<String> {
    let types = scrape
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

/// The metrics that a text names; a histogram's series by the histogram's name.
fn named(text: &str, served: &BTreeSet<String>) -> BTreeSet<String> {
    let name = Regex::new(r"\b(?:mentiond|process)_[a-z0-9_]+").unwrap();
    let base = |name: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        let base = ends.iter().find_map(|end| name.strip_suffix(end));
        let base = base.filter(|base| served.contains(*base));
        base.unwrap_or(name).to_owned()
    };
    name.find_iter(text)
        .map(|found| base(found.as_str()))
        .collect()
}

/// The panels that show something.
fn panels(dashboard: &Value) -> Vec<&Value> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    panels.filter(|panel| panel["type"] != "row").collect()
}

/// The queries of panels and variables.
fn queries(dashboard: &Value) -> Vec<&str> {
    let targets = panels(dashboard)
        .into_iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    targets
        .map(|target| target["expr"].as_str().unwrap())
        .collect()
}

fn dashboard() -> Value {
    serde_json::from_str(&read(DASHBOARD)).unwrap()
}

/// The rules' alerts: the name and the lines of each.
fn alerts() -> Vec<(String, String)> {
    let rules = read(RULES);
    let mut blocks = rules.split("- alert: ").skip(1);
    let alert = |block: &str| {
        let (name, rest) = block.split_once('\n').unwrap();
        (name.to_owned(), rest.to_owned())
    };
    blocks.by_ref().map(alert).collect()
}

#[test]
fn rules_dashboard_and_docs_name_what_is_served() {
    let served = served(&scrape());
    let dashboard = dashboard();
    let variables = dashboard["templating"].to_string();
    let queries = queries(&dashboard).join("\n") + &variables;
    let (rules, rule_tests) = (read(RULES), read(RULE_TESTS));
    for (what, text) in [
        ("rules", &rules),
        ("rules' tests", &rule_tests),
        ("dashboard", &queries),
    ] {
        let named = named(text, &served);
        assert!(named.len() > 5, "{what}: {named:?}");
        let unknown: Vec<_> = named.difference(&served).collect();
        assert!(unknown.is_empty(), "{what}: nobody serves {unknown:?}");
    }
    let documented: BTreeSet<String> = read("docs/monitoring.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next())
        .filter(|name| name.starts_with("mentiond_") || name.starts_with("process_"))
        .map(str::to_owned)
        .collect();
    assert_eq!(documented, served);
    let shown = named(&queries, &served);
    let hidden: Vec<_> = served.difference(&shown).collect();
    assert!(hidden.is_empty(), "the dashboard does not show {hidden:?}");
}

#[test]
fn every_panel_says_what_it_shows_and_asks_the_chosen_source() {
    let dashboard = dashboard();
    let source = json!({ "type": "prometheus", "uid": "${datasource}" });
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
    }
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap();
        assert!(
            !panel["description"].as_str().unwrap().is_empty(),
            "{title}"
        );
        assert!(
            panel["fieldConfig"]["defaults"]["unit"].is_string(),
            "{title}"
        );
        assert_eq!(panel["datasource"], source, "{title}");
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"], source, "{title}");
            let expr = target["expr"].as_str().unwrap();
            assert!(expr.contains("$instance"), "{title}: {expr}");
        }
    }
}

#[test]
fn every_alert_says_what_to_do_and_is_seen_to_fire() {
    let tests = read(RULE_TESTS);
    let alerts = alerts();
    assert!(alerts.len() > 10);
    for (name, lines) in alerts {
        let severity = lines
            .lines()
            .find_map(|line| line.trim().strip_prefix("severity: "));
        assert!(
            matches!(severity, Some("critical" | "warning" | "info")),
            "{name}: {severity:?}"
        );
        for key in ["summary: ", "description: "] {
            assert_eq!(lines.matches(key).count(), 1, "{name}: {key}");
        }
        assert!(
            tests.contains(&format!("alertname=\"{name}\"")),
            "no test sees {name} fire"
        );
        let docs = read("docs/monitoring.md");
        assert!(docs.contains(&format!("`{name}`")), "no word of {name}");
    }
}

/// What `MENTIOND_PROMTOOL` names.
fn promtool() -> Option<PathBuf> {
    let promtool = std::env::var_os("MENTIOND_PROMTOOL").map(PathBuf::from);
    if promtool.is_none() {
        eprintln!("skipped: MENTIOND_PROMTOOL names no promtool (tests/interop/promtool.sh does)");
    }
    promtool
}

/// Runs promtool on an input; it must find nothing wrong.
fn check(promtool: &Path, arguments: &[&str], input: &str) {
    let mut child = Command::new(promtool)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // One that reads none of it may be gone already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
}

#[test]
fn promtool_finds_the_metrics_sound() {
    if let Some(promtool) = promtool() {
        check(&promtool, &["check", "metrics"], &scrape());
    }
}

#[test]
fn promtool_finds_the_rules_sound_and_sees_each_fire_and_stay_quiet() {
    if let Some(promtool) = promtool() {
        check(&promtool, &["check", "rules", RULES], "");
        check(&promtool, &["test", "rules", RULE_TESTS], "");
        let scrape = "config/prometheus/scrape.yml";
        check(&promtool, &["check", "config", "--syntax-only", scrape], "");
    }
}

#[test]
fn promtool_can_read_every_query_of_the_dashboard() {
    let dashboard = dashboard();
    let mut rules = String::from("groups:\n  - name: dashboard\n    rules:\n");
    for (n, query) in queries(&dashboard).into_iter().enumerate() {
        let query = query
            .replace("$__rate_interval", "5m")
            .replace("$__range", "24h")
            .replace("$instance", ".*")
            .replace("$topic", ".*");
        assert!(!query.contains('$'), "{query}");
        // A string of JSON is one of YAML.
        let query = Value::String(query);
        write!(
            rules,
            "      - record: panel:query:{n}\n        expr: {query}\n"
        )
        .unwrap();
    }
    if let Some(promtool) = promtool() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dashboard.yml");
        std::fs::write(&path, rules).unwrap();
        check(&promtool, &["check", "rules", path.to_str().unwrap()], "");
    }
}

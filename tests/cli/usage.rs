//! Help, mistakes in the arguments, closed pipes and colours.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Ended, mentiond, run};
use crate::support::{Home, Hook, Item, Site, TOPICS, rss};

const COMMANDS: [&str; 21] = [
    "run",
    "check",
    "poll",
    "inspect",
    "match",
    "feeds",
    "topics",
    "mentions",
    "export",
    "rematch",
    "explain",
    "alerts",
    "silence",
    "sinks",
    "backup",
    "store",
    "prune",
    "doctor",
    "completions",
    "man",
    "demo",
];

#[test]
fn every_command_has_help_and_those_with_codes_of_their_own_name_them() {
    let main = run(&["--help"]).code(0);
    for command in COMMANDS {
        assert!(main.out.contains(&format!("  {command} ")), "{}", main.out);
        let help = run(&[command, "--help"]).code(0);
        assert_eq!(help.error, "");
        assert!(help.out.contains("Usage: mentiond"), "{}", help.out);
        let codes = help.out.contains("Exit codes: 0 ");
        let own = !matches!(
            command,
            "feeds" | "mentions" | "export" | "alerts" | "sinks" | "store" | "completions" | "man"
        );
        assert!(codes || !own, "{command}: {}", help.out);
    }
    assert!(
        main.out
            .contains("Exit codes: 0 done, 1 failed, 2 bad usage"),
        "{}",
        main.out
    );
    for action in ["list", "retry", "resume", "route"] {
        run(&["alerts", action, "--help"]).code(0);
    }
    for action in ["add", "list", "end"] {
        run(&["silence", action, "--help"]).code(0);
    }
    for action in ["list", "add", "remove", "check", "import", "export"] {
        run(&["feeds", action, "--help"]).code(0);
    }
    for action in ["lint", "test"] {
        run(&["topics", action, "--help"]).code(0);
    }
    for action in ["list", "render", "test"] {
        run(&["sinks", action, "--help"]).code(0);
    }
    run(&["store", "copy", "--help"]).code(0);
    let version = run(&["--version"]).code(0);
    let version = version.out.trim();
    let rest = version.strip_prefix(concat!("mentiond ", env!("CARGO_PKG_VERSION")));
    let rest = rest.unwrap_or_else(|| panic!("{version}"));
    match head() {
        Some(commit) => assert_eq!(rest, format!(" ({})", &commit[..12])),
        None => assert_eq!(rest, ""),
    }
}

/// The commit that is checked out, by git's own word; none in a source archive.
fn head() -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !root.join(".git").exists() {
        return None;
    }
    // Root may test the checkout of somebody else.
    let output = Command::new("git")
        .args(["-c", "safe.directory=*", "-C"])
        .arg(root)
        .args(["rev-parse", "HEAD"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.trim().to_owned())
}

#[test]
fn what_is_not_understood_ends_with_2_and_does_nothing() {
    for args in [
        &[][..],
        &["pol"],
        &["--nonsense"],
        &["poll", "--nonsense"],
        &["check", "extra"],
        &["inspect"],
        &["inspect", "--base", "not a url", "x"],
        &["mentions", "--limit", "many"],
        &["mentions", "--limit", "0"],
        &["mentions", "--since", "2d", "--until", "5d"],
        &["alerts", "--limit", "0"],
        &["search", "Putin", "--limit", "0"],
        &["mentions", "--since", "yesterday"],
        &["alerts", "list", "--state", "lost"],
        &["alerts", "retry"],
        &["alerts", "retry", "al_1", "--all"],
        &["alerts", "drop"],
        &["alerts", "drop", "--id", "al_1", "--all"],
        &["alerts", "resume"],
        &["alerts", "route"],
        &["silence"],
        &["silence", "end", "all"],
        &["silence", "add", "--until", "1h", "--comment", "everything"],
        &["silence", "add", "--topic", "sco", "--until", "1h"],
        &["sinks", "test"],
        &["explain"],
        &["backup"],
        &["export", "--what", "everything"],
        &["prune", "--dry-run", "--vacuum"],
        &["completions"],
        &["match", "--topic", "sco", "--text", "SCO"],
        &["--config"],
    ] {
        let ended = run(args).code(2);
        assert!(!ended.error.is_empty(), "{args:?}");
        assert_eq!(ended.out, "", "{args:?}");
    }
    for (args, says) in [
        (&["mentions", "--limit", "0"][..], "it must be 1 or more"),
        (
            &["mentions", "--since", "2d", "--until", "5d"],
            "nothing is between --since (",
        ),
        (&["alerts", "retry"], "<ALERT|--sink <SINK>|--all>"),
        (&["alerts", "drop"], "<--id <ALERT>|--sink <SINK>|--all>"),
        (
            &["alerts", "route"],
            "<--topic <TOPIC>|--entry <ENTRY>|--source <FEED>>",
        ),
        (
            &["silence", "add", "--until", "1h", "--comment", "x"],
            "<--topic <TOPIC>|--source <FEED>|--story <ALERT|ENTRY>|--pattern <WORDS>>",
        ),
    ] {
        let ended = run(args).code(2);
        assert!(ended.error.contains(says), "{}", ended.error);
    }
    let near = run(&["pol"]);
    assert!(near.error.contains("poll"), "{}", near.error);
}

#[test]
fn an_unknown_feed_is_not_polled() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin")]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    let ended = Ended::of(home.run(&["poll", "wire", "wier"])).code(2);
    assert!(
        ended.error.contains("no feed has the id `wier`"),
        "{}",
        ended.error
    );
    assert!(ended.error.contains("mentiond feeds"), "{}", ended.error);
    assert_eq!(site.requests("/feed"), 0);
}

#[test]
fn strict_polls_end_with_3_when_a_feed_fails() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin")]));
    let feeds = [("wire", site.url("/feed")), ("lost", site.url("/lost"))];
    let home = Home::watching(&feeds, &hook);
    Ended::of(home.run(&["poll"])).code(0);
    Ended::of(home.run(&["poll", "--strict"])).code(3);
    Ended::of(home.run(&["poll", "--strict", "wire"])).code(0);
}

/// A pipe that nobody reads any more.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_closed_output_ends_the_command_without_a_word() {
    let home = Home::new();
    let many = home.path("many.txt");
    std::fs::write(&many, "Putin and the SCO. ".repeat(10_000)).unwrap();
    let many = many.to_str().unwrap();
    for args in [
        &["match", many][..],
        &["match", "--json", many],
        &["match", "--explain", many],
        &["inspect", "tests/fixtures/astana-2024.rss"],
        &["inspect", "--json", "tests/fixtures/astana-2024.rss"],
        &["check"],
        &["feeds"],
        &["--help"],
        &["match", "--help"],
        &["--version"],
    ] {
        let mut command = mentiond(args);
        let ended = Ended::of(command.stdout(closed_pipe()).output().unwrap()).code(0);
        assert_eq!(ended.error, "", "{args:?}");
    }
    // With a real `head`, which takes a line and goes.
    let pipe = "set -o pipefail; \"$0\" match --json \"$1\" | head -n 1";
    let output = Command::new("bash")
        .args(["-c", pipe, env!("CARGO_BIN_EXE_mentiond"), many])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let ended = Ended::of(output.unwrap()).code(0);
    assert_eq!(ended.out.lines().count(), 1);
    assert_eq!(ended.error, "");
}

#[test]
fn a_closed_standard_error_changes_no_exit_code() {
    let home = Home::new();
    home.write_config("nonsense = true\n");
    let bad = home.config();
    let bad = bad.to_str().unwrap();
    for (args, code) in [
        (
            &["match", "/nowhere/a", "tests/fixtures/astana-2024.html"][..],
            1,
        ),
        (&["check", "-c", bad], 2),
        (&["poll", "unknown"], 2),
        (&["pol"], 2),
        (&["mentions"], 1),
    ] {
        let mut command = mentiond(args);
        command.env("HOME", home.folder.path());
        Ended::of(command.stderr(closed_pipe()).output().unwrap()).code(code);
    }
}

#[test]
fn a_full_output_is_an_error() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = mentiond(&["check"]);
    let ended = Ended::of(command.stdout(full).output().unwrap()).code(1);
    assert!(
        ended.error.contains("can't write the output"),
        "{}",
        ended.error
    );
}

#[test]
fn before_the_first_run_there_is_no_history_and_it_says_so() {
    let home = Home::new();
    home.write_config(&format!("database = \"m.db\"\n{TOPICS}"));
    for command in ["mentions", "alerts"] {
        let ended = Ended::of(home.run(&[command])).code(1);
        assert!(
            ended.error.contains("there is no database at"),
            "{}",
            ended.error
        );
        assert!(ended.error.contains("mentiond poll"), "{}", ended.error);
        assert!(!home.path("m.db").exists(), "reading makes nothing");
    }
    // An empty file is no history either.
    std::fs::write(home.path("m.db"), "").unwrap();
    let ended = Ended::of(home.run(&["mentions"])).code(1);
    assert!(
        ended.error.contains("there is no database at"),
        "{}",
        ended.error
    );
    home.ok(&["feeds"]);
}

/// Runs the command with a terminal as its standard output and error, and returns what that shows.
fn at_a_terminal(home: &Home, args: &str, no_colour: bool) -> String {
    let mut script = in_a_terminal(home, "", args);
    if no_colour {
        script.env("NO_COLOR", "1");
    }
    let output = script
        .output()
        .expect("`script` of util-linux is installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The command with a terminal about it, which `set_up` may change first.
fn in_a_terminal(home: &Home, set_up: &str, args: &str) -> Command {
    let command = format!(
        "{set_up}{} --config {} {args}",
        env!("CARGO_BIN_EXE_mentiond"),
        home.config().display()
    );
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env_clear()
        .env("HOME", home.folder.path())
        .env("TERM", "xterm-256color")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null());
    script
}

#[test]
fn a_table_fits_its_terminal_and_is_whole_in_a_pipe() {
    let home = Home::new();
    let id = "a-feed-with-a-name-of-many-words-that-goes-on-and-on-and-on";
    let feed = format!("[[feed]]\nid = \"{id}\"\nurl = \"https://a.example/\"\n");
    home.write_config(&format!("database = \"m.db\"\n{feed}{TOPICS}"));
    let output = in_a_terminal(&home, "stty cols 70 rows 20; ", "feeds").output();
    let shown = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(shown.contains("…  new"), "{shown}");
    for line in shown.lines() {
        assert!(line.trim_end().chars().count() <= 70, "{line}");
    }
    assert!(home.ok(&["feeds"]).contains(id));
}

#[test]
fn at_a_terminal_a_feed_is_chosen_by_its_number() {
    use std::io::Write;
    let site = Site::start();
    let link = "<link rel=alternate type=application/rss+xml href=";
    site.publish("/", format!("<html>{link}/a>{link}/b>"));
    site.publish("/a", rss(&[Item::new("1", "A")]));
    site.publish("/b", rss(&[Item::new("1", "B")]));
    let home = Home::new();
    home.write_config(&format!("database = \"m.db\"\n{TOPICS}"));
    let args = format!(
        "feeds add --allow-private-addresses --file mentiond.toml {}",
        site.url("/")
    );
    let mut command = in_a_terminal(&home, "", &args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"2\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("Which one?"), "{shown}");
    let text = std::fs::read_to_string(home.config()).unwrap();
    assert!(
        text.contains(&format!("url = \"{}\"", site.url("/b"))),
        "{shown}\n{text}"
    );
}

#[test]
fn names_that_nothing_has_are_corrected_and_those_of_the_past_are_not() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin")]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    for (args, complaint) in [
        (
            &["mentions", "--topic", "puttin"][..],
            "no topic has the id `puttin`; did you mean `putin`?",
        ),
        (
            &["mentions", "--json", "--feed", "wier"],
            "no feed has the id `wier`; did you mean `wire`?",
        ),
        (
            &["alerts", "list", "--topic", "scoo"],
            "no topic has the id `scoo`; did you mean `sco`?",
        ),
        (
            &["alerts", "--sink", "hok"],
            "no sink has the id `hok`; did you mean `hook`?",
        ),
        (
            &["poll", "wier"],
            "no feed has the id `wier`; did you mean `wire`?",
        ),
        (
            &["feeds", "wier"],
            "no feed has the id `wier`; did you mean `wire`?",
        ),
    ] {
        let ended = Ended::of(home.run(args)).code(2);
        assert!(ended.error.contains(complaint), "{args:?}: {}", ended.error);
        assert_eq!(ended.out, "");
    }
    assert_eq!(
        home.json(&["mentions", "--json", "--topic", "putin"]).len(),
        1
    );
    home.ok(&["mentions", "--topic", "sco"]);
    // The feed leaves the configuration; what it said stays to be asked for.
    home.configure(&[], &hook, "");
    assert_eq!(
        home.json(&["mentions", "--json", "--feed", "wire"]).len(),
        1
    );
}

#[test]
fn alerts_without_an_action_take_the_lists_options() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin")]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    let short = home.json(&["alerts", "--json", "--limit", "5"]);
    assert_eq!(
        short,
        home.json(&["alerts", "list", "--json", "--limit", "5"])
    );
    assert_eq!(short.len(), 1);
}

#[test]
fn a_date_alone_means_its_midnight() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin")]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    let since = |date: &str| home.json(&["mentions", "--json", "--since", date]).len();
    assert_eq!(since("2024-07-04"), 1);
    assert_eq!(since("2999-01-01"), 0);
    assert_eq!(
        home.json(&["alerts", "--json", "--since", "2024-07-04"])
            .len(),
        1
    );
    Ended::of(home.run(&["mentions", "--since", "2024-13-40"])).code(2);
}

#[test]
fn colour_is_for_people_at_a_terminal_who_did_not_decline_it() {
    let home = Home::new();
    home.write_config(&format!("database = \"m.db\"\n{TOPICS}"));
    let args = "match --text 'Putin speaks'";
    let shown = at_a_terminal(&home, args, false);
    assert!(shown.contains("\u{1b}[1;33mPutin\u{1b}[0m"), "{shown:?}");
    let shown = at_a_terminal(&home, args, true);
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    let piped = home.ok(&["match", "--text", "Putin speaks"]);
    assert!(!piped.contains('\u{1b}'), "{piped:?}");
}

#[test]
fn a_log_in_a_pipe_or_without_colour_has_no_escape_sequences() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin")]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    let piped = Ended::of(home.run(&["poll", "--verbose"])).code(0);
    assert!(piped.error.contains("INFO"), "{}", piped.error);
    assert!(!piped.error.contains('\u{1b}') && !piped.out.contains('\u{1b}'));
    // The live line moves the cursor, but nothing is coloured.
    site.publish("/feed", rss(&[Item::new("2", "Putin")]));
    let shown = at_a_terminal(&home, "poll --verbose", true);
    assert!(shown.contains("INFO"), "{shown:?}");
    assert!(
        !shown.contains("\u{1b}[3") && !shown.contains("\u{1b}[2m"),
        "{shown:?}"
    );
}

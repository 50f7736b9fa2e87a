//! Sinks that run a program.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn command(lines: &str) -> String {
    format!("[[sink]]\nid = 'c'\ntype = 'command'\n{lines}\n")
}

#[test]
fn a_command_is_a_program_and_its_arguments_as_written() {
    let text = command("command = ['sh', '-c', ' a  b ', '']\ntimeout = '1m'");
    let path = environment(&[("PATH", "rel:/nonexistent:/bin"), ("TZ", "UTC"), ("X", "y")]);
    let config = load_text(Path::new("/nonexistent/m.toml"), text, &path).unwrap();
    let sink = &config.sinks[0];
    let SinkKind::Command(read) = &sink.kind else {
        panic!("{sink:?}");
    };
    assert_eq!(read.words(), ["/bin/sh", "-c", " a  b ", ""]);
    assert_eq!(read.format(), "json");
    let names: Vec<_> = read
        .environment
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["PATH", "HOME", "TZ"]);
    assert_eq!(sink.delivery.concurrency, 1);
    assert_eq!(sink.delivery.timeout, Duration::from_mins(1));
    let text =
        command("command = ['/bin/sh']\nconcurrency = 3\nformat = 'template'\ntemplate = '1'");
    let config = try_load(&text).unwrap();
    assert_eq!(config.sinks[0].delivery.concurrency, 3);
}

#[test]
fn each_mistake_is_told_with_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("tell");
    std::fs::write(&plain, "").unwrap();
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o644)).unwrap();
    let of = |lines: &str| {
        let told = complaints(&command(lines));
        told.replace(&folder.path().display().to_string(), "/there")
    };
    let all = [
        of("command = '/bin/sh -c x'"),
        of("command = []"),
        of("command = ['/nonexistent/tell']"),
        of("command = ['/bin']"),
        of("command = ['bin/tell']"),
        of("command = ['tell']"),
        of(&format!("command = ['{}']", plain.display())),
        of("command = ['/bin/sh', 1]"),
        of("command = ['/bin/sh']\nurl = 'x'\nheaders = {}"),
        of("command = ['/bin/sh']\ntemplate = 'x'"),
        of("command = ['/bin/sh']\nformat = 'slack'"),
        of("command = ['/bin/sh']\nformat = 'template'"),
        of("format = 'json'"),
        complaints("[[sink]]\nid = 'c'\ntype = 'log'\ncommand = ['/bin/sh']"),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    m.toml:4:11: `command` must be a list; write its words apart, such as ["/usr/local/bin/tell", "--urgent"]; no shell reads them
    m.toml:4:11: `command` is empty; write the program and its arguments, such as ["/usr/local/bin/tell", "--urgent"]
    m.toml:4:12: the program tell does not exist; check the path
    m.toml:4:12: the program /bin is not a regular file; name a program
    m.toml:4:12: `bin/tell` is not an absolute path; write the whole path, such as "bin/tell"
    m.toml:4:12: there is no program `tell` in $PATH; write its whole path
    m.toml:4:12: the program /there/tell is not executable; allow it: chmod +x /there/tell
    m.toml:4:23: an item of `command` must be a string, not an integer
    m.toml:5:1: `url` does not belong in [[sink]]; it is for sinks of type "webhook" or "nats"
    m.toml:6:1: `headers` does not belong in [[sink]]; it is for sinks of type "webhook"
    m.toml:5:1: `template` does not belong in [[sink]]; it is for format "template"
    m.toml:5:10: `format` must be "json" or "template", not `slack`
    m.toml:1:1: `template` or `template_file` is missing in [[sink]]
    m.toml:1:1: `command` is missing in [[sink]]
    m.toml:4:1: `command` does not belong in [[sink]]; it is for sinks of type "command"
    "#);
}

#[test]
fn who_delivers_nothing_needs_no_program() {
    let text = command("command = ['/nonexistent/tell']");
    let without = environment(&[]).without_sink_secrets();
    let config = load_text(Path::new("m.toml"), text, &without).unwrap();
    assert_eq!(config.sinks.len(), 1);
}

//! What single feeds are asked with, and that secrets among it stay out of sight.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::press::{Answer, Press};
use crate::support::{Home, Hook, Item, Running, feed, rss, wait_for};

const OFTEN: &str = "[schedule]\ninterval = \"200ms\"\nmin_interval = \"1ms\"\n";

#[test]
fn a_feed_is_asked_with_its_owners_headers_credentials_and_cookies_and_no_secret_is_seen() {
    let press = Press::start(
        |asked, _| match (&*asked.path, asked.header("authorization")) {
            (_, Some(_)) => Answer::ok(rss(&[Item::new(&asked.path[1..], "Putin")]))
                .with("set-cookie", "tracking=1"),
            _ => Answer::status(401),
        },
    );
    let (home, hook) = (Home::new(), Hook::start());
    let secrets = ["hush-password", "hush-token", "hush-header", "hush-cookie"];
    for secret in secrets {
        std::fs::write(home.path(secret), format!("{secret}\n")).unwrap();
    }
    let basic = "basic_auth = { user = \"reader\", password = { file = \"hush-password\" } }\n\
         headers = { X-Key = { file = \"hush-header\" }, Accept-Language = \"kk\" }\n\
         cookies = { file = \"hush-cookie\" }\nuser_agent = \"reader/7\"";
    let bearer = "bearer_token = { file = \"hush-token\" }";
    let feeds = [
        feed("basic", &press.url("/basic"), basic),
        feed("bearer", &press.url("/bearer"), bearer),
        feed("refused", &press.url("/refused"), ""),
    ];
    home.arrange(&hook, OFTEN, &feeds);
    let mut command = home.command(&["run"]);
    command.env("MENTIOND_LOG_LEVEL", "trace");
    let daemon = Running::spawn(command);
    hook.wait(2);
    press.wait("/basic", 2);
    wait_for("the refusal", || {
        let feeds = home.json(&["feeds", "--json"]);
        feeds
            .iter()
            .any(|f| f["failures"].as_u64() > Some(0))
            .then_some(())
    });

    let pair = STANDARD.encode("reader:hush-password");
    for asked in press.asked("/basic") {
        let sent = |name| asked.header(name).unwrap_or_default();
        assert_eq!(sent("authorization"), format!("Basic {pair}"));
        assert_eq!(
            (sent("x-key"), sent("accept-language")),
            ("hush-header", "kk")
        );
        assert_eq!(
            sent("cookie"),
            "hush-cookie",
            "what a server sets is not kept"
        );
        assert_eq!(sent("user-agent"), "reader/7");
    }
    for asked in press.asked("/bearer") {
        assert_eq!(asked.header("authorization"), Some("Bearer hush-token"));
        for name in ["x-key", "cookie"] {
            assert_eq!(asked.header(name), None, "another feed's");
        }
    }
    let mut seen = daemon.log().join("\n");
    for args in [
        &["feeds", "--json"][..],
        &["feeds"],
        &["check"],
        &["mentions", "--json"],
    ] {
        let output = home.run(args);
        seen.push_str(&String::from_utf8_lossy(&output.stdout));
        seen.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    for file in ["m.db", "m.db-wal"] {
        let bytes = std::fs::read(home.path(file)).unwrap_or_default();
        seen.push_str(&String::from_utf8_lossy(&bytes));
    }
    assert!(seen.contains(&press.url("/basic")));
    for secret in secrets.into_iter().chain([&*pair]) {
        assert!(!seen.contains(secret), "{secret}");
    }
    assert!(daemon.stop().success());
}

#[test]
fn a_feeds_own_timeout_holds_for_it_alone() {
    let press = Press::start(|asked, _| match &*asked.path {
        "/hangs" => Answer::ok(rss(&[])).held(),
        _ => Answer::ok(rss(&[])).after(Duration::from_millis(600)),
    });
    let (home, hook) = (Home::new(), Hook::start());
    let feeds = [
        feed("hangs", &press.url("/hangs"), "timeout = \"300ms\""),
        feed("slow", &press.url("/slow"), ""),
    ];
    home.arrange(&hook, OFTEN, &feeds);
    let began = Instant::now();
    let told = home.ok(&["poll"]);
    let took = began.elapsed();
    assert!(
        told.contains("failed: hangs:") && !told.contains("failed: slow:"),
        "{told}"
    );
    assert!(told.contains("300ms") || told.contains("0.3"), "{told}");
    assert!(
        took < Duration::from_secs(15),
        "the usual limit is a minute: {took:?}"
    );
}

#[test]
fn an_unchecked_certificate_is_warned_of_at_the_check_at_the_start_and_at_a_reload() {
    let press = Press::start(|_, _| Answer::ok(rss(&[])));
    let (home, hook) = (Home::new(), Hook::start());
    let url = press.url("/feed").replace("http://", "https://");
    home.arrange(&hook, OFTEN, &[feed("open", &url, "insecure_tls = true")]);
    let check = home.run(&["check"]);
    assert!(check.status.success());
    let told = String::from_utf8(check.stderr).unwrap();
    assert!(told.contains("`insecure_tls` is on"), "{told}");
    let daemon = home.start();
    let warnings = |n: usize| {
        wait_for("the warning", || {
            let log = daemon.log();
            let warnings = log.iter().filter(|l| l.contains("`insecure_tls` is on"));
            (warnings.count() == n).then_some(())
        });
    };
    warnings(1);
    daemon.signal("HUP");
    warnings(2);
    assert!(daemon.stop().success());
}

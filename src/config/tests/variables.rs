//! Environment variables override single settings.

use super::*;

fn with(text: &str, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    load_text(
        Path::new("dir/m.toml"),
        text.to_owned(),
        &environment(pairs),
    )
}

#[test]
fn a_variable_wins_over_the_file() {
    let config = with(
        EVERYTHING,
        &[
            ("MENTIOND_DATABASE", "there.db"),
            ("MENTIOND_LOG_LEVEL", "debug"),
            ("MENTIOND_LOG_FORMAT", "human"),
            ("MENTIOND_SCHEDULE_INTERVAL", "45m"),
            ("MENTIOND_SCHEDULE_JITTER", "0"),
            ("MENTIOND_FETCH_CONTACT", "news@example.org"),
            ("MENTIOND_FETCH_CONCURRENCY", "3"),
            ("MENTIOND_FETCH_MAX_BODY", "2 MiB"),
            ("MENTIOND_ALERTS_MAX_ALERT_AGE", "3h"),
            ("MENTIOND_RETENTION_SEEN", ""),
            ("MENTIOND_SHUTDOWN_TIMEOUT", "1s"),
        ],
    )
    .unwrap();
    assert_eq!(config.database, Path::new("there.db").into());
    assert_eq!(config.log.level, "debug");
    assert_eq!(config.log.format, LogFormat::Human);
    assert_eq!(
        config.schedule.interval,
        Interval::Fixed(Duration::from_mins(45))
    );
    assert!(config.schedule.jitter.abs() < f64::EPSILON);
    assert_eq!(config.fetch.contact.as_deref(), Some("news@example.org"));
    assert_eq!(config.fetch.concurrency, 3);
    assert_eq!(config.fetch.max_body, 2 << 20);
    assert_eq!(config.alerts.max_age, Duration::from_hours(3));
    assert_eq!(config.retention.seen, Duration::from_hours(480));
    assert_eq!(config.shutdown_timeout, Duration::from_secs(1));
    assert_eq!(printed(&config.warnings), "");
}

#[test]
fn the_proxy_of_the_environment_is_taken_only_when_asked_for() {
    let pairs = [("https_proxy", "http://me:secret@10.0.0.1:3128")];
    let proxy = |text: &str| {
        let config = with(text, &pairs).unwrap();
        config.fetch.proxy.map(|proxy| proxy.expose().to_owned())
    };
    assert_eq!(proxy(""), None);
    let taken = proxy("[fetch]\nproxy = 'environment'\n");
    assert_eq!(taken.as_deref(), Some("http://me:secret@10.0.0.1:3128"));
}

#[test]
fn a_bad_value_is_told_by_the_variables_name() {
    let error = with(
        "",
        &[
            ("MENTIOND_SCHEDULE_INTERVAL", "45"),
            ("MENTIOND_FETCH_PER_HOST", "-1"),
            ("MENTIOND_LOG_FORMAT", "jsno"),
        ],
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "environment variable MENTIOND_FETCH_PER_HOST: `per_host` must be a whole number from 1 to 64\n\
         environment variable MENTIOND_LOG_FORMAT: `format` must be \"human\" or \"json\", not `jsno`; did you mean `json`?\n\
         environment variable MENTIOND_SCHEDULE_INTERVAL: `interval` has no unit; write \"45s\" for seconds or \"45m\" for minutes"
    );
}

#[test]
fn a_mistyped_variable_is_a_warning_with_a_suggestion() {
    let pairs = [
        ("MENTIOND_SCHEDUL_INTERVAL", "45m"),
        ("MENTIOND_CONFIG", "x"),
        ("MENTIOND_CORPUS", "x"),
    ];
    let config = with(EVERYTHING, &pairs).unwrap();
    assert_eq!(
        printed(&config.warnings),
        "environment variable MENTIOND_SCHEDUL_INTERVAL: overrides no setting; did you mean `MENTIOND_SCHEDULE_INTERVAL`?"
    );
}

#[test]
fn without_any_folder_for_the_database_the_owner_is_told() {
    let error = load_text(Path::new("m.toml"), String::new(), &Environment::default()).unwrap_err();
    assert!(error.to_string().contains("set `database`"), "{error}");
}

//! What a command sees, and what becomes of it.

use super::super::payload::tests::mention;
use super::*;

fn runner(script: &str) -> Runner {
    let config = CommandConfig {
        program: "/bin/sh".into(),
        arguments: vec!["-c".to_owned(), script.to_owned(), "name".to_owned()],
        environment: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        template: None,
    };
    let sink = SinkConfig::new(SinkId::new("tell").unwrap(), SinkKind::Command(config));
    Runner::of(&sink).unwrap()
}

fn failure(ran: &Ran) -> &Failure {
    match &ran.answer {
        Answer::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_reads_the_payload_and_knows_the_alert() {
    let script = "cat; echo \"$MENTIOND_ALERT_ID $MENTIOND_KIND $MENTIOND_SINK $PWD\" >&2; env | grep -c . >&2";
    let ran = runner(script).run(&mention()).await;
    assert_eq!(
        (ran.answer.clone(), ran.status),
        (Answer::Received, Some(0))
    );
    let output = ran.output.unwrap();
    assert!(
        output.starts_with("{\"type\":\"mention.created\""),
        "{output}"
    );
    let errors = ran.errors.unwrap();
    let about = "al_00000000000000000000000000000000 mention.created tell / ";
    assert!(errors.starts_with(about), "{errors}");
    // PATH, the three of the alert, and what the shell adds (PWD, perhaps SHLVL, OLDPWD and _).
    let count: u32 = errors.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((4..=8).contains(&count), "{errors}");
}

#[tokio::test]
async fn the_exit_status_says_what_follows() {
    let alert = mention();
    let ran = runner("echo before; echo ' no\u{1b} room ' >&2; exit 3")
        .run(&alert)
        .await;
    let failed = failure(&ran);
    assert_eq!(failed.error, "the command exited with status 3");
    assert_eq!(failed.response.as_deref(), Some("no room"));
    assert_eq!(failed.health, Health::Up);
    let ran = runner("echo busy; exit 75").run(&alert).await;
    assert_eq!(failure(&ran).health, Health::Down);
    assert_eq!(failure(&ran).response.as_deref(), Some("busy"));
    let ran = runner("kill -9 $$").run(&alert).await;
    let failed = failure(&ran);
    assert_eq!(failed.error, "the command was ended by signal 9");
    assert_eq!(failed.health, Health::Down);
    let mut runner = runner("true");
    runner.config.program = "/nonexistent/tell".into();
    let ran = runner.run(&alert).await;
    let failed = failure(&ran);
    assert!(failed.error.starts_with("can't start /nonexistent/tell: "));
    assert_eq!(failed.health, Health::Down);
}

#[tokio::test]
async fn neither_unread_input_nor_much_output_holds_it_up() {
    let mut alert = mention();
    if let crate::store::StoredDetail::Mention { detail, .. } = &mut alert.detail {
        // More than a pipe holds.
        detail.snippet = "x".repeat(1 << 20);
    }
    let ran = runner("exec <&-; exit 0").run(&alert).await;
    assert_eq!(ran.answer, Answer::Received);
    let ran = runner("head -c 300000 /dev/zero | tr '\\0' y; exit 1")
        .run(&alert)
        .await;
    let response = failure(&ran).response.clone().unwrap();
    assert_eq!(response.len(), echo::MOST);
}

#[tokio::test]
async fn what_takes_too_long_is_killed_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("alive");
    let made = std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap();
    assert!(made.success());
    // Whoever reads the pipe hears its end when the last writer is dead.
    let reader = {
        let fifo = fifo.clone();
        tokio::task::spawn_blocking(move || std::fs::read(fifo).unwrap())
    };
    let script = format!("exec 3>'{}'; sleep 3600 & sleep 3600", fifo.display());
    let mut runner = runner(&script);
    runner.timeout = Duration::from_millis(300);
    let ran = runner.run(&mention()).await;
    let failed = failure(&ran);
    assert!(
        failed.error.contains("within 300ms and was killed"),
        "{failed:?}"
    );
    assert_eq!(failed.health, Health::Down);
    assert!(reader.await.unwrap().is_empty());
}

#[tokio::test]
async fn a_run_that_is_given_up_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("alive");
    let made = std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap();
    assert!(made.success());
    let reader = {
        let fifo = fifo.clone();
        tokio::task::spawn_blocking(move || {
            let mut file = std::fs::File::open(fifo).unwrap();
            let mut first = [0; 1];
            std::io::Read::read_exact(&mut file, &mut first).unwrap();
            (file, first)
        })
    };
    let script = format!(
        "exec 3>'{}'; echo >&3; sleep 3600 & sleep 3600",
        fifo.display()
    );
    let runner = runner(&script);
    let running = tokio::spawn(async move { runner.run(&mention()).await });
    let (mut file, _) = reader.await.unwrap();
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    let rest = tokio::task::spawn_blocking(move || {
        let mut rest = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut rest).unwrap();
        rest
    });
    assert!(rest.await.unwrap().is_empty());
}

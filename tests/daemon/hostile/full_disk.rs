//! A disk without room: said in one line, and nothing is lost once there is room again.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::support::{Home, Hook, Item, Running, Site, rss, skip, wait_for};

/// So many new entries, larger together than the room that is left.
const ENTRIES: usize = 60;

fn entries() -> Vec<Item> {
    (0..ENTRIES)
        .map(|n| Item {
            summary: format!("{n} ").repeat(8 << 10),
            ..Item::new(&format!("n{n}"), &format!("Putin {n}"))
        })
        .collect()
}

/// A daemon that has told one alert, watches two feeds and writes to `database`.
struct Watch {
    home: Home,
    hook: Hook,
    site: Site,
}

impl Watch {
    fn new(database: &str) -> Self {
        let (site, hook) = (Site::start(), Hook::start());
        site.publish("/a", rss(&[Item::new("first", "Putin first")]));
        site.publish("/b", rss(&[]));
        let feeds = [("a", site.url("/a")), ("b", site.url("/b"))];
        let home = Home::watching(&feeds, &hook);
        let config = std::fs::read_to_string(home.config()).unwrap();
        home.write_config(&config.replace("\"m.db\"", &format!("{database:?}")));
        Self { home, hook, site }
    }

    /// Publishes while the disk is full, makes room, and sees everything arrive once.
    fn survives(
        &self,
        mut daemon: Running,
        complaint: &str,
        fill: impl FnOnce(),
        free: impl FnOnce(),
    ) {
        self.hook.wait(1);
        fill();
        let polls = (self.site.requests("/a"), self.site.requests("/b"));
        self.site.publish("/a", rss(&entries()));
        self.site
            .publish("/b", rss(&entries()).replace("Putin", "SCO, Putin"));
        let line = daemon.wait_for_log("a poll could not be recorded");
        assert!(line.contains(complaint), "{line}");
        // Both feeds fail, again and again, and it is still that one line.
        wait_for("both feeds' polls", || {
            let more = self.site.requests("/a") > polls.0 && self.site.requests("/b") > polls.1;
            more.then_some(())
        });
        let polls = (self.site.requests("/a"), self.site.requests("/b"));
        wait_for("another poll", || {
            let more = self.site.requests("/a") > polls.0 && self.site.requests("/b") > polls.1;
            more.then_some(())
        });
        assert!(daemon.is_alive(), "{:#?}", daemon.log());
        let errors: Vec<_> = daemon
            .log()
            .into_iter()
            .filter(|l| l.contains("ERROR"))
            .collect();
        assert_eq!(errors.len(), 1, "{errors:#?}");
        assert_eq!(
            self.hook.all().len(),
            1,
            "nothing is told that is not recorded"
        );
        self.home.ok(&["mentions"]);

        free();
        // The feeds share their stories: one alert for each story and topic.
        let alerts = self.hook.wait(1 + 2 * ENTRIES);
        daemon.wait_for_log("the database can be written again");
        // One feed's poll is enough for all alerts; the other one's mentions come with its own.
        wait_for("every mention", || {
            let mentions = self
                .home
                .json(&["mentions", "--json", "--limit", "1000"])
                .len();
            (mentions == 1 + 3 * ENTRIES).then_some(())
        });
        assert!(daemon.stop().success());
        let mut times = BTreeMap::new();
        for alert in &alerts {
            *times.entry((alert.topic(), alert.link())).or_insert(0) += 1;
        }
        assert_eq!(times.len(), 1 + 2 * ENTRIES);
        assert!(times.values().all(|n| *n == 1), "{times:?}");
        let waiting = self
            .home
            .json(&["alerts", "list", "--state", "waiting", "--json"]);
        assert_eq!(waiting.len(), 0, "{waiting:?}");
    }
}

/// A small disk of its own, if this process may mount one.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf) -> Option<Self> {
        std::fs::create_dir(&at).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=32m", "tmpfs"])
            .arg(&at)
            .output();
        match mount {
            Ok(output) if output.status.success() => Some(Self(at)),
            _ => {
                skip(
                    "hostile::full_disk",
                    "this needs the right to mount a small disk (root)",
                );
                None
            }
        }
    }

    fn filler(folder: &Path) -> PathBuf {
        folder.join("filler")
    }

    /// Leaves no room at all.
    fn fill(folder: &Path) {
        let mut file = std::fs::File::create(Self::filler(folder)).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    fn free(folder: &Path) {
        std::fs::remove_file(Self::filler(folder)).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_loses_and_repeats_nothing() {
    let watch = Watch::new("disk/m.db");
    let Some(disk) = Disk::mount(watch.home.path("disk")) else {
        return;
    };
    let daemon = watch.home.start();
    watch.survives(
        daemon,
        "the disk that holds the database is full",
        || Disk::fill(&disk.0),
        || Disk::free(&disk.0),
    );
}

#[test]
fn a_limit_on_the_size_of_files_loses_and_repeats_nothing() {
    let watch = Watch::new("m.db");
    let plain = watch.home.command(&["run"]);
    // Whoever sets such a limit ignores its signal as well, or any program dies of it.
    let mut command = Command::new("bash");
    command
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "bash"])
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear();
    let daemon = Running::spawn(command);
    let process = daemon.id().to_string();
    let limit = |bytes: &str| {
        let status = Command::new("prlimit")
            .args(["--pid", &process, &format!("--fsize={bytes}:unlimited")])
            .status()
            .unwrap();
        assert!(status.success());
    };
    watch.survives(
        daemon,
        "can't be read or written",
        || limit("300000"),
        || limit("unlimited"),
    );
}

#[test]
fn a_delivery_that_cannot_be_recorded_is_not_sent_again() {
    let site = Site::start();
    site.publish("/a", rss(&[Item::new("1", "Putin")]));
    let home = Home::new();
    let Some(disk) = Disk::mount(home.path("disk")) else {
        return;
    };
    // The disk fills up while the receiver holds the request.
    let at = Arc::new(Mutex::new(Some(disk.0.clone())));
    let hook = Hook::deciding(move |_| {
        if let Some(at) = at.lock().unwrap().take() {
            Disk::fill(&at);
        }
        (204, vec![])
    });
    home.configure(&[("a", site.url("/a"))], &hook, "");
    let config = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&config.replace("\"m.db\"", "\"disk/m.db\""));
    let mut daemon = home.start();
    let line =
        daemon.wait_for_log("can't record how deliveries ended (1 of them), will keep trying");
    assert!(
        line.contains("the disk that holds the database is full"),
        "{line}"
    );
    assert!(daemon.is_alive());
    Disk::free(&disk.0);
    wait_for("the record", || {
        let delivered = home.json(&["alerts", "list", "--state", "delivered", "--json"]);
        (delivered.len() == 1).then_some(())
    });
    assert!(daemon.stop().success());
    assert_eq!(hook.all().len(), 1);
    home.ok(&["poll"]);
    assert_eq!(hook.all().len(), 1, "told once");
}

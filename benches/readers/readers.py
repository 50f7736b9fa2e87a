"""Times mentiond, newsboat, rss2email and reader on the same feeds.

readers.py MENTIOND BENCH FOLDER FEEDS ENTRIES ROUNDS: in each round every tool, in turns and in a new folder,
takes all feeds in and then asks again when none has changed. Wall time, processor time and peak memory are those
of the whole process, as the kernel tells them at its end; the server says what it was asked, and the tool's own
files what it kept.
"""

import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request

READER = """
import sys
from reader import make_reader
reader = make_reader(sys.argv[1])
for url in sys.stdin.read().split():
    reader.add_feed(url)
"""
READER_UPDATE = """
import sys
from reader import make_reader
# Scheduled ones are due in an hour.
make_reader(sys.argv[1]).update_feeds(scheduled=False, workers=int(sys.argv[2]))
"""
WORKERS = 32


def query(file, sql):
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as conn:
        return conn.execute(sql).fetchone()[0]


class Tool:
    """A command that takes in all feeds; the same again for the unchanged round."""

    def __init__(self, name, place):
        self.name, self.place = name, place

    def prepare(self, folder):
        pass

    def command(self, folder, cold):
        raise NotImplementedError

    def kept(self, folder):
        """How many entries it holds; None for a tool that keeps none."""
        return None

    environment = {}


class Mentiond(Tool):
    def prepare(self, folder):
        shutil.copy("config/topics/sco.toml", folder / "topics.toml")
        text = (
            'include = ["topics.toml"]\ndatabase = "m.db"\n'
            f"[fetch]\nconcurrency = {WORKERS}\nper_host = {WORKERS}\nper_domain = {WORKERS}\n"
            'host_pause = "0s"\n[schedule]\nmin_interval = "1ms"\n'
            '[[sink]]\nid = "none"\ntype = "log"\ntags = ["nothing"]\n'
        )
        for n, url in enumerate(self.place.urls):
            text += f'[[feed]]\nid = "f{n}"\nurl = "{url}"\nallow_private_addresses = true\n'
        (folder / "mentiond.toml").write_text(text)

    def command(self, folder, cold):
        return [self.place.mentiond, "--config", folder / "mentiond.toml", "poll"]

    def kept(self, folder):
        return query(folder / "m.db", "SELECT count(*) FROM entry")


class Newsboat(Tool):
    def prepare(self, folder):
        (folder / "urls").write_text("\n".join(self.place.urls) + "\n")
        (folder / "config").write_text(f"reload-threads {WORKERS}\n")

    def command(self, folder, cold):
        files = ["-u", folder / "urls", "-c", folder / "cache.db", "-C", folder / "config"]
        return ["newsboat", *files, "-x", "reload"]

    def kept(self, folder):
        return query(folder / "cache.db", "SELECT count(*) FROM rss_item")


class Rss2email(Tool):
    def prepare(self, folder):
        text = (
            "[DEFAULT]\nto = a@news.example\nemail-protocol = maildir\n"
            f"maildir-path = {folder}/mail\nmaildir-mailbox = in\n"
        )
        for n, url in enumerate(self.place.urls):
            text += f"\n[feed.f{n}]\nurl = {url}\n"
        (folder / "r2e.cfg").write_text(text)
        (folder / "mail").mkdir()

    def command(self, folder, cold):
        return ["r2e", "-c", folder / "r2e.cfg", "-d", folder / "r2e.json", "run"]

    def kept(self, folder):
        return sum(len(files) for _, _, files in os.walk(folder / "mail"))


class Reader(Tool):
    def prepare(self, folder):
        command = [sys.executable, "-c", READER, folder / "reader.db"]
        subprocess.run(command, input="\n".join(self.place.urls), text=True, check=True)

    def command(self, folder, cold):
        return [sys.executable, "-c", READER_UPDATE, folder / "reader.db", str(WORKERS)]

    def kept(self, folder):
        return query(folder / "reader.db", "SELECT count(*) FROM entries")


class Http(Tool):
    def command(self, folder, cold):
        return [self.place.bench, "http", self.place.base, str(self.place.feeds), "cold" if cold else "304"]


class Sqlite(Tool):
    def __init__(self, name, place, group):
        super().__init__(name, place)
        self.group = group

    def command(self, folder, cold):
        numbers = [str(self.place.feeds), str(self.place.entries), str(self.group)]
        return [self.place.bench, "sqlite", folder / "floor.db", *numbers] if cold else None

    def kept(self, folder):
        return query(folder / "floor.db", "SELECT count(*) FROM entry")


class Place:
    """The server and what all tools are told."""

    def __init__(self, mentiond, bench, feeds, entries):
        self.mentiond, self.bench, self.feeds, self.entries = mentiond, bench, feeds, entries
        command = [bench, "serve", str(feeds), str(entries)]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.base = self.server.stdout.readline().strip()
        self.urls = [f"{self.base}/feed/{n}" for n in range(feeds)]

    def counts(self):
        with urllib.request.urlopen(f"{self.base}/counts") as answer:
            return tuple(map(int, answer.read().split()))


def run(command, home):
    """Seconds of wall and of processor, and the most memory in MiB, of a whole process."""
    environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    with open(home / "log", "ab") as log:
        began = time.monotonic()
        child = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
        )
        _, status, usage = os.wait4(child.pid, 0)
        took = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        tail = (home / "log").read_text(errors="replace")[-2000:]
        sys.exit(f"{command[0]} ended with {child.returncode}:\n{tail}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def once(tool, folder):
    """Both rounds of one tool, each as (seconds, processor, memory, counts of the server), and what it kept."""
    home = folder / "tool"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    tool.prepare(home)
    rounds = {}
    for name in ("cold", "304"):
        command = tool.command(home, name == "cold")
        if command is None:
            continue
        # What others wrote is not to be waited for by this one's fsyncs.
        os.sync()
        tool.place.counts()
        figures = run(command, home)
        rounds[name] = (*figures, tool.place.counts())
    return rounds, tool.kept(home)


def verdict(tool, name, counts, kept):
    """What the server and the tool's files say of a round."""
    place = tool.place
    if isinstance(tool, Sqlite):
        return f"{kept} rows"
    full, unchanged, requests = counts
    text = f"{full} whole, {unchanged} unchanged, {requests} requests"
    fine = (full, unchanged) == ((place.feeds, 0) if name == "cold" else (0, place.feeds))
    if name == "304" and full == place.feeds:
        text = f"ASKED WITHOUT CONDITIONS: {text}"
        fine = True
    if kept is not None:
        text += f"; holds {kept} entries"
        fine &= kept == place.feeds * place.entries
    return text if fine else f"NOT AS IT SHOULD: {text}"


def middle(values):
    return statistics.median(values)


def main():
    mentiond, bench, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    feeds, entries, rounds = map(int, sys.argv[4:7])
    place = Place(mentiond, bench, feeds, entries)
    tools = [
        Mentiond("mentiond", place),
        Newsboat("newsboat", place),
        Rss2email("rss2email", place),
        Reader("reader", place),
        Http("floor: bare requests", place),
        Sqlite("floor: SQLite, a commit a feed", place, 1),
        Sqlite("floor: SQLite, a commit for 32", place, 32),
    ]
    seen = {tool.name: [] for tool in tools}
    try:
        for n in range(rounds):
            for tool in tools[n % len(tools) :] + tools[: n % len(tools)]:
                seen[tool.name].append(once(tool, folder))
    finally:
        place.server.terminate()

    print(f"{feeds} feeds of {entries} entries, {WORKERS} requests at a time; medians of {rounds} rounds, and of")
    print("the ratios in each round: how many times mentiond's wall time, processor time and memory they take\n")
    for name in ("cold", "304"):
        print(
            f"{name + ' round':<32}{'wall s':>9}{'CPU s':>9}{'MiB':>7}{'wall':>9}{'CPU':>8}{'MiB':>8}   what the server saw"
        )
        for tool in tools:
            own = [r for r, _ in seen[tool.name] if name in r]
            if not own:
                continue
            ours = [r for r, _ in seen["mentiond"]]
            figures = [middle([r[name][i] for r in own]) for i in range(3)]
            ratios = [middle([a[name][i] / b[name][i] for a, b in zip(own, ours)]) for i in range(3)]
            told = {verdict(tool, name, r[name][3], kept) for r, kept in seen[tool.name]}
            print(
                f"{tool.name:<32}{figures[0]:>9.2f}{figures[1]:>9.2f}{figures[2]:>7.0f}"
                f"{ratios[0]:>8.2f}x{ratios[1]:>7.2f}x{ratios[2]:>7.2f}x   {'; '.join(sorted(told))}"
            )
        print()

    def ratio(tool, name):
        pairs = zip(seen[tool], seen["mentiond"])
        return middle([theirs[name][0] / ours[name][0] for (theirs, _), (ours, _) in pairs])

    print("Goals, by wall time:")
    goals = [("reader", 10), ("rss2email", 10), ("newsboat", 1)]
    for name in ("cold", "304"):
        for tool, times in goals:
            got = ratio(tool, name)
            print(f"  {name:<5}{times}x as fast as {tool}: {got:.1f}x, {'reached' if got >= times else 'LOST'}")
    got = ratio("floor: bare requests", "304")
    print(f"  304  half the bare requests a second: {got:.2f}, {'reached' if got >= 0.5 else 'LOST'}")


main()

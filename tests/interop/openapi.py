"""Runs a mentiond with a small invented history and has two checkers try its API; for openapi.sh.

Arguments: the binary, and a folder to be made for its configuration and database.
"""

import email.utils
import functools
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TOKEN = "a-token-of-this-test-only"
SEED = os.environ.get("SCHEMATHESIS_SEED", "20240704")
# How many requests there are of each kind and operation, about.
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "30")
# Never ends of itself.
STREAM = "/api/v1/stream"

CONFIG = """
database = "m.db"
shutdown_timeout = "2s"
[web]
enabled = true
listen = "127.0.0.1:0"
token = {{ file = "token" }}
[[sink]]
id = "desk"
type = "feed"
[[sink]]
id = "nobody"
type = "webhook"
url = "http://127.0.0.1:9/hook"
max_attempts = 1
pause_after = 1000
[[topic]]
id = "sco"
name = "Shanghai Cooperation Organisation"
tags = ["organisation"]
any = [{{ text = "SCO", case = "exact" }}, "上合组织", "ШОС"]
[[topic]]
id = "iaea"
name = "International Atomic Energy Agency"
any = ["IAEA"]
[[feed]]
id = "invented"
name = "Invented News Agency"
url = "http://127.0.0.1:{port}/feed.xml"
allow_private_addresses = true
"""

TITLES = [
    "SCO summit opens in Astana",
    "Саммит ШОС открылся в Астане",
    "上合组织峰会在阿斯塔纳举行",
    "IAEA inspectors return to the plant",
    "SCO and IAEA &lt;b&gt;sign&lt;/b&gt; &amp;amp; talk",
    "=1+1 \"quoted\", SCO",
    "Rain, more rain",
]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve_feed(folder):
    """Serves a feed of the titles; its port."""
    now = time.time()
    items = "".join(
        f"<item><guid isPermaLink=\"false\">{n}</guid><link>https://news.example/{n}</link><title>{title}</title>"
        f"<description>Told by nobody, number {n}.</description>"
        f"<pubDate>{email.utils.formatdate(now - 600 * n)}</pubDate></item>"
        for n, title in enumerate(TITLES)
    )
    folder.mkdir()
    rss = f"<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Invented</title>{items}</channel></rss>"
    (folder / "feed.xml").write_text(rss)
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def ask(base, path, body=None):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(base + path, data, headers), timeout=30) as answer:
        return json.load(answer)


def wait(what, found, seconds=60):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if result := found():
            return result
        time.sleep(0.1)
    raise SystemExit(f"error: waited in vain for {what}")


def address(log):
    found = re.search(r"serving pages on (http://[0-9.:]+)/", log.read_text())
    return found and found[1]


def known(base):
    """Real values of parameters, so that more than 404 is seen."""
    mentions = ask(base, "/api/v1/mentions")["items"]
    alerts = ask(base, "/api/v1/alerts")["items"]
    ask(base, "/api/v1/silences", {"topic": "sco", "until": "8h", "comment": "summit, we are there"})
    ask(base, "/api/v1/silences", {"pattern": "rain", "until": "7d", "comment": "it rains"})
    topics = ["sco", "iaea"]
    ids = {
        "/api/v1/alerts/": [alert["id"] for alert in alerts],
        "/api/v1/entries/": [1, 2, 3],
        "/api/v1/silences/": [1, 2],
        "/api/v1/sinks/": ["desk", "nobody"],
    }
    return ids, {
        "path.topic": topics,
        "query.topic": topics,
        "path.key": sorted({mention["story"] for mention in mentions}),
        "query.feed": ["invented"],
        "query.since": ["24h", "7d", "2024-07-04"],
        "query.until": ["0s", "2030-07-04T09:30:00Z"],
        "query.zone": ["UTC", "Asia/Almaty", "America/St_Johns"],
        "query.q": ["sco", "sco -rain", "topic:sco since:7d", "title:\"SCO summit\"", "sco OR lang:ru", "(", "шос*"],
    }


# Operations that rightly refuse what fits their schemas: no schema says what is a time or a query.
CHOOSY = ["/mentions", "/alerts", "/silences", "/search", "/series", "/topics/{topic}"]


def configuration(ids, values):
    lines = []
    for name, given in [*ids.items(), *values.items()]:
        lines.append(f"[dictionaries.\"{name}\"]\nvalues = {json.dumps(given)}\n")
    lines.append("[parameters]\n")
    for name in values:
        lines.append(f"\"{name}\" = {{ dictionary = \"{name}\", probability = 0.6 }}\n")
    for path in ids:
        lines.append(f"[[operations]]\ninclude-path-regex = \"^{path}\"\n")
        lines.append(f"parameters = {{ \"path.id\" = {{ dictionary = \"{path}\", probability = 0.6 }} }}\n")
    choosy = "|".join(re.escape(path) for path in CHOOSY)
    lines.append(f"[[operations]]\ninclude-path-regex = '({choosy})$'\n")
    lines.append("checks = { positive_data_acceptance = { enabled = false } }\n")
    return "".join(lines)


def check(base, folder):
    tools = pathlib.Path(sys.executable).parent
    document = folder / "openapi.json"
    document.write_text(json.dumps(ask(base, "/api/v1/openapi.json")))
    subprocess.run([tools / "openapi-spec-validator", "--validation-errors", "all", document], check=True)
    config = folder / "schemathesis.toml"
    config.write_text(configuration(*known(base)))
    command = [
        tools / "schemathesis", "--config-file", config, "run", document, "--url", base,
        "--header", f"Authorization: Bearer {TOKEN}", "--exclude-path", STREAM, "--no-color",
        "--seed", SEED, "--generation-database", "none", "--max-examples", EXAMPLES, "--request-timeout", "20",
        "--warnings", "off",
    ]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(HERE)}
    return subprocess.run(command, cwd=folder, env=environment).returncode


def main():
    binary, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir()
    port = serve_feed(folder / "site")
    (folder / "token").write_text(TOKEN)
    (folder / "mentiond.toml").write_text(CONFIG.format(port=port))
    log = folder / "log"
    with log.open("w") as out:
        daemon = subprocess.Popen([binary, "--config", folder / "mentiond.toml", "run"], stdout=out, stderr=out)
    try:
        base = wait("the API", lambda: address(log))
        dead = "/api/v1/alerts?state=dead"
        wait("alerts and dead letters", lambda: len(ask(base, dead)["items"]) >= 5)
        status = check(base, folder)
        if daemon.poll() is not None or status != 0 or "panicked" in log.read_text():
            print(log.read_text()[-1000:], file=sys.stderr)
            return status or 1
        return 0
    finally:
        daemon.terminate()
        daemon.wait(20)


sys.exit(main())

"""Runs the hub of Flask-WebSub (PyPI, 0.4.1) with one topic, for tests/push/interop.rs.

The hub wants Celery for its tasks; here each task runs in a thread of its own, which is all that a
test needs. It prints one line of JSON with the addresses of hub and topic, and ends when its
standard input does. POST /publish?method=sha1 makes the request's body the topic's content and has
the hub distribute it, signed by that method.
"""

import base64
import json
import logging
import os
import sys
import tempfile
import threading

from flask import Flask, Response, request
from flask_websub.hub import Hub, SQLite3HubStorage
from werkzeug.serving import make_server


class Task:
    """What the hub uses of a Celery task: `delay`, and `self.retry` for bound ones."""

    class Request:
        retries = 0

    request = Request()

    def __init__(self, run, bound):
        self.run, self.bound = run, bound

    def delay(self, *args):
        threading.Thread(target=self, args=args, daemon=True).start()

    def retry(self, countdown):
        pass

    def __call__(self, *args):
        return self.run(self, *args) if self.bound else self.run(*args)


class Threads:
    """What the hub uses of Celery."""

    def task(self, bind=False, **_options):
        return lambda run: Task(run, bind)


logging.getLogger("werkzeug").setLevel(logging.ERROR)
folder = tempfile.TemporaryDirectory()
app = Flask(__name__)
hub = Hub(SQLite3HubStorage(os.path.join(folder.name, "hub.sqlite3")), HUB_MIN_LEASE_SECONDS=60)
hub.init_celery(Threads())
app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))


def refuse(_callback, topic, *_rest):
    return "this topic is closed" if topic.endswith("/closed") else None


hub.register_validator(refuse)


@app.post("/publish")
def publish():
    hub.config["SIGNATURE_ALGORITHM"] = request.args["method"]
    links = f'<{base}/hub>; rel="hub", <{base}/feed>; rel="self"'
    hub.send_change_notification.delay(f"{base}/feed", {
        "headers": {"Link": links, "Content-Type": "application/atom+xml"},
        "content": base64.b64encode(request.get_data()).decode("ascii"),
    })
    return Response(status=204)


server = make_server("127.0.0.1", 0, app, threaded=True)
base = f"http://127.0.0.1:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"hub": f"{base}/hub", "topic": f"{base}/feed", "publish": f"{base}/publish"}), flush=True)
sys.stdin.read()

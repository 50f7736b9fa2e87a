"""The documents of a folder of feeds, and what feedparser and fastfeedparser make of one."""

import csv
import io
import os
import pathlib

import fastfeedparser
import feedparser

# Both sides get the same address for relative links, as a fetched document would have.
BASE = "https://base.example/feed"


def folder():
    return pathlib.Path(os.environ["MENTIOND_CORPUS"])


def documents():
    """(name, source, bytes) of all files but lists of feeds and the index, in order of name."""
    root = folder()
    sources = {}
    index = root / "INDEX.tsv"
    if index.exists():
        with index.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                sources[row["file"]] = row["upstream"]
    found = []
    for path in sorted(p for p in root.iterdir() if p.is_file()):
        data = path.read_bytes()
        if path.suffix in (".tsv", ".opml") or b"<opml" in data[:2000].lower():
            continue
        source = sources.get(path.name) or path.name.split("__")[0]
        found.append((path.name, source, data))
    return found


def with_feedparser(data):
    headers = {"content-location": BASE}
    return feedparser.parse(io.BytesIO(data), response_headers=headers)


def with_feedparser_bare(data):
    headers = {"content-location": BASE}
    return feedparser.parse(
        io.BytesIO(data),
        response_headers=headers,
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def with_fastfeedparser(data):
    return fastfeedparser.parse(data)

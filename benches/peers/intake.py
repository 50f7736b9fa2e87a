"""Who reads what: files, entries and fields by source, then the files where mentiond has less.

intake.py MENTIOND [--values] [--counts FILE]: runs `mentiond inspect --json` over the folder that
MENTIOND_CORPUS names, and feedparser and fastfeedparser on the same bytes. With --values it prints
fields that both have and that differ, too; FILE gets mentiond's entries by document, as JSON.
"""

import calendar
import datetime
import json
import re
import subprocess
import sys

import corpus

FIELDS = ("title", "link", "date", "author", "text")


def words(value):
    """Whether a text has anything that a reader would see."""
    return bool(re.sub(r"<[^>]*>|&[#\w]+;|\s", "", value or ""))


def entry(title, link, date, author, *texts):
    text = any(words(t) for t in texts)
    return {
        "title": (title or "").strip() if words(title) else "",
        "link": link or "",
        "date": date,
        "author": (author or "").strip(),
        "text": text,
    }


def seconds(parsed):
    """feedparser's struct_time, seconds since 1970; None if it is no date."""
    try:
        return calendar.timegm(parsed) if parsed else None
    except (ValueError, OverflowError, TypeError):
        return None


def iso(text):
    try:
        return datetime.datetime.fromisoformat(text).timestamp() if text else None
    except ValueError:
        return None


def of_mentiond(line):
    document = json.loads(line)
    if document["error"] is not None:
        return None
    return [
        entry(
            e["title"], e["link"], iso(e["published"] or e["updated"]), e["author"],
            e["summary"], e["content"],
        )
        for e in document["entries"]
    ]


def of_feedparser(data):
    feed = corpus.with_feedparser(data)
    if not feed.get("version") and not feed.entries:
        return None
    found = []
    for e in feed.entries:
        # past feedparser's own look-up, which answers with another date (and a warning)
        date = seconds(dict.get(e, "published_parsed") or dict.get(e, "updated_parsed"))
        date = date if date is not None else seconds(dict.get(e, "created_parsed"))
        contents = [c.get("value") for c in e.get("content", [])]
        found.append(
            entry(e.get("title"), e.get("link"), date, e.get("author"), e.get("summary"), *contents)
        )
    return found


def of_fastfeedparser(data):
    try:
        feed = corpus.with_fastfeedparser(data)
    except Exception:  # whatever it raises, it did not read the document
        return None
    found = []
    for e in feed.entries:
        contents = [c.get("value") for c in e.get("content") or []]
        date = iso(e.get("published") or e.get("updated"))
        found.append(
            entry(e.get("title"), e.get("link"), date, e.get("author"), e.get("description"), *contents)
        )
    return found


def row(name, cells):
    print(f"{name:<29}" + "".join(f"{c:>21}" for c in cells))


def main():
    mentiond, values = sys.argv[1], "--values" in sys.argv
    documents = corpus.documents()
    paths = [str(corpus.folder() / name) for name, _, _ in documents]
    command = [mentiond, "inspect", "--json", "--base", corpus.BASE, *paths]
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout.splitlines()
    assert len(lines) == len(documents), "mentiond printed one line for each document"
    peers = ("mentiond", "feedparser", "fastfeedparser")
    results = [
        (name, source, (of_mentiond(line), of_feedparser(data), of_fastfeedparser(data)))
        for (name, source, data), line in zip(documents, lines)
    ]

    print(f"{len(documents)} documents, {sum(len(d) for _, _, d in documents) / 2**20:.1f} MiB")
    print("each cell: mentiond / feedparser / fastfeedparser; fields: entries that have one\n")
    row("source (documents)", ["read as a feed", "entries", *FIELDS])
    by_source = {}
    for name, source, found in results:
        by_source.setdefault(source, []).append(found)
    for source, group in [*sorted(by_source.items()), ("all", [f for _, _, f in results])]:
        sides = [[found[i] for found in group] for i in range(len(peers))]
        read = [sum(s is not None for s in side) for side in sides]
        flat = [[e for s in side for e in s or []] for side in sides]
        cells = [read, [len(f) for f in flat]]
        cells += [[sum(e[x] not in ("", None, False) for e in f) for f in flat] for x in FIELDS]
        row(f"{source} ({len(group)})", [" / ".join(map(str, c)) for c in cells])

    print("\nWhere mentiond has less than feedparser:")
    less = 0
    for name, _, (ours, theirs, _) in results:
        told = []
        if theirs is not None and ours is None:
            told.append(f"not read; feedparser: {len(theirs)} entries")
        elif theirs is not None and len(ours) < len(theirs):
            told.append(f"{len(ours)} entries of {len(theirs)}")
        elif theirs is not None and len(ours) == len(theirs):
            for field in FIELDS:
                places = [
                    n for n, (a, b) in enumerate(zip(ours, theirs))
                    if a[field] in ("", None, False) and b[field] not in ("", None, False)
                ]
                if places:
                    example = theirs[places[0]][field]
                    told.append(f"no {field} in {len(places)} of {len(ours)} (feedparser: {example!r})")
            for field in ("link", "date", "author", "title") if values else ():
                for a, b in zip(ours, theirs):
                    if a[field] != b[field] and a[field] and b[field]:
                        told.append(f"{field}: {a[field]!r} {b[field]!r}")
        less += bool(told)
        for sentence in told:
            print(f"  {name}: {sentence}")
    print(f"{less} documents" if less else "  nowhere")
    if "--counts" in sys.argv:
        counts = {name: len(found[0]) for name, _, found in results if found[0] is not None}
        with open(sys.argv[sys.argv.index("--counts") + 1], "w", encoding="utf-8") as out:
            json.dump(counts, out)


main()

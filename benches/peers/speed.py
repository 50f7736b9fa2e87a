"""Documents per second and core: mentiond's parser beside feedparser and fastfeedparser.

speed.py BENCH [ROUNDS]: BENCH is the built `parse` bench. Only documents in which all three find the
same number of entries, at least one, are timed, so that nobody wins by giving up early. In each round
every parser reads them all in turn, on one thread; what counts is processor time after a pass to warm
up, without the start of the process, reading files or printing. Medians over the rounds.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time

import corpus


def entries(parser, data):
    try:
        return len(parser(data).entries)
    except Exception:  # whatever it raises, it did not read the document
        return -1


def timed(parser, documents):
    """Seconds of processor time of one pass, and of each document."""
    each = {}
    began = time.process_time()
    for name, data in documents:
        at = time.process_time()
        parser(data)
        each[name] = time.process_time() - at
    return time.process_time() - began, each


def main():
    bench = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    mentiond = json.loads(sys.stdin.read())
    documents = []
    for name, _, data in corpus.documents():
        found = mentiond.get(name, -1)
        theirs = entries(corpus.with_feedparser, data), entries(corpus.with_fastfeedparser, data)
        if found > 0 and theirs == (found, found):
            documents.append((name, data))
    parsers = {
        "feedparser": corpus.with_feedparser,
        "feedparser, no sanitising": corpus.with_feedparser_bare,
        "fastfeedparser": corpus.with_fastfeedparser,
    }
    passes = {name: [] for name in ["mentiond", *parsers]}
    least = {name: {} for name in passes}
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as names:
        names.write("\n".join(name for name, _ in documents))
        names.flush()
        for number in range(rounds + 1):  # the first warms up
            told = json.loads(subprocess.check_output([bench, names.name, "10"]))
            results = {"mentiond": (statistics.median(told["pass_s"]), told["document_s"])}
            for name, parser in parsers.items():
                results[name] = timed(parser, documents)
            if number == 0:
                continue
            for name, (seconds, each) in results.items():
                passes[name].append(seconds)
                for document, took in each.items():
                    least[name][document] = min(took, least[name].get(document, took))

    size = sum(len(data) for _, data in documents) / 2**20
    print(f"{len(documents)} documents, {size:.1f} MiB, {rounds} rounds; spread: (max - min) / median\n")
    head = ("parser", "documents/s/core", "MiB/s", "spread", "mentiond is", "per document, median")
    print(f"{head[0]:<28}" + "".join(f"{h:>22}" for h in head[1:]))
    ours = statistics.median(passes["mentiond"])
    for name, seconds in passes.items():
        median = statistics.median(seconds)
        spread = (max(seconds) - min(seconds)) / median
        ratios = [least[name][d] / least["mentiond"][d] for d, _ in documents]
        cells = [
            f"{len(documents) / median:.0f}", f"{size / median:.1f}", f"{spread:.0%}",
            f"{median / ours:.1f}x as fast", f"{statistics.median(ratios):.1f}x",
        ]
        print(f"{name:<28}" + "".join(f"{c:>22}" for c in cells))


main()

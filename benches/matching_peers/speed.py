"""Megabytes per second: mentiond's matcher beside pyahocorasick, flashtext and Hyperscan.

speed.py BENCH FOLDER ROUNDS SIZES: BENCH is the built `matching` bench, FOLDER holds what it dumped.
In each round all read the same entries in turn, one call an entry, on one thread; what counts is
processor time after a first reading. All look for the terms as plain text. pyahocorasick and
Hyperscan read text in lower case, lowered (and for Hyperscan encoded) within their time; flashtext
lowers by itself. Who would take too long reads only the beginning of the text.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import time

import ahocorasick
import flashtext
import hyperscan

LEAST = 0.2  # seconds that one measurement lasts at least
MOST = 1.0  # seconds after which the rest of a text is left out


def pyahocorasick(terms):
    automaton = ahocorasick.Automaton()
    for number, term in enumerate(terms):
        automaton.add_word(term.lower(), number)
    automaton.make_automaton()
    return lambda entry: sum(1 for _ in automaton.iter(entry.lower()))


def pyahocorasick_longest(terms):
    automaton = ahocorasick.Automaton()
    for number, term in enumerate(terms):
        automaton.add_word(term.lower(), number)
    automaton.make_automaton()
    return lambda entry: sum(1 for _ in automaton.iter_long(entry.lower()))


def with_flashtext(terms):
    processor = flashtext.KeywordProcessor()
    for term in terms:
        processor.add_keyword(term)
    return lambda entry: len(processor.extract_keywords(entry))


def with_hyperscan(terms):
    database = hyperscan.Database()
    literals = [term.lower().encode() for term in terms]
    database.compile(
        expressions=literals, ids=list(range(len(literals))), elements=len(literals), flags=0, literal=True
    )
    found = []

    def on_match(number, start, end, flags, context):
        found.append(number)

    def run(entry):
        found.clear()
        database.scan(entry.lower().encode(), match_event_handler=on_match)
        return len(found)

    return run


PEERS = {
    "pyahocorasick, all hits": pyahocorasick,
    "pyahocorasick, longest": pyahocorasick_longest,
    "flashtext": with_flashtext,
    "Hyperscan, literals": with_hyperscan,
}


class Plan:
    """How much of a text a peer reads in one measurement, and what it finds there."""

    def __init__(self, run, entries):
        began = time.process_time()
        self.entries, self.hits = [], 0
        for entry in entries:
            self.hits += run(entry)
            self.entries.append(entry)
            if time.process_time() - began > MOST:
                break
        took = max(time.process_time() - began, 1e-4)
        self.bytes = sum(len(entry.encode()) for entry in self.entries)
        self.times = int(LEAST / took) + 1
        self.run = run

    def speed(self):
        began = time.process_time()
        for _ in range(self.times):
            for entry in self.entries:
                self.run(entry)
        return self.bytes * self.times / 1e6 / (time.process_time() - began)


def ours(bench, size):
    told = subprocess.check_output([bench, "--json", "--only-ours", "--rounds", "1", "--sizes", str(size)])
    return {text["text"]: text["rows"][0] for text in json.loads(told)["sizes"][0]["texts"]}


def measure(bench, folder, rounds, size):
    terms = (folder / f"terms-{size}.txt").read_text(encoding="utf-8").split("\n")
    texts = {name: (folder / f"{name}-{size}.txt").read_text(encoding="utf-8").split("\n") for name in ("mixed", "ascii")}
    built, compiled = {}, {"mentiond": "-"}
    for name, build in PEERS.items():
        began = time.process_time()
        built[name] = build(terms)
        compiled[name] = f"{time.process_time() - began:.2f}"
    plans = {(text, name): Plan(run, entries) for text, entries in texts.items() for name, run in built.items()}
    speeds, hits = {}, {}
    for _ in range(rounds):
        for text, row in ours(bench, size).items():
            speeds.setdefault((text, "mentiond"), []).append(row["mb_s"])
            hits[text] = row["hits"]
        for key, plan in plans.items():
            speeds.setdefault(key, []).append(plan.speed())
    for text, entries in texts.items():
        whole = sum(len(entry.encode()) for entry in entries)
        print(f"\n{size} terms, {text}")
        head = ("MB/s", "spread", "mentiond is", "hits", "of text", "compile s")
        print(f"{'':<32}" + "".join(f"{h:>13}" for h in head))
        for name in ["mentiond", *built]:
            seen = speeds[text, name]
            median = statistics.median(seen)
            ratio = statistics.median(a / b for a, b in zip(speeds[text, "mentiond"], seen, strict=True))
            plan = plans.get((text, name))
            cells = [
                f"{median:.1f}", f"{(max(seen) - min(seen)) / median:.0%}", f"{ratio:.2f}x",
                f"{plan.hits if plan else hits[text]}", f"{plan.bytes / whole if plan else 1:.0%}", compiled[name],
            ]
            print(f"{name:<32}" + "".join(f"{c:>13}" for c in cells), flush=True)


def main():
    bench, folder, rounds, sizes = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    for size in sizes.split(","):
        measure(bench, folder, rounds, int(size))


main()

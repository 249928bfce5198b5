"""Asking a served model: ours against a bare client with as many questions at once, in turns, in the same run.

    python benchmarks/serve.py                        # 1,000 samples, 32 at once, a server that answers in 50 ms

Claim: at least 90 % of the rate of bare aiohttp, which keeps its answers in memory and gives up at the first error.
Ours reads rows of a data set, has each answer on disk when it has come, and asks again where none comes. The server is
a process on loopback.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import datasets

from lamp_metric.asking.ask_rows import ask_all
from lamp_metric.asking.journal import Journal
from lamp_metric.asking.server import Server

TESTS = Path(__file__).parent.parent / "tests"
NAME = "made-up-1"
TEXT = "What is the score of the following review on a scale of 1 to 5? review: " + "the corridor and cry " * 100


def questions(count):
    messages = [[{"role": "user", "content": f"{n} {TEXT}"}] for n in range(count)]
    return datasets.Dataset.from_dict({"id": [str(n) for n in range(count)], "messages": messages})


def ours(url, rows, threads):
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder, "answers"), {"model": NAME}) as journal:
        server = Server(url, NAME)
        start = time.perf_counter()
        ask_all(server, rows, journal, concurrency=threads)
        assert len(journal.entries) == len(rows)
        return time.perf_counter() - start


def bare(url, rows, threads):
    async def ask(session, messages):
        question = {"model": NAME, "messages": messages, "max_tokens": 64, "temperature": 0, "seed": 0}
        async with session.post(f"{url}/chat/completions", json=question) as reply:
            return (await reply.json())["choices"][0]["message"]["content"]

    async def ask_each():
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=threads)) as session:
            return await asyncio.gather(*(ask(session, messages) for messages in rows["messages"]))

    start = time.perf_counter()
    assert len(asyncio.run(ask_each())) == len(rows)
    return time.perf_counter() - start


def main(count, threads, seconds, rounds):
    rows = questions(count)
    command = [sys.executable, TESTS / "fake_model.py", str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        url = server.stdout.readline().strip()
        for way in (bare, ours):
            way(url, rows.select(range(threads)), threads)  # imports and connections are not part of asking
        times = {way: [] for way in (bare, ours)}
        for _ in range(rounds):
            for way, found in times.items():
                found.append(way(url, rows, threads))
        server.stdin.close()
    print(f"{count:,} samples, {threads} at once, {1000 * seconds:.0f} ms for an answer, best of {rounds} rounds")
    for way, found in times.items():
        print(f"  {way.__name__:5}{min(found):8.2f} s{count / min(found):8.0f} answers/s")
    print(f"  ours / bare: {min(times[bare]) / min(times[ours]):.0%} of the rate")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=0.05, help="until the server answers")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    main(given.samples, given.threads, given.seconds, given.rounds)

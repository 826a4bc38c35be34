"""Processes that share a state directory: what it costs to be joined, and how long a takeover takes."""

import os
import statistics
import tempfile
import time

from harness import SMALL, open_pipeline, start_client
from recovery import SESSION, make
from trimtab import Request

UPDATES, QUERIES = 100_000, 2000


def sharing(report, full):
    """A query through a joined process, and a takeover with 100 000 updates to recover."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TRIMTAB_BENCH_DISK")) as folder:
        state = os.path.join(folder, "state")
        make(state, UPDATES)
        owner = start_client(state_directory=state)
        owner.call(Request("session/open", {"session": SESSION}))
        with start_client(state_directory=state) as first, \
                start_client(state_directory=state) as second:
            for client in (first, second):
                client.call(Request("session/open", {"session": SESSION}))
            for name, client in (("owner", owner), ("joined", first)):
                session = open_pipeline(client, *SMALL)
                deadline = session.characterize("p").cheapest_time_seconds
                query = session.request.query("p", deadline_seconds=deadline)
                report.add(f"frontier/query, {name} client", 1e6 * median(client, query), "us",
                           aim="< 150" if client is first else "", note="median")
            query = Request("trial/list", {"session": SESSION, "limit": 1})
            owner.process.kill()
            owner.process.wait()
            begin = time.perf_counter()
            first.call(query)
            second.call(query)
            report.add(f"both joined clients answered after a kill of the owner, {UPDATES} updates",
                       time.perf_counter() - begin, "s", aim="< 1", note="wall time")
        owner.close()


def median(client, request):
    times = []
    for _ in range(QUERIES):
        begin = time.perf_counter()
        client.call(request)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)

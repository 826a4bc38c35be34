"""`trimtab-pfo-server`: answers Zeus 0.16's pipeline-frequency-optimizer protocol with Trimtab's plans.

A framework that has Zeus's `PipelineFrequencyOptimizer` changes its `server_url` and nothing else:

    trimtab-pfo-server --profile profile.csv --microbatches 24 --blocking-power 95 --slowdown 0.02

Beside the protocol it answers `/info`. Jobs are kept in `--state` and go on after a restart.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ..blocking import Trimtab
from .files import FormatError, read_profile
from .jobs import Jobs, Refused, Settings

log = logging.getLogger("trimtab.pfo")

PORT = 7787
MAXIMUM_BODY_BYTES = 64 << 20


class Handler(BaseHTTPRequestHandler):
    """One request; errors carry `{"detail": ...}` as FastAPI's do."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, verb: str) -> None:
        try:
            body = self._body()
            status, answer = 200, self._answer(verb, body)
        except Refused as refused:
            status, answer = refused.status, {"detail": str(refused)}
        except Exception as error:
            log.exception("%s %s", verb, self.path)
            status, answer = 500, {"detail": f"{type(error).__name__}: {error}"}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAXIMUM_BODY_BYTES:
            self.close_connection = True
            raise Refused(413 if length.isdigit() else 400, f"a body of {length} bytes is not read")
        return self.rfile.read(int(length))

    def _answer(self, verb: str, body: bytes) -> Any:
        url = urlsplit(self.path)
        match = re.fullmatch(r"/(register_job|info)|/(register_rank|schedule|result)/([^/]+)", url.path)
        if match is None:
            raise Refused(404, "Not Found")
        what, identity = match.group(1) or match.group(2), unquote(match.group(3) or "")
        wanted = "GET" if what in ("schedule", "info") else "POST"
        if verb != wanted:
            raise Refused(405, "Method Not Allowed")
        jobs = self.server.jobs
        if what == "info":
            return {"server": "trimtab-pfo-server", "protocol": "zeus 0.16"}
        if what == "register_job":
            return jobs.register_job(job_about(_object(body)))
        if what == "register_rank":
            jobs.register_rank(identity, rank_about(_object(body)))
            return None
        if what == "result":
            jobs.result(identity, result_about(_object(body)))
            return None
        numbers = parse_qs(url.query).get("rank", [])
        if len(numbers) != 1 or not re.fullmatch(r"\d{1,9}", numbers[0]):
            raise Refused(422, "query rank: expected an integer of at least 0")
        rank = int(numbers[0])
        return {"rank": rank, "frequencies": [list(pair) for pair in jobs.schedule(identity, rank)]}

    def log_message(self, text: str, *arguments: Any) -> None:
        log.info(text, *arguments)


class Server(ThreadingHTTPServer):
    """Serves jobs; a thread for each connection, since `/schedule` waits for all ranks."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], jobs: Jobs) -> None:
        self.jobs = jobs
        super().__init__(address, Handler)


# What the protocol's bodies must be


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except ValueError as error:
        raise Refused(422, f"body: no JSON: {error}") from None
    if not isinstance(value, dict):
        raise Refused(422, "body: expected an object")
    return value


def _integer(value: Mapping[str, Any], name: str, least: int) -> int:
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found != int(found) or found < least:
        raise Refused(422, f"{name}: expected an integer of at least {least}, found {found!r}")
    return int(found)


def job_about(value: Mapping[str, Any]) -> dict[str, Any]:
    """Zeus's `JobInfo`."""
    if value.get("job_id", "") != "":
        raise Refused(422, "job_id: expected an empty string; the server makes the id")
    about: dict[str, Any] = {name: _integer(value, name, 1)
                             for name in ("pp_degree", "dp_degree", "tp_degree", "world_size")}
    product = about["pp_degree"] * about["dp_degree"] * about["tp_degree"]
    if product != about["world_size"]:
        raise Refused(422, f"world_size: expected the product of the degrees, {product}, found {about['world_size']}")
    metadata = value.get("job_metadata")
    if metadata is not None and not isinstance(metadata, str):
        raise Refused(422, f"job_metadata: expected a string, found {metadata!r}")
    return {**about, "job_metadata": metadata}


def rank_about(value: Mapping[str, Any]) -> dict[str, Any]:
    """Zeus's `RankInfo`."""
    about: dict[str, Any] = {name: _integer(value, name, 0) for name in ("rank", "dp_rank", "pp_rank", "tp_rank")}
    clocks = value.get("available_frequencies")
    if not isinstance(clocks, list):
        raise Refused(422, "available_frequencies: expected a list of integers")
    about["available_frequencies"] = [_integer({"available_frequencies": one}, "available_frequencies", 0)
                                      for one in clocks]
    return about


def result_about(value: Mapping[str, Any]) -> dict[str, Any]:
    """Zeus's `ProfilingResult`."""
    about: dict[str, Any] = {"rank": _integer(value, "rank", 0)}
    for name in ("iter_time", "iter_energy"):
        about[name] = _numbers(value.get(name), name)
    for name in ("time_breakdown", "energy_breakdown"):
        table = value.get(name, {})
        if not isinstance(table, dict) or not all(isinstance(lists, list) for lists in table.values()):
            raise Refused(422, f"{name}: expected lists of lists of numbers by instruction")
        about[name] = {kind: [_numbers(one, name) for one in lists] for kind, lists in table.items()}
    return about


def _numbers(value: Any, name: str) -> list[float]:
    if not isinstance(value, list) or not all(
            isinstance(one, (int, float)) and not isinstance(one, bool) and 0 <= one < float("inf") for one in value):
        raise Refused(422, f"{name}: expected a list of numbers")
    return [float(one) for one in value]


# The command


def make_parser() -> argparse.ArgumentParser:
    """The options of `trimtab-pfo-server`."""
    parser = argparse.ArgumentParser(prog="trimtab-pfo-server", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; the protocol has no authentication")
    parser.add_argument("--port", type=int, default=PORT, help=f"default {PORT}; 0 takes a free one and prints it")
    parser.add_argument("--state", type=Path, default=Path(os.environ.get("ZEUS_PFO_DUMP_DIR", "trimtab-pfo")),
                        help="where jobs are kept (default $ZEUS_PFO_DUMP_DIR, else trimtab-pfo)")
    parser.add_argument("--profile", type=Path, help="measurements, with Zeus's columns or Trimtab's; without it the "
                        "first schedules sweep the clocks, and what ranks post to /result is the profile")
    parser.add_argument("--blocking-power", type=float, required=True, metavar="WATTS",
                        help="power of one GPU while it waits")
    parser.add_argument("--schedule", default="1f1b", help="default 1f1b; see pipeline/define")
    parser.add_argument("--microbatches", type=int, help="in one iteration; or job_metadata says microbatches=N")
    parser.add_argument("--chunks-per-rank", type=int, help="stages of each rank, for interleaved1f1b")
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--slowdown", type=float, metavar="FRACTION", help="the cheapest plan at most so much slower")
    target.add_argument("--deadline", type=float, metavar="SECONDS", help="the cheapest plan within this time")
    target.add_argument("--objective", choices=("fastest", "cheapest", "energyDelayProduct"), default="fastest")
    return parser


def make_server(arguments: list[str] | None = None, command: Any = None) -> tuple[Server, Trimtab]:
    """The server and its sidecar; both are the caller's to close."""
    parser = make_parser()
    chosen = parser.parse_args(arguments)
    try:
        profile = read_profile(chosen.profile.read_text(encoding="utf-8")) if chosen.profile else []
    except (OSError, FormatError) as error:
        parser.error(f"{chosen.profile}: {error}")
    if chosen.slowdown is not None:
        target: dict[str, Any] = {"slowdown_fraction": chosen.slowdown}
    elif chosen.deadline is not None:
        target = {"deadline_seconds": chosen.deadline}
    else:
        target = {"objective": chosen.objective}
    pipeline = {} if chosen.chunks_per_rank is None else {"chunks_per_rank": chosen.chunks_per_rank}
    settings = Settings(chosen.blocking_power, chosen.schedule, chosen.microbatches, profile, target, pipeline)
    chosen.state.mkdir(parents=True, exist_ok=True)
    client = Trimtab(command, state_directory=str((chosen.state / "sidecar").resolve()))
    try:
        return Server((chosen.host, chosen.port), Jobs(client, chosen.state / "jobs", settings)), client
    except BaseException:
        client.close()
        raise


def main(arguments: list[str] | None = None) -> int:
    """The command `trimtab-pfo-server`; ends by an interrupt."""
    logging.basicConfig(level=os.environ.get("ZEUS_PFO_LOG_LEVEL", "WARNING").upper())
    server, client = make_server(arguments)
    with client, server:
        host, port = server.server_address[:2]
        print(f"listening on http://{host!s}:{port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Brings the clocks of several hosts together, by the messages between them.

Problem: the traces of two hosts count from clocks that may differ by milliseconds, so that messages seem to arrive
before they were sent. Idea (Cristian 1989, doi:10.1007/BF01784024): the least delay that is seen one way and the other
differ by twice the offset, if the fastest messages take as long both ways. Hosts are joined over a spanning tree of the
links with the most messages. Clocks of one host are one clock and are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .instructions import Executed


def offsets(by_rank: Mapping[int, Sequence[Executed]], hosts: Mapping[int, str], last_stage: int) -> dict[int, int]:
    """Nanoseconds by which each rank's clock is ahead of the first rank's; 0 for all of one host."""
    least: dict[tuple[str, str], int] = {}
    count: dict[tuple[str, str], int] = {}
    occurrence: dict[tuple[str, int, int], list[Executed]] = {}
    for ran in by_rank.values():
        for one in ran:
            for key in one.action.products():
                occurrence.setdefault(key, []).append(one)
    for rank, ran in by_rank.items():
        seen: dict[tuple[str, int, int], int] = {}
        for one in ran:
            for key in one.action.producers(last_stage):
                turn = seen[key] = seen.get(key, -1) + 1
                if key not in occurrence or turn >= len(occurrence[key]):
                    continue
                sender = occurrence[key][turn]
                pair = (hosts[sender.rank], hosts[rank])
                if pair[0] == pair[1]:
                    continue
                delay = (one.arrival if one.arrival is not None else one.start) - sender.end
                least[pair] = min(least.get(pair, delay), delay)
                count[pair] = count.get(pair, 0) + 1
    first = hosts[min(by_rank)]
    ahead = {first: 0}
    while True:
        reachable = [(count[pair], pair) for pair in least
                     if pair[0] in ahead and pair[1] not in ahead and pair[::-1] in least]
        if not reachable:
            break
        _, (known, other) = max(reachable)
        ahead[other] = ahead[known] + (least[known, other] - least[other, known]) // 2
    return {rank: ahead.get(hosts[rank], 0) for rank in by_rank}

"""The table of the specification says what clients that others wrote find of servers at fault."""

import pytest
from faulty_servers import CHECKS, CLIENTS, outcome, recorded, title
from programs import program

PATHS = sorted(CHECKS.glob("*.transcript"))


@pytest.fixture(scope="module", autouse=True)
def node():
    program("node", "nodejs")


@pytest.mark.parametrize("client", list(CLIENTS))
def test_a_client_finds_what_the_table_says(binary, client):
    table = recorded(client)
    assert set(table) == {title(path) for path in PATHS}
    seen = {title(path): outcome(client, binary, path) for path in PATHS}
    assert seen == table

"""`trimtab mcp` with the official SDK's client, in the era of the handshake and in the stateless one."""

import asyncio
import json
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.extension import ClientExtension, ResultClaim
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult, Request, RequestParams, Result
from places import AWAIT_SECONDS, FIXTURES
from trimtab import Trimtab

PROFILES = FIXTURES / "profiles"
ERAS = {"legacy": "2025-11-25", "auto": "2026-07-28"}
PIPELINE = {"session": "s", "pipeline": "gpt", "schedule": "1f1b", "stages": 8, "microbatches": 24,
            "blockingPowerWatts": 95, "csvPath": "modelled-h100-8stage.csv"}


@pytest.fixture(params=list(ERAS))
def era(request):
    return request.param


@asynccontextmanager
async def assistant(binary, era, *options, extensions=()):
    parameters = StdioServerParameters(command=binary, args=["mcp", "--root", str(PROFILES), *options])
    async with Client(stdio_client(parameters), mode=era, read_timeout_seconds=AWAIT_SECONDS,
                      extensions=extensions) as client:
        assert client.protocol_version == ERAS[era]
        yield client


def run(body):
    asyncio.run(asyncio.wait_for(body, AWAIT_SECONDS))


def test_tools_have_schemas_and_say_what_they_change(binary, era):
    async def body():
        async with assistant(binary, era) as client:
            assert client.server_info.name == "trimtab" and client.instructions
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert len(tools) >= 12
            for tool in tools.values():
                schema = tool.input_schema
                assert tool.description and schema["type"] == "object"
                assert all(one.get("description") for one in schema["properties"].values()), tool.name
                assert tool.annotations.read_only_hint is not None and tool.annotations.destructive_hint is not None
            assert tools["query_frontier"].annotations.read_only_hint
            assert tools["characterize_profile"].annotations.destructive_hint
            assert not tools["next_trial"].annotations.idempotent_hint
            assert {"session", "pipeline", "stages"} <= set(tools["characterize_profile"].input_schema["required"])
            assert "slowdownFractions" in tools["compare_plans"].input_schema["required"]

    run(body())


def test_a_frontier_from_a_profile(binary, era):
    async def body():
        async with assistant(binary, era) as client:
            reported = []

            async def progress(done, total, message):
                reported.append((done, total))

            made = await client.call_tool("characterize_profile", PIPELINE, progress_callback=progress)
            assert not made.is_error, made.content
            assert made.structured_content["profile"]["rowCount"] == 640
            assert made.structured_content["frontier"]["exact"] is True
            assert json.loads(made.content[0].text) == made.structured_content
            assert reported and all(0 <= done <= total == 100 for done, total in reported)
            assert reported == sorted(reported)

            named = {"session": "s", "pipeline": "gpt"}
            plans = (await client.call_tool("compare_plans", {**named, "slowdownFractions": [0, 0.05, 0.1]}))
            savings = [point["savingFraction"] for point in plans.structured_content["plans"]]
            assert savings == sorted(savings) and len(set(savings)) == 3
            point = (await client.call_tool("query_frontier", {**named, "slowdownFraction": 0.05})).structured_content
            assert point["savingFraction"] == savings[1]
            why = (await client.call_tool("explain_saving", {**named, "slowdownFraction": 0.05})).structured_content
            assert set(why) == {"point", "timeline", "highestClocks"} and "ranks" not in why["timeline"]
            clocks = (await client.call_tool("get_clocks", {**named, "plan": 3, "stage": 7})).structured_content
            assert [one["stage"] for one in clocks["stages"]] == [7]

            resources = {str(one.uri): one for one in (await client.list_resources()).resources}
            assert "trimtab://s/pipelines/gpt/picture" in resources
            picture = (await client.read_resource("trimtab://s/pipelines/gpt/picture")).contents[0]
            assert picture.mime_type == "image/svg+xml" and picture.text.startswith("<svg")
            curve = json.loads((await client.read_resource("trimtab://s/pipelines/gpt/curve")).contents[0].text)
            assert len(curve["lowerBound"]) > 100
            templates = (await client.list_resource_templates()).resource_templates
            assert len(templates) == 3

    run(body())


def test_a_search_and_what_it_refuses(binary, era):
    async def body():
        async with assistant(binary, era) as client:
            pool = {"session": "q", "encoders": [{"id": "clip"}, {"id": "siglip"}], "languageModels": [{"id": "qwen"}],
                    "task": {"name": "vqa", "metric": {"name": "accuracy", "direction": "maximize"},
                             "alignmentSampleCount": 1000}}
            assert not (await client.call_tool("submit_pool", pool)).is_error
            trial = (await client.call_tool("next_trial", {"session": "q", "worker": "w"})).structured_content
            report = {"session": "q", "trial": trial["trial"], "step": 1, "score": 0.5,
                      "dataFraction": trial["toFraction"]}
            assert "decision" in (await client.call_tool("report_trial", report)).structured_content
            assert (await client.call_tool("suggest", {"session": "q"})).structured_content["suggestion"]
            assert (await client.call_tool("rank_candidates", {"session": "q"})).structured_content["ranking"]

            wrong = await client.call_tool("report_trial", {**report, "trial": 99})
            assert wrong.is_error and "99" in wrong.content[0].text
            assert wrong.structured_content["error"]["data"]["kind"] == "unknownTrial"
            # A tool that only reads does not begin a session.
            absent = await client.call_tool("suggest", {"session": "absent"})
            assert absent.is_error and absent.structured_content["error"]["data"]["kind"] == "unknownSession"
            listed = (await client.call_tool("list_sessions", {})).structured_content["sessions"]
            assert [one["session"] for one in listed] == ["q"]
            with pytest.raises(MCPError, match="name must be that of a tool"):
                await client.call_tool("format_disk", {})
            with pytest.raises(MCPError, match="uri must be that of a resource"):
                await client.read_resource("trimtab://nothing")

    run(body())


def test_a_long_call_is_cancelled(binary, era):
    async def body():
        async with assistant(binary, era) as client:
            begun = asyncio.Event()

            async def progress(done, total, message):
                begun.set()

            long = {**PIPELINE, "microbatches": 512, "session": "long"}
            call = asyncio.create_task(client.call_tool("characterize_profile", long, progress_callback=progress))
            await begun.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            # The server is free again, and has kept no frontier.
            answer = await client.call_tool("query_frontier", {
                "session": "long", "pipeline": "gpt", "slowdownFraction": 0.1})
            assert answer.is_error and answer.structured_content["error"]["data"]["kind"] == "notCharacterized"

    run(body())


class Task(Result):
    """The state of a task, as the extension's specification has it."""

    task_id: str
    status: Literal["working", "input_required", "completed", "cancelled", "failed"]
    status_message: str | None = None
    created_at: str
    last_updated_at: str
    ttl_ms: int | None
    poll_interval_ms: int | None = None


class TaskHandle(Task):
    result_type: Literal["task"]


class TaskState(Task):
    result: dict[str, Any] | None = None


class TaskParams(RequestParams):
    task_id: str


class Tasks(ClientExtension):
    """The extension for tasks as a client would write it: the SDK carries extensions and has not got this one."""

    identifier = "io.modelcontextprotocol/tasks"

    def __init__(self, cancels=False):
        self.cancels = cancels
        self.states = []

    def claims(self):
        return [ResultClaim(result_type="task", model=TaskHandle, resolve=self.resolve)]

    async def resolve(self, handle, context):
        params = TaskParams(task_id=handle.task_id)

        async def ask(method, kind):
            return await context.session.send_request(Request(method=method, params=params), kind)

        while True:
            state = await ask("tasks/get", TaskState)
            self.states.append(state)
            if state.status == "completed":
                return CallToolResult.model_validate(state.result)
            if state.status == "cancelled":
                return CallToolResult(content=[], is_error=True)
            if self.cancels and state.status_message:
                self.cancels = False
                await ask("tasks/cancel", Result)


def test_a_long_call_is_a_task_where_the_client_knows_them(binary):
    async def body():
        tasks = Tasks()
        async with assistant(binary, "auto", extensions=[tasks]) as client:
            assert tasks.identifier in client.server_capabilities.extensions
            made = await client.call_tool("characterize_profile", PIPELINE)
            assert not made.is_error and made.structured_content["frontier"]["exact"] is True
            assert tasks.states[-1].status == "completed" and tasks.states[-1].ttl_ms > 0
            count = len(tasks.states)
            await client.call_tool("list_sessions", {})
            assert len(tasks.states) == count

    run(body())


def test_a_task_is_followed_and_cancelled(binary):
    async def body():
        tasks = Tasks(cancels=True)
        async with assistant(binary, "auto", extensions=[tasks]) as client:
            ended = await client.call_tool(
                "characterize_profile", {**PIPELINE, "microbatches": 512, "session": "long"})
            assert ended.is_error and tasks.states[-1].status == "cancelled"
            percentages = [int(one.status_message.split(" %")[0]) for one in tasks.states if one.status_message]
            assert percentages and percentages == sorted(percentages) and percentages[-1] < 100
            answer = await client.call_tool("query_frontier", {
                "session": "long", "pipeline": "gpt", "slowdownFraction": 0.1})
            assert answer.structured_content["error"]["data"]["kind"] == "notCharacterized"

    run(body())


def test_an_assistant_beside_a_launcher(binary, era, tmp_path):
    state = str(tmp_path / "state")
    with Trimtab([binary, "serve"], state_directory=state, roots=[str(PROFILES)], timeout=AWAIT_SECONDS) as launcher:
        session = launcher.open_session("shared")
        session.define_pipeline("gpt", schedule="1f1b", stages=8, microbatches=24, blocking_power_watts=95)
        session.submit_profile("gpt", csv_path="modelled-h100-8stage.csv")
        session.characterize("gpt", effort="quick")
        expected = session.query("gpt", slowdown_fraction=0.05)

        async def body():
            async with assistant(binary, era, "--state", state, "--read-only") as client:
                names = {tool.name for tool in (await client.list_tools()).tools}
                assert "query_frontier" in names and "characterize_profile" not in names and "next_trial" not in names
                point = await client.call_tool("query_frontier", {
                    "session": "shared", "pipeline": "gpt", "slowdownFraction": 0.05})
                assert point.structured_content["savingFraction"] == expected.saving_fraction

        run(body())

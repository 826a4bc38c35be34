"""One declaration of a method, bound to a client that waits, to one that is awaited, or to neither."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from .requests import Request

T = TypeVar("T")
P = ParamSpec("P")


class Now:
    """A client whose methods wait for the answer."""

    _run: Callable[[Request[Any]], Any]


class Awaited:
    """A client whose methods are awaited."""

    _run: Callable[[Request[Any]], Awaitable[Any]]


class Unsent:
    """Something whose methods give requests, for `start` and `pipeline_requests`."""

    def _run(self, request: Request[T]) -> Request[T]:
        return request


class Method(Generic[P, T]):
    """A declared method, which is bound to a client as the client wants it."""

    def __init__(self, build: Callable[Concatenate[Any, P], Request[T]]) -> None:
        self._build, self.__doc__, self._name = build, build.__doc__, build.__name__

    @overload
    def __get__(self, client: Now, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: Awaited, owner: type) -> Callable[P, Awaitable[T]]: ...
    @overload
    def __get__(self, client: Unsent, owner: type) -> Callable[P, Request[T]]: ...
    @overload
    def __get__(self, client: None, owner: type) -> Callable[Concatenate[Any, P], Request[T]]: ...

    def __get__(self, client: Any, owner: type) -> Any:
        build = self._build
        if client is None:
            return build  # for help() and signatures
        run = client._run

        def method(*arguments: P.args, **options: P.kwargs) -> Any:
            return run(build(client, *arguments, **options))

        method.__doc__, method.__name__ = self.__doc__, self._name
        # Kept, so that the next call finds it without coming here.
        client.__dict__[self._name] = method
        return method

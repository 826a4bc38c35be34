"""Hooks of training jobs that run pipelines on GPUs."""

from .hooks import Attachment, Observer, attach

__all__ = ["Attachment", "Observer", "attach"]

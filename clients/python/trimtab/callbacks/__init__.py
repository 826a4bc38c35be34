"""Trials inside the training loops of others: `trimtab.callbacks.transformers`, `.lightning` and `.accelerate`.

Each reports what the loop evaluates, ends the loop when the search ends the trial, and saves what the next trial of the
candidate goes on from. The loop is set up for a training on all data; the search ends it where it wants.
"""

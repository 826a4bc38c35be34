"""Kills servers that keep their sessions in a directory, and compares what they recover with one that ran on."""

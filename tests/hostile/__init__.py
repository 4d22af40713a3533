"""Attacks, kept for good: what once stopped, slowed down or misled the server."""

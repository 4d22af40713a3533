"""The leaderboards: docs/rules/leaderboards.md. docs/decisions/0010-live-boards.md explains how they work."""

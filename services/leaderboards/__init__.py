"""The leaderboards: docs/rules/leaderboards.md. docs/decisions/0010-live-boards.md says how they are kept."""

"""The leaderboards: domain.md "Leaderboards". docs/decisions/0010-live-boards.md says how they are kept."""

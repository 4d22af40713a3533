"""The two databases: clients for Tortoise, the lean readers beside them, and the editors of their schemas."""

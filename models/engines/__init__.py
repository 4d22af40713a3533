"""SQLite and PostgreSQL: clients for Tortoise, readers that bypass it, and schema editors."""

"""Thin clients of other companies' servers: SMS providers and WeChat. They know no rules and no database."""

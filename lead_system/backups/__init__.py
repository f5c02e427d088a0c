"""Backups: the whole database, pictures included, in one file that says what must be in it (decision 27).

`archive` is that file, `sqlite` and `postgresql` know how each database is copied and put back, `contents`
what both have in common. The commands are in `lead_system/cli/backups.py`.
"""

"""Makes Django's own tables in the copy of the database, and somebody who may do everything there."""

from benchmarks.peers import django_site  # noqa: F401 - sets Django up

from django.contrib.auth.models import User  # isort: skip
from django.core.management import call_command  # isort: skip

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("director", password="what everybody of the staff types")

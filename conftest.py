"""Settings of pytest that hold for every test."""

from hypothesis import settings

settings.register_profile("echoquality", deadline=None)  # no timed assertions
settings.load_profile("echoquality")

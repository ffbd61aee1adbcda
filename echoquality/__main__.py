"""`python -m echoquality` is the command `echoquality`."""

from echoquality.command import main

if __name__ == "__main__":
    main()

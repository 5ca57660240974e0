"""The one exception a user is meant to read."""


class HadacastError(Exception):
    """A mistake in a recipe, a file, an argument or a tool; its text is one clear line.

    The text quotes the bad value and says what is allowed. The command line prints it and exits
    with status 1, without a traceback.
    """

"""The parts of pages that programs write: each stands between two marks, comments with its name."""


def place(text: str, name: str, new: str) -> str:
    """A page with the part between the marks of this name replaced. Raises ValueError if it has none."""
    start, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, _, rest = text.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no marks of {name}")
    return f"{before}{start}{new}{end}{after}"

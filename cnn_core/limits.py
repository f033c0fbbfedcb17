"""Numbers in settings: each is held to its limits and becomes a plain one, whatever gave it."""

from collections.abc import Mapping
from reprlib import repr as shown  # a value from a file may be of any length
from typing import Any

import numpy as np

Limit = tuple[float, float]  # both included; a limit of whole numbers (ints) asks for whole numbers


def check_numbers(value: object, limits: Mapping[str, Limit], of: str = "") -> None:
    """Make the numbers of NumPy in a frozen value's fields plain ones, which JSON can hold.

    Raises ValueError where a field is not one number within its limit; `of` begins the sentence.
    """
    for name, limit in limits.items():
        number = getattr(value, name)
        object.__setattr__(value, name, plain_number(number, limit, f"{of}{name} is {shown(number)}"))


def plain_number(number: Any, limit: Limit, found: str) -> int | float:
    """Return the number as an int or a float; raise ValueError, which says what was found, where it is none
    within the limit."""
    low, high = limit
    whole = isinstance(low, int) and isinstance(high, int)
    kinds = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    if not isinstance(number, kinds) or isinstance(number, bool) or not low <= number <= high:
        wanted = f"a whole number from {low:,} to {high:,}" if whole else f"a number from {low:g} to {high:g}"
        raise ValueError(f"{found}; use {wanted}")
    return int(number) if whole else float(number)

"""Refrain plugins in Python: write the class of a role, `export` it, build a component.

A component made so imports nothing: no clock, no files, no randomness but the seed it is given.
"""

from .column import Batch, Column, Variable
from .errors import Error, Failed, InvalidInput, InvalidParams, Other
from .fold import Fold, Map
from .moments import Moments
from .schema import Field, Kind, Schema

__version__ = "0.1.0"

__all__ = [
    "Batch",
    "Column",
    "Error",
    "Failed",
    "Field",
    "Fold",
    "InvalidInput",
    "InvalidParams",
    "Kind",
    "Map",
    "Moments",
    "Other",
    "Schema",
    "Variable",
]

"""Records that check themselves, each field by one definition.

A record is a frozen dataclass whose fields carry their checks in their types. pydantic runs them
whether it is made in code or read from JSON, and writes the JSON schema from them. Whatever is
wrong, a person is told of one field, by its path, as a `FieldError`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache, partial
from typing import Any, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails, core_schema

from margin import errors
from margin.errors import FieldError, join, quoted, shown

Record = TypeVar("Record")
_CONFIG = ConfigDict(extra="forbid")
_BOUNDS = {
    "above": "exclusiveMinimum",
    "at_least": "minimum",
    "below": "exclusiveMaximum",
    "at_most": "maximum",
}
"""The bounds of `errors.number`, and what JSON Schema calls them."""


class Check:
    """A field's check: takes the value as it arrived, and gives the clean one.

    It raises FieldError, with a path from the value itself.
    """

    def __init__(self, check: Callable[[Any], Any], schema: Mapping[str, Any]) -> None:
        self.clean, self.schema = check, dict(schema)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Return what pydantic runs."""
        return core_schema.no_info_plain_validator_function(
            self.clean, metadata={"pydantic_js_functions": [lambda *_: self.schema]}
        )


class Before(Check):
    """A check that comes before those of the field's own type."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Return what pydantic runs."""
        return core_schema.no_info_before_validator_function(self.clean, handler(source))


def unchecked(schema: Mapping[str, Any] | None = None) -> Check:
    """Return the check of a field that another definition checks."""
    return Check(lambda value: value, schema or {})


def number(**bounds: float) -> Check:
    """Return the check of a finite number within the bounds of `errors.number`."""
    limits = {_BOUNDS[name]: bound for name, bound in bounds.items()}
    return Check(partial(errors.number, path="", **bounds), {"type": "number", **limits})


def whole(**bounds: float) -> Check:
    """Return the check of a whole number within the bounds of `errors.number`."""

    def check(value: object) -> int:
        read = errors.number(value, "", **bounds)
        if not read.is_integer():
            raise FieldError("", f"must be a whole number, got {read:g}")
        return int(read)

    return Check(check, {**number(**bounds).schema, "type": "integer"})


def optional(check: Check) -> Check:
    """Return the same check of a value that may be None."""
    return Check(
        lambda value: None if value is None else check.clean(value),
        {"anyOf": [check.schema, {"type": "null"}]},
    )


def choice(options: Iterable[str]) -> Check:
    """Return the check of one of the options, which may become more."""
    return Check(lambda value: errors.choice(value, "", options), {"enum": list(options)})


def text(*, longest: int, lines: bool = False) -> Check:
    """Return the check of plain text, as `errors.text` has it."""
    check = partial(errors.text, path="", longest=longest, lines=lines)
    return Check(check, {"type": "string", "maxLength": longest})


def sequence(*, most: int) -> Before:
    """Return the check of an array of at most `most` entries, before those of its entries."""
    return Before(partial(errors.listed, path="", most=most), {})


@dataclass_transform(frozen_default=True)
def record(cls: type[Record]) -> type[Record]:
    """Make a frozen dataclass of a class whose fields carry their checks.

    Making one raises FieldError, whose path begins with the field's name.
    """
    made = dataclass(cls, frozen=True, slots=True, config=_CONFIG)
    validated: Callable[..., None] = made.__init__

    def make(self: Any, *values: Any, **named: Any) -> None:
        try:
            validated(self, *values, **named)
        except ValidationError as error:
            raise _field_error(error, [field.name for field in fields(made)]) from None

    made.__init__ = make  # type: ignore[method-assign]
    return cast(type[Record], made)


def read(kind: type[Record], value: object) -> Record:
    """Return a record read from JSON. Raises FieldError with the path of the first bad field."""
    if not isinstance(value, Mapping):
        raise FieldError("", f"must be an object, got {shown(value)}")
    try:
        made: Record = _adapter(cast(Any, kind)).validate_python(
            dict(errors.keyed(value, "", most=100))
        )
    except ValidationError as error:
        raise _field_error(error) from None
    return made


def json_schema(kind: type) -> dict[str, Any]:
    """Return the JSON Schema of a record."""
    return _adapter(cast(Any, kind)).json_schema()


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _field_error(error: ValidationError, names: Sequence[str] = ()) -> FieldError:
    """Return the first of the errors; `names` are those of fields that were given by position."""
    found = _first(error.errors(include_url=False), 0)
    path = ""
    for depth, step in enumerate(found["loc"]):
        if isinstance(step, int):
            path = names[step] if names and depth == 0 else f"{path}[{step}]"
        else:
            path = join(path, quoted(step) or '""')
    inner = found.get("ctx", {}).get("error")
    if isinstance(inner, FieldError):
        return inner.within(path) if path else inner
    return FieldError(path, _in_words(found))


def _first(found: list[ErrorDetails], depth: int) -> ErrorDetails:
    """Return the error that a reader meets first: unknown keys, missing ones, then the fields."""
    for kind in ("unexpected_keyword_argument", "missing"):
        for each in found:
            if each["type"] == kind and len(each["loc"]) == depth + 1:
                return each
    first = found[0]
    if len(first["loc"]) <= depth + 1:
        return first
    step = first["loc"][depth]
    return _first([each for each in found if each["loc"][depth : depth + 1] == (step,)], depth + 1)


def _in_words(found: ErrorDetails) -> str:
    if found["type"] == "unexpected_keyword_argument":
        return "is not a known key"
    if found["type"] == "missing":
        return "is missing"
    return f"must be an object, got {shown(found['input'])}"

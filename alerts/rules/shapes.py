"""What all shapes of the configuration are made of: ids, codes, texts in the readers' languages."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_before_validator_function

ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
CODE = re.compile(r"[A-Z][A-Z0-9]+")
_BLANK = re.compile(r"\{[^{}]*\}?|\}")


def _id(value: str) -> str:
    if not ID.fullmatch(value):
        raise ValueError(f"{value!r} is not an id; write lower-case letters and digits joined by hyphens, such as us-tariff")
    return value


def _code(value: str) -> str:
    if not CODE.fullmatch(value):
        raise ValueError(f"{value!r} is not the code of an actor; write ISO 3166 alpha-3 or a body in capitals, such as JPN or G7")
    return value


def _text(value: Any) -> Any:
    """A whole number in a list of terms is meant as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _readable(value: str) -> str:
    if value.isspace():
        raise ValueError("is blank; write the text, or remove it")
    return value


class OneOrMany:
    """Marks a list that may be written as its one item."""

    def validate(self, value: Any) -> Any:
        """Put one item into a list."""
        return [value] if isinstance(value, str | dict) else value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate as the list, after `validate`."""
        return no_info_before_validator_function(self.validate, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Allow either way of writing."""
        many = handler(schema)
        return {"anyOf": [many["items"], many]}


Id = Annotated[str, AfterValidator(_id), WithJsonSchema({"type": "string", "pattern": f"^{ID.pattern}$"})]
Code = Annotated[str, AfterValidator(_code), WithJsonSchema({"type": "string", "pattern": f"^{CODE.pattern}$"})]
Readable = Annotated[str, AfterValidator(_readable), Field(min_length=1)]
Words = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Flag = Annotated[bool, Strict()]  # `yes` is text here, and may be meant so elsewhere
LevelName = Literal["none", "info", "watch", "prepare", "act"]
SizeName = Literal["exceptional", "normal", "small", "routine"]
Edge = Literal["none", "kanji", "katakana", "word"]
Kind = Literal["actor", "institution", "subject", "cue", "context", "place", "mask"]
ActorType = Literal["state", "economy", "bloc", "body"]
CONDITION = "a condition of a rule"  # put in the schema by `alerts.rules.jsonschema`, which knows the operators
Condition = Annotated[Any, WithJsonSchema({"$comment": CONDITION})]


@functools.cache
def _fields(shape: type[BaseModel]) -> set[str]:
    """One set for all that were taken up again: a frozen shape never changes it."""
    return set(shape.model_fields)


@functools.cache
def _defaults(shape: type[BaseModel]) -> Mapping[str, Any]:
    """The fields of a shape in their order, with what most have: shared by all that were taken up again, for the same reason."""
    return {name: field.default for name, field in shape.model_fields.items()}


class Shape(BaseModel):
    """Frozen; a key nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    def __getstate__(self) -> Any:
        """What is not as usual: a frozen shape has nothing but its fields, and a compiled configuration holds twenty thousand."""
        usual = _defaults(type(self))
        return {name: value for name, value in self.__dict__.items() if value != usual[name]}

    def __setstate__(self, state: Any) -> None:
        """Take the fields up again; they were validated before they were kept. One by one in one order, so that all have one table of
        names between them."""
        for name, value in _defaults(type(self)).items():
            object.__setattr__(self, name, state.get(name, value))
        for name, value in (("__pydantic_fields_set__", _fields(type(self))), ("__pydantic_extra__", None), ("__pydantic_private__", None)):
            object.__setattr__(self, name, value)


class Shorthand(Shape):
    """A mapping of which the first key alone may be written as plain text."""

    _short: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, value: Any) -> Any:
        return {cls._short: value} if isinstance(value, str | int) and not isinstance(value, bool) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": ["string", "integer"]}, handler.resolve_ref_schema(handler(schema))]}


class Localised(Shape):
    """One text in each language of the readers; English is what other languages fall back to."""

    _blanks: ClassVar[frozenset[str]] = frozenset()

    en: str = Field(min_length=1)
    ja: str = ""

    @field_validator("en", "ja")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        """Refuse what a reader would find in the mail as it stands: spaces alone, or a blank that nothing fills in."""
        if text.isspace():
            raise ValueError("is blank; write the text, or leave the key out")
        for blank in _BLANK.findall(text):
            if blank[1:-1] not in cls._blanks:
                known = " and ".join(f"{{{name}}}" for name in sorted(cls._blanks))
                then = f"{known} are what is filled in here" if known else "it would be mailed as it stands"
                raise ValueError(f"nothing fills in {blank!r}; {then}")
        return text


class Told(Localised):
    """A sentence that says what happened; the actors and the date are put into it."""

    _blanks = frozenset({"actors", "when"})


class Title(Shorthand, Localised):
    """A title: the English one alone may be written as plain text."""

    _short = "en"


class LocalisedList(Shape):
    """Several short texts in each language."""

    en: list[Readable] = Field(min_length=1)
    ja: list[Readable] = []

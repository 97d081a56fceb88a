"""The form for secrets, whose values travel from the browser to the server once.

Streamlit's own inputs send their values with every interaction and keep them for the next run,
whatever a form that clears itself shows, and also with the runs that the browser starts by itself.
A component's trigger is sent once and is gone from the server when the run is over that it caused.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pages.ui.components.served import component

COMPONENT = "tandem_secret_form"


class SecretField(NamedTuple):
    """A field of the form; `pattern` is what it takes, and `advice` what to do where it does not.

    `secret`: dots stand for what is typed.
    """

    name: str
    label: str
    secret: bool = True
    pattern: str = ""
    advice: str = ""


_form = component(COMPONENT, Path(__file__).parent / "browser", "form.js")


def secret_form(
    key: str, fields: Sequence[SecretField], action: str, *, longest: int, disabled: bool
) -> dict[str, str]:
    """Draw the form, empty, and return what this run was sent by the fields' names, if anything.

    `action` is the button's label, `longest` how many characters a field takes.
    """
    asked = [field._asdict() for field in fields]
    data = {"fields": asked, "action": action, "longest": longest, "disabled": disabled}
    values = _form(key=key, data=data, on_sent_change=lambda: None).get("sent")
    if not isinstance(values, Mapping):
        return {}
    return {str(name): str(value)[:longest].strip() for name, value in values.items()}

"""The forms about the project page and its plots: the shape of what is typed."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import StringField, TextAreaField

from lead_system.admin_views.forms import VersionForm, typed
from lead_system.domain.places import Position, find_position, read_position
from lead_system.models import Plot, Project
from lead_system.queries.matching import find_row_number
from lead_system.services.plots import PlotFacts
from lead_system.services.project import ProjectFacts, split_tags
from lead_system.web.forms import RequestForm

BETWEEN_TAGS = "、"
"""What parts tags where they are shown to be changed."""

_TEXT_HINT = _l("Without the editor, an empty line begins a new paragraph.")


def _text(label: Any) -> TextAreaField:
    return TextAreaField(label, description=_TEXT_HINT, render_kw={"rows": 12})


class TaggedForm(VersionForm):
    """A form with tags, which are typed with commas between them."""

    tags = StringField(
        _l("Tags"),
        description=_l("At most 8 of at most 12 characters each, with a comma between them."),
        render_kw={"autocomplete": "off", "data-tags": ""},
    )

    def tags_typed(self) -> tuple[str, ...]:
        """Return the tags, each by itself."""
        return split_tags(self.tags.data or "")


class ProjectForm(TaggedForm):
    """The project page (manual 6.3.j-3 to 6.3.j-7, 6.3.j-11)."""

    SHOWS_NUMBERS = frozenset(
        {"address", "introduction", "contact_name", "contact_phone", "latitude", "longitude", "pasted"}
    )

    name = StringField(_l("Project name"), render_kw={"maxlength": 60, "required": True})
    address = StringField(_l("Project address"), render_kw={"maxlength": 120})
    introduction = _text(_l("Illustrated introduction"))
    contact_name = StringField(_l("Contact"), render_kw={"maxlength": 30})
    contact_phone = StringField(_l("Contact's phone"), render_kw={"maxlength": 20, "inputmode": "tel"})
    latitude = StringField(_l("Latitude"), render_kw={"inputmode": "decimal", "autocomplete": "off"})
    longitude = StringField(_l("Longitude"), render_kw={"inputmode": "decimal", "autocomplete": "off"})
    pasted = StringField(
        _l("Or paste coordinates or a map link"),
        description=_l("Such as 39.908722, 116.397499. What is pasted here replaces both fields above."),
        render_kw={"autocomplete": "off"},
    )

    def fill(self, project: Project) -> None:
        """Show what the project page says now."""
        for name in ("name", "address", "introduction", "contact_name", "contact_phone", "version"):
            self[name].data = getattr(project, name)
        self.tags.data = BETWEEN_TAGS.join(project.tags)
        if project.position is not None:
            self.latitude.data = f"{project.position.latitude:f}"
            self.longitude.data = f"{project.position.longitude:f}"

    def position(self) -> Position | None:
        """Return the position that was typed or, if something was pasted, the one in that.

        Raises:
            Refused: POSITION_WRONG or POSITION_NOT_FOUND, with its field.
        """
        if typed(self.pasted.data):
            return find_position(self.pasted.data or "")
        return read_position(self.latitude.data or "", self.longitude.data or "")

    def facts(self, position: Position | None) -> ProjectFacts:
        """Return what was typed, with the position that was read from it."""
        return ProjectFacts(
            name=self.name.data or "",
            address=self.address.data or "",
            introduction=self.introduction.data or "",
            tags=self.tags_typed(),
            contact_name=self.contact_name.data or "",
            contact_phone=self.contact_phone.data or "",
            position=position,
        )


class PlotForm(TaggedForm):
    """A plot (manual 6.3.j-8 to 6.3.j-10)."""

    SHOWS_NUMBERS = frozenset({"text"})

    number = StringField(_l("Plot number"), render_kw={"maxlength": 30, "required": True})
    text = _text(_l("Illustrated text"))
    place = StringField(
        _l("Place in the list"),
        description=_l("Plots stand on the phone in the order of these numbers."),
        render_kw={"inputmode": "numeric", "maxlength": 4, "required": True},
    )

    def fill(self, plot: Plot) -> None:
        """Show what the plot says now."""
        for name in ("number", "text", "version"):
            self[name].data = getattr(plot, name)
        self.place.data = str(plot.place)
        self.tags.data = BETWEEN_TAGS.join(plot.tags)

    def facts(self) -> PlotFacts:
        """Return what was typed; a place that is no number counts as 0, which the service refuses."""
        return PlotFacts(
            number=self.number.data or "",
            tags=self.tags_typed(),
            text=self.text.data or "",
            place=find_row_number(self.place.data or "") or 0,
        )


class IllustrationForm(RequestForm):
    """A picture that the editor sends."""

    picture = FileField(_l("Picture"))

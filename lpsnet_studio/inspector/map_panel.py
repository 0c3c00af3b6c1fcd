"""What panels of maps have in common: they look only while they are shown, and once for many changes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.vocabulary import Kept, Sight
from lpsnet_studio.inspector.map_pictures import fitted, map_picture
from lpsnet_studio.inspector.map_tiles import MapTile
from lpsnet_studio.inspector.map_words import grid_words
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme

__all__ = ["Foot", "MapPanel", "ScrolledPage"]

_SOON_MILLISECONDS = 30
_NOT_TO_BE_HAD, _NOT_SAVED = "not to be had", "not saved"


class ScrolledPage(QScrollArea):
    """A page that is scrolled down where it does not fit, and never sideways.

    Args:
        page: what is shown.
    """

    def __init__(self, page: QWidget) -> None:
        super().__init__()
        self.setWidget(page)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # A click leaves the focus, and so the keys, where they were; Tab comes here.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def minimumSizeHint(self) -> QSize:
        """Returns a size that cuts nothing off at the right."""
        width = self.widget().minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, 40)


class Foot(ScrolledPage):
    """A page that stays in sight below another, as high as what it shows, and scrolled only where that has no room.

    Args:
        page: what is shown.
    """

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        """Returns the height of its page at the width that there is."""
        page, width = self.widget(), self.viewport().width()
        height = page.heightForWidth(width) if page.hasHeightForWidth() else page.sizeHint().height()
        return QSize(super().sizeHint().width(), height)

    def event(self, event: QEvent) -> bool:
        """Becomes as high as its page after that has changed."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Becomes as high as its page at another width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


class MapPanel(QWidget):
    """A panel whose maps lie over the image.

    A map stays over the image when the panel is hidden: it belongs to the examination, and who chose it takes it away.

    Args:
        session: what is open.
        examination: what is looked at beyond the result.
        theme: gives colours and icons.
    """

    def __init__(self, session: Session, examination: Examination, theme: Theme) -> None:
        super().__init__()
        self._session, self._examination, self._theme = session, examination, theme
        self._drawn: dict[MapTile, tuple[object, ...]] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MILLISECONDS)
        self._soon.timeout.connect(self._refresh_if_visible)
        for signal in (
            session.picture_changed,
            session.result_changed,
            session.model_changed,
            session.view_changed,
            examination.maps_changed,
            examination.shown_changed,
        ):
            signal.connect(self.refresh_soon)
        session.picture_changed.connect(self.let_go)
        theme.changed.connect(self.refresh_soon)

    def refresh_soon(self) -> None:
        """Shows what is new after all of it has come; does nothing while the panel is hidden."""
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def let_go(self) -> None:
        """Holds on to nothing of a picture that was left, shown or not."""
        self._drawn.clear()

    def showEvent(self, event: QShowEvent) -> None:
        """Shows what came while the panel was hidden."""
        super().showEvent(event)
        self.refresh()

    def _refresh_if_visible(self) -> None:
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Shows what is known now, and asks for what is not."""
        raise NotImplementedError

    # ----------------------------------------------------------------------------------------------------------- tiles

    def choose(self, sight: Sight) -> None:
        """Lays a map over the image and shows the layer that it lies in; takes away the one that lies there already."""
        is_hidden = not self._session.view.layer("heat").visible
        if is_hidden:
            self._session.change_layer("heat", visible=True)
        self._examination.show(None if sight == self._examination.shown and not is_hidden else sight)
        self.refresh_soon()

    @property
    def _image_size(self) -> tuple[int, int] | None:
        """``(H, W)`` of the image; None if none is open."""
        picture = self._session.picture
        return None if picture is None else (picture.pixels.shape[0], picture.pixels.shape[1])

    @property
    def _kept(self) -> Kept | None:
        """What is known of the saved inspection that is open; None if none is."""
        picture = self._session.picture
        return None if picture is None else picture.kept

    def _show_tiles(self, tiles: Sequence[MapTile], sights: Sequence[Sight]) -> None:
        """Shows what is here of maps, and which of them lies over the image."""
        image = self._image_size
        for tile, sight in zip(tiles, sights, strict=True):
            tile.setEnabled(image is not None and self._session.result is not None)
            tile.setChecked(sight == self._examination.shown)
            if image is not None:
                tile.set_proportion(image[0] / image[1])
            self._draw(tile, sight, image)

    def _draw(self, tile: MapTile, sight: Sight, image: tuple[int, int] | None) -> None:
        heat, picture = self._examination.map_of(sight), self._session.picture
        scale = self._examination.scale_of(sight)
        key = (heat, scale, image, tile.room())
        if self._drawn.get(tile) == key:
            return
        self._drawn[tile] = key
        if heat is None or image is None or picture is None:
            tile.set_picture(None)
            return
        classes = picture.categories if sight.kind == "next_best" else None
        tile.set_picture(map_picture(heat, scale, image, fitted(image, tile.room()), classes))

    def _state_of(self, sight: Sight) -> str:
        """Returns what stands on a tile in place of a picture."""
        if self._examination.map_of(sight) is not None:
            return ""
        if self._examination.problem_of(sight):
            return _NOT_TO_BE_HAD if self._kept is None else _NOT_SAVED
        return "…" if self._examination.is_asked(sight) else ""

    def _more_of(self, sight: Sight) -> str:
        """Returns what the tool tip of a tile says beside its name."""
        heat = self._examination.map_of(sight)
        return self._examination.problem_of(sight) or ("" if heat is None else f"{grid_words(heat)}.")

"""Shortcuts act by the place of their key where the keyboard has no Latin letters, and nobody is kept from typing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.keyboard import is_latin, latin_key
from lpsnet_studio.session import Session
from tests.studio.hand_made import entries

NONE, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def pressed(letter: str, place: int, modifiers: Any = NONE, *, virtual: int = 0, repeat: bool = False) -> QKeyEvent:
    """A key press as a system sends it: Qt's key is the capital letter, the place the scan code."""
    return QKeyEvent(QEvent.Type.KeyPress, ord(letter.upper()), modifiers, place, virtual, 0, letter, repeat)


def test_places_are_those_of_a_us_keyboard() -> None:
    linux = {10: "1", 19: "0", 24: "Q", 33: "P", 38: "A", 46: "L", 52: "Z", 58: "M", 59: ",", 60: ".", 61: "/"}
    for code, sign in linux.items():
        assert latin_key(pressed("ф", code), "linux") == Qt.Key(ord(sign))
        assert latin_key(pressed("ф", code - 8), "win32") == Qt.Key(ord(sign))
    mac = {0: "A", 2: "D", 3: "F", 4: "H", 5: "G", 40: "K", 43: ",", 47: ".", 18: "1", 31: "O", 46: "M", 50: "`"}
    for code, sign in mac.items():
        assert latin_key(pressed("ф", 0, virtual=code), "darwin") == Qt.Key(ord(sign))
    assert latin_key(pressed("ф", 0, virtual=10), "darwin") is None
    assert latin_key(pressed("ф", 0), "linux") is None
    assert latin_key(pressed("ф", 0, virtual=200), "darwin") is None


def test_every_key_of_the_table_has_a_place() -> None:
    keys = {key[-1] for entry in ACTIONS for key in entry.keys if key[-2:-1] in ("", "+")}
    signs = {chr(latin_key(pressed("ф", code), "linux") or 0) for code in range(8, 70)}
    assert keys - signs <= {"+"}, "plus is = with Shift, which has a key of its own"


@pytest.mark.parametrize("letter", ["a", "é", "ß", "ő", "ẽ", "1", ",", "ı"])
def test_latin_letters_are_left_alone(letter: str) -> None:
    assert is_latin(ord(letter))


@pytest.mark.parametrize("letter", ["ф", "α", "ש", "ش", "،", "ქ", "ա", "ฟ", "क"])
def test_letters_of_other_scripts_are_not_latin(letter: str) -> None:
    assert not is_latin(ord(letter))
    assert is_latin(int(Qt.Key.Key_F1))
    assert is_latin(int(Qt.Key.Key_Left))


@pytest.fixture
def keyed(window: Any, session: Session, qtbot: Any) -> Any:
    session.set_entries(entries())
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.waitUntil(window.canvas.hasFocus)
    return window


def send(window: Any, event: QKeyEvent) -> None:
    QCoreApplication.sendEvent(window.windowHandle(), event)


@pytest.mark.parametrize("letter", ["в", "δ", "ג", "ي"])
def test_the_place_of_d_opens_the_next_image(keyed: Any, session: Session, letter: str) -> None:
    send(keyed, pressed(letter, 40))
    assert session.index == 1


def test_commands_act_too_and_what_cannot_act_does_not(keyed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    keyed.actions_by_id["open_image"].triggered.disconnect()
    keyed.actions_by_id["open_image"].triggered.connect(lambda: told.append("open"))
    send(keyed, pressed("щ", 32, CONTROL))
    assert told == ["open"]
    keyed.actions_by_id["open_image"].setEnabled(False)
    send(keyed, pressed("щ", 32, CONTROL))
    send(keyed, pressed("щ", 32))
    assert told == ["open"]


def test_nobody_is_kept_from_typing(keyed: Any, session: Session, qtbot: Any) -> None:
    editor = QLineEdit(keyed)
    editor.show()
    editor.setFocus()
    qtbot.waitUntil(editor.hasFocus)
    for letter, place in (("в", 40), ("ф", 38), ("Ш", 31)):
        send(keyed, pressed(letter, place, SHIFT if letter.isupper() else NONE))
    assert editor.text() == "вфШ"
    assert session.index == 0
    send(keyed, pressed("ф", 38, CONTROL))
    assert editor.selectedText() == "вфШ", "Ctrl and the place of A selects all"


_PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from lpsnet_studio.keyboard import ShortcutsByPlace
application = QApplication([])
window = QWidget()
window.setFocusPolicy(window.focusPolicy().StrongFocus)
window.setWindowTitle("keys by place")
for key in ("A", "Ctrl+O", ",", "1"):
    action = QAction(key, window)
    action.setShortcut(QKeySequence(key))
    action.triggered.connect(lambda _checked=False, key=key: print(key, flush=True))
    window.addAction(action)
by_place = ShortcutsByPlace(window)
window.show()
window.activateWindow()
window.setFocus()
QTimer.singleShot(5000, application.quit)
application.exec()
"""
_SCRIPT = """
setxkbmap -layout "$LAYOUT"
"$PYTHON" -c "$PROGRAM" &
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    sleep 0.3
    window=$(xdotool search --name "keys by place" | head -1) && [ -n "$window" ] && break
done
xdotool windowfocus "$window"
sleep 0.3
xdotool key 38 key 59 key 10
xdotool keydown 37 key 32 keyup 37
wait
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("xvfb-run", "xdotool", "setxkbmap")), reason="needs Xvfb and xdotool"
)
@pytest.mark.parametrize("layout", ["us", "ru", "gr", "il", "ara"])
def test_real_keys_of_a_real_window(layout: str) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb", "LAYOUT": layout}
    environment |= {"PYTHON": sys.executable, "PROGRAM": _PROGRAM}
    command = ["xvfb-run", "-a", "-s", "-noreset", "bash", "-c", _SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)
    assert done.stdout.split() == ["A", ",", "1", "Ctrl+O"], done.stderr

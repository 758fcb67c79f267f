"""People: the operating system's user is the identity."""

from __future__ import annotations

import os
import pwd
import sqlite3
from typing import Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import RefusedError

Role = Literal["viewer", "operator", "admin"]
RANK: dict[Role, int] = {"viewer": 0, "operator": 1, "admin": 2}


class User(msgspec.Struct, frozen=True):
    """Somebody who works in this workspace."""

    uid: int
    name: str
    role: Role

    def must_be(self, role: Role, what: str) -> None:
        """Raise RefusedError, naming the role that is needed for `what`, when this user has less."""
        if RANK[self.role] < RANK[role]:
            raise RefusedError(
                f"{what} needs the role {role}; {self.name} is {self.role}.",
                hint="Ask an admin of this workspace.",
                code="role",
            )


def os_identity() -> tuple[int, str]:
    """(uid, login name) of the process, from the password database and never from the environment."""
    uid = os.getuid()
    try:
        return uid, pwd.getpwuid(uid).pw_name
    except KeyError:
        return uid, f"uid{uid}"


def sign_in(db: sqlite3.Connection, uid: int, name: str) -> User:
    """The user with `uid`, entered on first sight: the very first one is admin, later ones operators."""
    row = db.execute("SELECT uid, name, role FROM user WHERE uid = ?", (uid,)).fetchone()
    if row is None:
        role = "operator" if db.execute("SELECT 1 FROM user").fetchone() else "admin"
        db.execute("INSERT INTO user VALUES (?, ?, ?, ?)", (uid, name, role, utc_now()))
        return User(uid, name, role)  # type: ignore[arg-type]
    return User(row["uid"], row["name"], row["role"])


def find(db: sqlite3.Connection, uid: int) -> User | None:
    """The user with `uid`, or None when never seen here."""
    row = db.execute("SELECT uid, name, role FROM user WHERE uid = ?", (uid,)).fetchone()
    return User(row["uid"], row["name"], row["role"]) if row else None


def set_role(db: sqlite3.Connection, uid: int, role: Role) -> None:
    """Give the user another role."""
    db.execute("UPDATE user SET role = ? WHERE uid = ?", (role, uid))


def names(db: sqlite3.Connection) -> dict[int, str]:
    """{uid: name} of everybody who was ever here."""
    return {int(row[0]): str(row[1]) for row in db.execute("SELECT uid, name FROM user ORDER BY uid")}


def admins(db: sqlite3.Connection) -> list[str]:
    """The names of those who have the role admin, in the order of their names."""
    return [str(row[0]) for row in db.execute("SELECT name FROM user WHERE role = 'admin' ORDER BY name")]

"""Schema migrations, shipped in the wheel. They need no alembic.ini: :class:`Migrations` is the whole interface."""

from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

HERE = Path(__file__).parent


class Migrations:
    """The revisions in a folder; ours unless a test gives others."""

    def __init__(self, versions: Path = HERE / "versions") -> None:
        self._output = StringIO()
        self._config = Config(output_buffer=self._output)
        self._config.set_main_option("script_location", str(HERE))
        self._config.set_main_option("version_locations", str(versions))
        self._config.set_main_option("path_separator", "newline")
        self._scripts = ScriptDirectory.from_config(self._config)

    @property
    def head(self) -> str:
        """The newest revision."""
        head = self._scripts.get_current_head()
        if head is None:
            raise LookupError("there are no revisions")
        return head

    @property
    def revisions(self) -> list[str]:
        """All revisions, oldest first."""
        return [script.revision for script in self._scripts.walk_revisions()][::-1]

    def knows(self, revision: str) -> bool:
        """Whether a database of this revision can be upgraded."""
        try:
            self._scripts.get_revision(revision)
        except CommandError:
            return False
        return True

    def revision(self, connection: Connection) -> str | None:
        """Of which revision a database is; None for an empty one."""
        return MigrationContext.configure(connection).get_current_revision()

    def upgrade(self, connection: Connection, to: str = "head") -> None:
        """Run the missing revisions within the transaction of this connection; the caller commits."""
        self._config.attributes["connection"] = connection
        try:
            command.upgrade(self._config, to)
        finally:
            del self._config.attributes["connection"]

    def sql(self, dialect: str) -> str:
        """All revisions as a script for a database (``sqlite``, ``postgresql``), for administrators and tests."""
        self._config.attributes["dialect"] = dialect
        self._output.seek(0)
        self._output.truncate()
        command.upgrade(self._config, "head", sql=True)
        return self._output.getvalue()

"""Write ``store/sqlite.sql``, what makes the tables of a new newspaper, from ``store/schema.py``."""

from __future__ import annotations

from pathlib import Path

from broadsheet.store import schema


def main() -> None:
    place = Path(schema.__file__).with_name("sqlite.sql")
    place.write_text("\n\n".join(schema.statements()) + "\n", "utf-8")


if __name__ == "__main__":
    main()

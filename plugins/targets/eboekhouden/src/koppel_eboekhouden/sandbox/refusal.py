"""How the vendor says no: with a code, a title in some language, and an `errors` field of varying shape [6.1]."""

from typing import Any


class Refusal(Exception):
    """A request that is refused. ``code`` as in the vendor's list, ``field`` with dots."""

    def __init__(self, code: str, title: str = "", field: str = "", status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.title = title or code
        self.field = field
        self.status = status

    def body(self, shape: str, codes: str) -> dict[str, Any]:
        """The error body; ``shape`` of `errors`: list, object, null or missing; ``codes``: missing leaves them out."""
        told: dict[str, Any] = {
            "type": "security" if self.code.startswith("SECURITY") else "validation",
            "title": self.title,
            "message": self.title,
            "status": self.status,
            "traceId": "SANDBOX-000001",
        }
        if codes != "missing":
            told["code"] = self.code
        if self.field:
            told["propertyName"] = self.field
        if self.code.startswith("SECURITY"):
            told["securityType"] = 0
        shapes: dict[str, Any] = {"list": [], "object": {self.field or "request": [self.title]}, "null": None}
        if shape in shapes:
            told["errors"] = shapes[shape]
        return told


def limit(body: dict[str, Any], lengths: dict[str, tuple[int, str]]) -> None:
    """Refuse texts that are too long: field -> longest, code."""
    for name, (longest, code) in lengths.items():
        value = body.get(name)
        if isinstance(value, str) and len(value) > longest:
            raise Refusal(code, f"{name} is te lang.", name)

"""SOAP 1.1 envelopes, made and read by hand. Whatever comes in: no document type, no entities, no network."""

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from lxml import etree
from msgspec import Struct

from koppel_eboekhouden import tables

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
Element = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - lxml has no public name for it
_NS = f"{{{tables.SOAP_NAMESPACE}}}"

Field = tuple[str, "str | Sequence[Field]"]
"""An element: its name, and its text or its children. In the WSDL's order."""


class Unreadable(Exception):
    """What came is no answer to the operation."""


class Failure(Struct, frozen=True):
    """An error as the service tells it: codes are documented nowhere [6.3]."""

    code: str
    description: str


def envelope(operation: str, fields: Sequence[Field]) -> bytes:
    """The request. Texts lose the control characters that XML cannot hold."""
    root = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"soap": ENVELOPE, "eb": tables.SOAP_NAMESPACE})
    body = etree.SubElement(root, f"{{{ENVELOPE}}}Body")
    _fill(etree.SubElement(body, f"{_NS}{operation}"), fields)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _fill(parent: Element, fields: Sequence[Field]) -> None:
    for name, content in fields:
        child = etree.SubElement(parent, _NS + name)
        if isinstance(content, str):
            child.text = "".join(sign for sign in content if sign.isprintable() or sign in "\n\t")
        else:
            _fill(child, content)


def parse(content: bytes) -> Element:
    """The document's root. Raises Unreadable for what is no XML, and for XML with a document type."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("no XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("XML with a document type")
    return root


def result(content: bytes, operation: str) -> "Node":
    """The result of an operation."""
    for found in parse(content).iter(f"{_NS}{operation}Result"):
        return Node(found)
    raise Unreadable(f"no {operation}Result")


def fault_code(content: bytes) -> str:
    """The fault's code without its prefix: `Client`, `Server`; empty if it is no fault."""
    try:
        root = parse(content)
    except Unreadable:
        return ""
    for found in root.iter("faultcode", "{http://www.w3.org/2003/05/soap-envelope}Value"):
        return (found.text or "").rpartition(":")[2].strip()
    return ""


class Node:
    """An element of an answer, whose children may be missing, empty or nil."""

    def __init__(self, element: Element) -> None:
        self._element = element

    def text(self, name: str) -> str:
        """The text of a child, stripped; empty if there is none."""
        return (self._element.findtext(_NS + name) or "").strip()

    def number(self, name: str) -> int:
        """A whole number; 0 if there is none."""
        text = self.text(name)
        return int(text) if text.isdecimal() else 0

    def amount(self, name: str) -> Decimal | None:
        """An amount, exact; None if there is none."""
        try:
            found = Decimal(self.text(name))
        except InvalidOperation:
            return None
        return found if found.is_finite() else None

    def all(self, holder: str, name: str) -> "Iterator[Node]":
        """The elements of a list."""
        for found in self._element.iterfind(f"{_NS}{holder}/{_NS}{name}"):
            yield Node(found)

    def nodes(self, name: str) -> "Iterator[Node]":
        """The children of a name."""
        for found in self._element.iterfind(_NS + name):
            yield Node(found)

    def failure(self) -> Failure | None:
        """What the service complains of: absent, nil and empty mean success."""
        for told in self.nodes("ErrorMsg"):
            code, description = told.text("LastErrorCode"), told.text("LastErrorDescription")
            if code or description:
                return Failure(code, description)
        return None

"""Element names: which vocabulary an element is of, whatever prefix, capitals or slash its address is written with."""

from __future__ import annotations

from functools import lru_cache

XML = "{http://www.w3.org/XML/1998/namespace}"
BASE = XML + "base"
LANG = XML + "lang"
XHTML = "http://www.w3.org/1999/xhtml"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ORIGINAL_LINK = "feedburner:origLink"
"""The element that has the address of an entry whose link leads there by way of Feedburner."""

# Vocabularies whose elements are the feed's own: they have no prefix in our keys.
_CORE = (
    "http://backend.userland.com/rss",
    "http://blogs.law.harvard.edu/tech/rss",
    "http://cyber.law.harvard.edu/rss/rss.html",
    "http://purl.org/net/rss1.1#",
    "http://purl.org/rss/1.0/",
    "http://purl.org/rss/1.0/modules/rss091#",
    "http://channel.netscape.com/rdf/simple/0.9/",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://my.netscape.com/publish/formats/rss-0.91.dtd",
    "http://example.com/newformat#",
    "http://example.com/necho",
    "http://purl.org/echo/",
    "uri/of/echo/namespace#",
    "http://purl.org/pie/",
    "http://purl.org/atom/ns#",
    "http://www.w3.org/2005/atom",
    "http://purl.org/atom/app#",
)

_MODULES = {
    "http://webns.net/mvcb/": "admin",
    "http://purl.org/rss/1.0/modules/aggregation/": "ag",
    "http://purl.org/rss/1.0/modules/annotate/": "annotate",
    "http://backend.userland.com/blogchannelmodule": "blogChannel",
    "http://creativecommons.org/ns#": "cc",
    "http://creativecommons.org/ns#license": "cc",
    "http://web.resource.org/cc/": "cc",
    "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativeCommons",
    "http://backend.userland.com/creativecommonsrssmodule": "creativeCommons",
    "http://purl.org/rss/1.0/modules/company": "co",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://my.theinfo.org/changed/1.0/rss/": "cp",
    "http://purl.org/dc/elements/1.0/": "dc",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://dublincore.org/documents/dcmi-namespace/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://purl.org/rss/1.0/modules/email/": "email",
    "http://purl.org/rss/1.0/modules/event/": "ev",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://purl.org/syndication/history/1.0": "fh",
    "http://xmlns.com/foaf/0.1/": "foaf",
    "http://schemas.google.com/g/2005": "gd",
    "http://base.google.com/ns/1.0": "g",
    "http://www.google.com/schemas/play-podcasts/1.0": "googleplay",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://www.georss.org/georss": "georss",
    "http://www.opengis.net/gml": "gml",
    "http://purl.org/rss/1.0/modules/image/": "image",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://purl.org/rss/1.0/modules/link/": "l",
    "http://search.yahoo.com/mrss": "media",
    "http://tools.search.yahoo.com/mrss/": "media",
    "http://video.search.yahoo.com/mrss": "media",
    "http://a9.com/-/spec/opensearch/1.1/": "opensearch",
    "http://madskills.com/public/xml/rss/module/pingback/": "pingback",
    "https://podcastindex.org/namespace/1.0": "podcast",
    "https://github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "http://prismstandard.org/namespaces/1.2/basic/": "prism",
    "http://prismstandard.org/namespaces/basic/2.0/": "prism",
    "http://podlove.org/simple-chapters": "psc",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
    "http://purl.org/rss/1.0/modules/reference/": "ref",
    "http://purl.org/rss/1.0/modules/slash/": "slash",
    "http://source.scripting.com/": "source",
    "http://purl.org/rss/1.0/modules/subscription/": "sub",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://purl.org/rss/1.0/modules/taxonomy/": "taxo",
    "http://purl.org/syndication/thread/1.0": "thr",
    "http://purl.org/rss/1.0/modules/textinput/": "ti",
    "http://madskills.com/public/xml/rss/module/trackback/": "trackback",
    "http://wellformedweb.org/commentapi/": "wfw",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/xml/1998/namespace": "xml",
    "http://www.youtube.com/xml/schemas/2015": "yt",
}


def _normal(uri: str) -> str:
    return uri.strip().lower().rstrip("/#").removeprefix("http://").removeprefix("https://")


_PREFIX_OF = {_normal(uri): prefix for uri, prefix in _MODULES.items()} | {_normal(uri): "" for uri in _CORE}
KNOWN_PREFIXES = {prefix.lower(): uri for uri, prefix in reversed(_MODULES.items())}
KNOWN_PREFIXES["atom"] = "http://www.w3.org/2005/Atom"
_CANONICAL = {prefix.lower(): prefix for prefix in _MODULES.values()} | {"atom": "", "rss": "", "a10": ""}


def prefix_of(uri: str, given: str = "") -> str:
    """Return the canonical prefix of a vocabulary (``""`` for the feed's own), or the one that the document gives."""
    normal = _normal(uri)
    known = _PREFIX_OF.get(normal)
    if known is not None:
        return known
    if normal.startswith("backend.userland.com/rss"):
        return ""
    return given or normal.split("/")[0].removeprefix("www.").replace(":", "-")[:40]


@lru_cache(maxsize=4_096)
def split(tag: str, prefix: str | None, root_uri: str) -> tuple[str, str]:
    """Return (canonical prefix, local name) of an element; an unknown namespace of the root is the feed's own."""
    if tag[:1] == "{":
        uri, _, local = tag[1:].rpartition("}")
        found = prefix_of(uri, prefix or "")
        if uri == root_uri and found not in _CANONICAL:
            found = ""
    else:
        found, local = "", tag
    if ":" in local:
        # A prefix that nobody declared: libxml2 leaves it in the name.
        given, _, local = local.partition(":")
        found = _CANONICAL.get(given.lower(), given)
    return found, local

"""URLs of streams: which are taken, and how they are shown without what is secret in them."""

import base64
from collections.abc import Iterator, Mapping
import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ..errors import InvalidSourceError

# What ffmpeg may open for a URL of each scheme, itself included. Without the list a playlist that a server sends could
# make ffmpeg read local files.
_WEB = "http,https,tcp,tls,crypto,httpproxy"
_RTSP = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,crypto"
PROTOCOLS: Mapping[str, str] = {
    "http": _WEB,
    "https": _WEB,
    "rtsp": _RTSP,
    "rtsps": _RTSP,
    "rtmp": "rtmp,rtmpt,tcp,http",
    "rtp": "rtp,udp",
    "udp": "udp,rtp",
    "tcp": "tcp",
    "srt": "srt",
}

_LONGEST = 2_048

# Shorter ones would be found in the midst of words, and their holes would show them.
_SHORTEST_SECRET = 3

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]*")


def check_url(url: str) -> str:
    """Return a stream's URL as it may be shown: without user name, password and query.

    Raises:
        InvalidSourceError: its scheme is not one of PROTOCOLS, it has no host, or it asks ffmpeg for more than to
            open it.
    """
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        raise InvalidSourceError(
            "the URL must not hold spaces or control characters: encode a space as %20"
        )
    if len(url) > _LONGEST:
        raise InvalidSourceError(f"the URL is longer than {_LONGEST} characters")
    try:
        parts = urlsplit(url)
        # Looking at the port is what checks it.
        _ = parts.port
    except ValueError:
        # Its own message holds a part of the URL, which may be the password.
        raise InvalidSourceError(
            "the URL cannot be read: check its host and port, and encode / ? # @ in a"
            " password as %2F %3F %23 %40"
        ) from None
    if parts.scheme not in PROTOCOLS:
        raise InvalidSourceError(
            f"the URL must start with one of {', '.join(f'{scheme}://' for scheme in PROTOCOLS)}"
        )
    if not parts.hostname and parts.scheme not in ("udp", "rtp"):
        raise InvalidSourceError(
            f"the URL has no host: {parts.scheme}://<host>/<path> is what is asked for"
        )
    # Either would open a port of this machine; ffmpeg looks for options behind a # as well.
    if parts.scheme == "tcp" and "?" in url:
        raise InvalidSourceError(
            "a tcp:// URL takes no options: leave out what ? begins"
        )
    if parts.scheme == "srt" and re.search(r"[?&]mode=(?!caller(&|#|$))", url):
        raise InvalidSourceError(
            "an srt:// URL is called, never listened at: leave out mode="
        )
    return show_url(url)


def with_plain_scheme(url: str) -> str:
    """Return a URL with its scheme in lower case, and everything else as it is."""
    scheme, colon, rest = url.partition(":")
    return f"{scheme.lower()}{colon}{rest}"


def show_url(url: str) -> str:
    """Return a URL without user name, password, query, and what looks like them in its path."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f"{url.partition('://')[0]}://***"
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":
        # Perhaps a password with a slash in it: then what looks like the host is a part of it.
        return f"{parts.scheme}://***"
    # Some cameras take user=...&password=... as a path.
    path = re.sub(r"[^/]*[=&][^/]*", "***", parts.path)
    return "".join(
        [
            f"{parts.scheme}://",
            "***@" if "@" in parts.netloc else "",
            f"[{host}]" if ":" in host else host,
            f":{port}" if port is not None else "",
            path,
            "?***" if parts.query else "",
        ]
    )


def redact(text: str, url: str) -> str:
    """Return a text without the secrets of a URL, however they are encoded in it, and with every URL as `show_url` does."""
    for secret in sorted(set(_secrets(url)), key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return _URL.sub(lambda match: show_url(match[0]), text)


def _secrets(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    userinfo = parts.netloc.rpartition("@")[0]
    plain = [unquote(userinfo), unquote(parts.password or "")]
    plain += [value for _, value in parse_qsl(parts.query)]
    # What HTTP's and RTSP's Basic authentication sends.
    yield base64.b64encode(unquote(userinfo).encode()).decode()
    yield from (userinfo, parts.password or "", parts.query)
    for secret in plain:
        yield from (secret, quote(secret, safe=""), quote(secret))

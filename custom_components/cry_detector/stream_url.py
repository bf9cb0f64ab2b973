"""The parts of a stream's URL that say who asks for it, and what is left without them."""

from urllib.parse import quote, unquote, urlsplit, urlunsplit

# What ffmpeg takes where a URL names none.
_DEFAULT_PORTS = {"http": 80, "https": 443, "rtmp": 1935, "rtsp": 554, "rtsps": 322}


def user_of(url: str) -> str:
    """Return the user name in a URL, maybe empty."""
    return unquote(urlsplit(url).username or "")


def with_credentials(url: str, user: str, password: str) -> str:
    """Return a URL with another user name and password, either of which may be empty."""
    credentials = ""
    if user or password:
        credentials = quote(user, safe="")
        if password:
            credentials += f":{quote(password, safe='')}"
        credentials += "@"
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{credentials}{host}"))


def without_credentials(url: str) -> str:
    """Return a URL as it is the same for everyone who may listen to it."""
    parts = urlsplit(with_credentials(url, "", ""))
    host = parts.netloc.lower()
    if port := _DEFAULT_PORTS.get(parts.scheme):
        host = host.removesuffix(f":{port}")
    return urlunsplit(parts._replace(netloc=host, path=parts.path or "/"))

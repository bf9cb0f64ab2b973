# shellcheck shell=bash
# uv makes the environments and installs into them. Sets UV.

UV=""

# Where the system has certificates, a company's own among them, those are the ones
# to trust; uv brings others. (The second name is that of uv's older versions.)
if [ -e /etc/ssl/certs/ca-certificates.crt ] || [ -e /etc/pki/tls/certs/ca-bundle.crt ]; then
  export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} UV_NATIVE_TLS=${UV_NATIVE_TLS:-true}
fi

find_uv() {
  if have uv; then
    UV=$(command -v uv)
  elif [ -x "$TOOLS/uv/bin/uv" ]; then
    UV=$TOOLS/uv/bin/uv
  else
    return 1
  fi
}

uv_by_venv() {
  rm -rf "$TOOLS/uv"
  python3 -m venv "$TOOLS/uv" &&
    "$TOOLS/uv/bin/python" -m pip install --quiet --disable-pip-version-check uv
}

uv_by_pip() {
  rm -rf "$TOOLS/uv"
  python3 -m pip install --quiet --disable-pip-version-check --target "$TOOLS/uv" uv
}

ensure_uv() {
  find_uv && return 0
  have python3 || die "Neither uv nor python3 is here. Install either one:
  Debian, Ubuntu:  apt-get install python3 python3-venv
  any system:      https://docs.astral.sh/uv/getting-started/installation/"
  mkdir -p "$TOOLS"
  attempt "Getting uv into an environment of its own" uv_by_venv ||
    step "Getting uv by pip" uv_by_pip ||
    die "uv could not be had. python3 has neither venv nor pip, or the package index is
out of reach. On Debian and Ubuntu, apt-get install python3-venv; or install uv
yourself: https://docs.astral.sh/uv/getting-started/installation/"
  find_uv || die "pip installed uv, but $TOOLS/uv/bin/uv is not there."
}

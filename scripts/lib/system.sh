# shellcheck shell=bash
# ffmpeg, which decodes every source but a directly read microphone.

install_by_apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@" ||
    { as_root apt-get update &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"; }
}

# Without root: the static build that is published as a Python package.
ffmpeg_by_package_index() {
  rm -rf "$TOOLS/ffmpeg" && mkdir -p "$TOOLS/bin" &&
    "$UV" pip install --quiet --python "$1" --target "$TOOLS/ffmpeg" imageio-ffmpeg || return 1
  local binary
  binary=$(find "$TOOLS/ffmpeg/imageio_ffmpeg/binaries" -name 'ffmpeg-*' -type f | head -n 1)
  [ -n "$binary" ] && ln -sf "$binary" "$TOOLS/bin/ffmpeg" && "$TOOLS/bin/ffmpeg" -version
}

# Usage: ensure_ffmpeg PYTHON
ensure_ffmpeg() {
  have ffmpeg && return 0
  if have apt-get && is_root_or_may_sudo; then
    attempt "Installing ffmpeg by apt" install_by_apt ffmpeg && return 0
  fi
  ensure_uv
  attempt "Getting a static ffmpeg" ffmpeg_by_package_index "$1" && return 0
  die "ffmpeg is needed and could not be installed. Install it by the system's packages
(Debian, Ubuntu: apt-get install ffmpeg; Fedora: dnf install ffmpeg; macOS: brew
install ffmpeg) and run this again."
}

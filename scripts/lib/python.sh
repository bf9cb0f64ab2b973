# shellcheck shell=bash
# Finds or gets the Python that an environment needs. Sets PYTHON.

HOME_ASSISTANT_PYTHON='>=3.14.2'
ENGINE_PYTHON='3.12'
PYTHON=""

# Pythons that uv fetches stay in this checkout.
export UV_PYTHON_INSTALL_DIR=$ROOT/.python/managed

# Usage: find_python REQUEST  (uv's way to say a version, such as '>=3.14.2')
find_python() {
  local found
  found=$("$UV" python find --quiet --no-project --system --no-python-downloads "$1" 2>/dev/null) ||
    return 1
  "$found" -c 'import sys' 2>/dev/null || return 1
  PYTHON=$found
}

# pyenv's shims hide all but the chosen version: look behind them.
find_pyenv_python() {
  local root candidate
  while read -r root; do
    for candidate in "$root/versions/$1".*/bin/python3; do
      [ -x "$candidate" ] && PYTHON=$candidate && return 0
    done
  done < <(pyenv_roots)
  return 1
}

pyenv_roots() {
  printf '%s\n' "${PYENV_ROOT:-$HOME/.pyenv}"
  tr : '\n' <<<"$PATH" | sed -n 's|/shims/*$||p'
}

# Limited in time: where downloads are blocked, a connection may just hang.
download_python() {
  UV_HTTP_TIMEOUT=30 UV_HTTP_RETRIES=0 timeout 300 \
    "$UV" python install --no-bin "$1"
}

# Usage: ensure_python_for_home_assistant; sets PYTHON to one >= 3.14.2.
ensure_python_for_home_assistant() {
  find_python "$HOME_ASSISTANT_PYTHON" && return 0
  find_pyenv_python 3.14 && "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 14, 2))' &&
    return 0
  if is_debian_python_ready; then
    PYTHON=$DEBIAN_PYTHON
    return 0
  fi
  attempt "Downloading Python 3.14" download_python 3.14 &&
    find_python "$HOME_ASSISTANT_PYTHON" && return 0
  if has_debian_packages; then
    make_debian_python && PYTHON=$DEBIAN_PYTHON && return 0
  fi
  die "Home Assistant needs Python 3.14.2 or newer, and none could be had: none is
installed, uv could not download one, and this system has no Debian packages to
take it from. Install Python 3.14 and run this again."
}

# Usage: ensure_python_for_engine; sets PYTHON to 3.12, else to the next there is.
ensure_python_for_engine() {
  find_python "$ENGINE_PYTHON" && return 0
  find_pyenv_python "$ENGINE_PYTHON" && return 0
  attempt "Downloading Python $ENGINE_PYTHON" download_python "$ENGINE_PYTHON" &&
    find_python "$ENGINE_PYTHON" && return 0
  local newer
  for newer in 3.13 3.14; do
    if find_python "$newer" || find_pyenv_python "$newer"; then
      say "Python $ENGINE_PYTHON is not to be had; the engine is run by Python $newer instead."
      return 0
    fi
  done
  ensure_python_for_home_assistant
  say "Python $ENGINE_PYTHON is not to be had; the engine is run by Python 3.14 instead."
}

# Usage: ensure_python_for_training; TensorFlow has no wheel for 3.14, and the engine
# is not run by 3.11. A Python of the system's own comes before one that is fetched.
ensure_python_for_training() {
  local version
  for version in 3.13 3.12; do
    if find_python "$version" || find_pyenv_python "$version"; then return 0; fi
  done
  attempt "Downloading Python 3.13" download_python 3.13 &&
    find_python 3.13 && return 0
  die "TensorFlow needs Python 3.12 or 3.13, and neither could be had: none is installed,
and uv could not download one. Install one (Ubuntu 24.04: apt-get install python3;
Debian 13: the same; any system: uv python install 3.13) and run this again."
}

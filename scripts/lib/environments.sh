# shellcheck shell=bash
# The virtual environments of a checkout. Each holds a stamp of what it was made
# from, so that an environment that is up to date costs nothing.

# Usage: make_environment FOLDER PYTHON REQUIREMENTS
make_environment() {
  local folder=$1 python=$2 requirements=$3
  rm -rf "$folder"
  "$UV" venv --quiet --no-project --python "$python" "$folder" &&
    "$UV" pip install --python "$folder" --requirement "$requirements"
}

# The engine is importable as cry_engine from where it lies.
install_engine() {
  "$UV" pip install --python "$1" --no-deps --editable "$ROOT"
}

# Usage: ensure_environment FOLDER REQUIREMENTS WHAT FIND_ITS_PYTHON
ensure_environment() {
  local folder=$1 requirements=$2 what=$3 find_its_python=$4 stamp
  stamp=$(fingerprint "$requirements" -- "$ROOT")
  if ! is_stamped "$folder/.stamp" "$stamp" || ! "$folder/bin/python" -c '' 2>/dev/null; then
    ensure_uv
    "$find_its_python"
    step "$what" make_environment "$folder" "$PYTHON" "$requirements" ||
      die "The environment ${folder##*/} could not be made. If the package index was out of
reach, run this again when it is not; what was downloaded is kept."
    printf '%s\n' "$stamp" >"$folder/.stamp"
  fi
  stamp=$(packaging | fingerprint -)
  if ! is_stamped "$folder/.engine-stamp" "$stamp"; then
    ensure_uv
    step "Installing the engine into ${folder##*/}" install_engine "$folder" ||
      die "The engine could not be installed into ${folder##*/}."
    printf '%s\n' "$stamp" >"$folder/.engine-stamp"
  fi
}

# What pyproject.toml says about packaging; its tools' settings come after.
packaging() {
  sed '/^\[tool\.pytest/,$d' "$ROOT/pyproject.toml"
}

setup_tests() {
  ensure_environment "$ROOT/.venv" "$ROOT/requirements_test.txt" \
    "Making .venv (tests: Home Assistant 2026.10)" ensure_python_for_home_assistant
  ensure_pyalsaaudio
  ensure_ffmpeg "$ROOT/.venv/bin/python"
}

setup_demo() {
  ensure_environment "$ROOT/.venv-demo" "$ROOT/requirements_demo.txt" \
    "Making .venv-demo (Home Assistant 2026.11)" ensure_python_for_home_assistant
  ensure_ffmpeg "$ROOT/.venv-demo/bin/python"
}

setup_engine() {
  ensure_environment "$ROOT/.venv-engine" "$ROOT/requirements_engine.txt" \
    "Making .venv-engine (numpy and pytest)" ensure_python_for_engine
  ensure_ffmpeg "$ROOT/.venv-engine/bin/python"
}

setup_model() {
  ensure_environment "$ROOT/.venv-model" "$ROOT/requirements_model.txt" \
    "Making .venv-model (TensorFlow, some 2 GB)" ensure_python_for_training
  ensure_ffmpeg "$ROOT/.venv-model/bin/python"
}

# pyalsaaudio is source only, and everything works without: it is built where a
# compiler and ALSA's headers are, and left out, said so, where they are not.
ensure_pyalsaaudio() {
  local python=$ROOT/.venv/bin/python
  "$python" -c 'import alsaaudio' 2>/dev/null && return 0
  if ! have cc || [ ! -e /usr/include/alsa/asoundlib.h ]; then
    say "pyalsaaudio is left out: it needs a C compiler and ALSA's headers
(Debian, Ubuntu: apt-get install gcc libasound2-dev). Its tests are skipped."
    return 0
  fi
  ensure_uv
  attempt "Building pyalsaaudio" build_pyalsaaudio "$python" ||
    say "pyalsaaudio could not be built; its tests are skipped."
}

# A Python unpacked from Debian's packages looks for its headers under /usr.
build_pyalsaaudio() {
  local headers=$DEBIAN_FOLDER/usr/include
  CPATH=$headers:$headers/python3.14${CPATH:+:$CPATH} \
    "$UV" pip install --python "$1" --requirement "$ROOT/requirements_microphone.txt"
}

# shellcheck shell=bash
# Python 3.14 out of Debian's packages, without installing any: the packages of
# a newer Debian are fetched by apt with lists and state of its own, checked by
# Debian's keys as always, unpacked into one folder, and the interpreter is told
# to use the C library that lies beside it. Nothing of the system changes, and
# root is not needed.

DEBIAN_SUITE=forky
DEBIAN_FOLDER=$ROOT/.python/debian
DEBIAN_PYTHON=$DEBIAN_FOLDER/usr/bin/python3.14
# Only Python's own headers may be unpacked: the compiler has its C library's.
DEBIAN_LEFT_OUT='libc6-dev|linux-libc-dev|libexpat1-dev|zlib1g-dev|libcrypt-dev'

has_debian_packages() {
  grep -qx 'ID=debian' /etc/os-release 2>/dev/null && have apt-get && have dpkg-deb &&
    [ -n "$(debian_keyring)" ] && [ -n "$(debian_mirror)" ]
}

debian_keyring() {
  find /usr/share/keyrings -name 'debian-archive-keyring.[gp]*' 2>/dev/null | head -n 1
}

is_debian_python_ready() {
  [ -x "$DEBIAN_PYTHON" ] && "$DEBIAN_PYTHON" -c 'import ssl, sqlite3, ctypes' 2>/dev/null
}

# The mirror that this machine takes Debian from, out of its own sources: the
# first address whose suite is a Debian release (not security, not another vendor's).
debian_mirror() {
  local etc=${1:-/etc/apt} codename
  # shellcheck source=/dev/null
  codename=$(. "${2:-/etc/os-release}" && printf '%s' "${VERSION_CODENAME:-stable}")
  { mirrors_deb822 "$codename" "$etc"/sources.list.d/*.sources
    mirrors_one_line "$codename" "$etc"/sources.list "$etc"/sources.list.d/*.list
  } | grep -m 1 .
}

# Prints the addresses in deb822 files that offer the suite.
mirrors_deb822() {
  local suite=$1
  shift
  readable "$@" | awk -v suite="$suite" '
    function flush(   i) {
      if (types ~ /(^| )deb( |$)/ && enabled != "no" && suites ~ "(^| )" suite "( |$)")
        for (i in uris) if (i != "") print i
      types = suites = enabled = field = ""; delete uris
    }
    /^[ \t]*#/ { next }
    /^[ \t]*$/ { flush(); next }
    /^[^ \t]/ { field = tolower($1); sub(/:.*/, "", field); sub(/^[^:]*:/, "") }
    {
      n = split($0, word)
      for (i = 1; i <= n; i++) {
        if (field == "uris") uris[word[i]]
        if (field == "suites") suites = suites " " word[i]
        if (field == "types") types = types " " word[i]
        if (field == "enabled") enabled = tolower(word[i])
      }
    }
    END { flush() }'
}

# Prints the addresses in one-line files that offer the suite.
mirrors_one_line() {
  local suite=$1
  shift
  readable "$@" | sed -n 's/^[ \t]*deb[ \t]\{1,\}\(\[[^]]*\][ \t]*\)\{0,1\}//p' |
    awk -v suite="$suite" '$2 == suite { print $1 }'
}

# The readable ones among the files, an empty line between them.
readable() {
  local file
  for file in "$@"; do
    if [ -r "$file" ]; then cat "$file"; echo; fi
  done
}

# apt with lists, cache and state of its own. An empty status makes it believe
# that nothing is installed, so that it fetches every library Python needs.
own_apt() {
  local state=$DEBIAN_FOLDER.apt
  apt-get --quiet --assume-yes \
    -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::Etc::preferences=- -o Dir::Etc::preferencesparts=- \
    -o Dir::State="$state" -o Dir::State::lists="$state/lists" \
    -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" \
    -o APT::Install-Recommends=0 -o APT::Sandbox::User="" \
    -o Debug::NoLocking=1 "$@"
}

fetch_debian_python() {
  local state=$DEBIAN_FOLDER.apt
  rm -rf "$state" &&
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" &&
    : >"$state/status" &&
    printf 'deb [signed-by=%s] %s %s main\n' \
      "$(debian_keyring)" "$(debian_mirror)" "$DEBIAN_SUITE" >"$state/sources.list" &&
    own_apt update &&
    own_apt install --download-only python3.14-venv libpython3.14-dev
}

unpack_debian_python() {
  local package
  rm -rf "$DEBIAN_FOLDER" && mkdir -p "$DEBIAN_FOLDER" || return 1
  for package in "$DEBIAN_FOLDER.apt"/cache/archives/*.deb; do
    if [[ ! ${package##*/} =~ ^($DEBIAN_LEFT_OUT)_ ]]; then
      dpkg-deb -x "$package" "$DEBIAN_FOLDER" || return 1
    fi
  done
  rm -rf "$DEBIAN_FOLDER.apt"
}

# Finds the C library's loader whatever the machine's architecture.
point_debian_python_at_its_libraries() {
  local loader
  loader=$(find "$DEBIAN_FOLDER/usr/lib" -name 'ld-linux*.so.*' -path '*-linux-gnu*' | head -n 1)
  [ -n "$loader" ] || { echo "no loader among the packages"; return 1; }
  patchelf --set-interpreter "$loader" --force-rpath --set-rpath "${loader%/*}" "$DEBIAN_PYTHON"
}

# From the package index rather than by apt: that needs no root.
ensure_patchelf() {
  have patchelf && return 0
  mkdir -p "$TOOLS/bin"
  "$UV" tool install --quiet --force patchelf
}

make_debian_python() {
  export UV_TOOL_DIR=$TOOLS/uv-tools UV_TOOL_BIN_DIR=$TOOLS/bin
  step "Fetching Python 3.14 from Debian ($DEBIAN_SUITE)" fetch_debian_python &&
    step "Unpacking it" unpack_debian_python &&
    step "Getting patchelf" ensure_patchelf &&
    step "Pointing it at its own libraries" point_debian_python_at_its_libraries &&
    is_debian_python_ready
}

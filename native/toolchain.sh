# Finds or installs what building and running need. Sourced by ../edgeway and ./build, never run.

say() { printf 'edgeway: %s\n' "$*" >&2; }
die() { say "$1"; exit "${2:-1}"; }

is_jdk25() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] && grep -q '^JAVA_VERSION="25[".]' "$1/release"
}

# Sets JAVA_HOME to a JDK 25, or explains how to get one.
find_jdk() {
  local candidate javac
  javac=$(command -v javac) && javac=$(readlink -f "$javac")
  for candidate in "${JAVA_HOME:-}" /usr/lib/jvm/*25* "$HOME"/.sdkman/candidates/java/25* \
      "${SDKMAN_DIR:-/nowhere}"/candidates/java/25* "$HOME"/.jdks/*25* /opt/*25* \
      "${GRAALVM_HOME:-}" "${javac%/bin/javac}"; do
    if [ -n "$candidate" ] && is_jdk25 "$candidate"; then
      export JAVA_HOME=$candidate
      return
    fi
  done
  cat >&2 <<'HELP'
edgeway: no JDK 25 found (looked at JAVA_HOME, /usr/lib/jvm, ~/.sdkman, ~/.jdks, /opt and the PATH). Get one of:
  Debian 13, Ubuntu 25.10 and later   apt-get install openjdk-25-jdk-headless
  Debian 12 with Adoptium's apt source   apt-get install temurin-25-jdk
  any Linux with sdkman   sdk install java 25-tem
and run this again, with JAVA_HOME pointing at it if it lies in an unusual place.
HELP
  exit 1
}

# need COMMAND-OR-FILE PACKAGE...: installs the packages when the command or file is missing.
need() {
  local probe=$1
  shift
  case $probe in
    /*) [ -e "$probe" ] && return ;;
    *) command -v "$probe" >/dev/null && return ;;
  esac
  install_packages "$@"
}

install_packages() {
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    say "missing, and not installed for want of apt-get or of root: $*"
    return 1
  fi
  say "installing $*"
  if [ -z "${apt_updated:-}" ]; then
    retry apt-get update -qq || return 1
    apt_updated=yes
  fi
  DEBIAN_FRONTEND=noninteractive retry apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Runs a command that talks to a package registry, up to three times.
retry() {
  local try
  for try in 1 2; do
    "$@" && return
    say "'$1' failed, trying again"
    sleep $((try * 3))
  done
  "$@"
}

# Maven under the JDK found, once more when a download broke off.
maven() {
  need mvn maven || die "Maven 3.8 or newer is needed"
  local log status
  log=$(mktemp)
  for try in 1 2 3; do
    status=0
    mvn -B -ntp "$@" 2>&1 | tee "$log" || status=${PIPESTATUS[0]}
    [ "$status" = 0 ] && break
    grep -qE 'Could not transfer|Connection reset|Read timed out|Premature end|status: 5[0-9][0-9]' "$log" || break
    say "a download broke off, trying again"
  done
  rm -f "$log"
  return "$status"
}

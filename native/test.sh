# Installs what the tests need and runs them; sourced by ../edgeway. Parts: format unit binary forge (all by default).
#
#   format   Spotless, Error Prone, NullAway
#   unit     unit, property and architecture tests, and the black-box tests against the JVM distribution
#   binary   the native build, and the black-box tests against the binary
#   forge    the Python that makes the bundled model
#
# Every part runs, also after one has failed. The last line adds up what the test runners counted.

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(format unit binary forge)
mkdir -p "$root/target"
results=$(mktemp)
trap 'rm -f "$results"' EXIT
failed=()

install_peers() {
  need redis-server redis-server
  need gcc gcc libc6-dev
  need clang clang
  need wasm-ld lld
  need /usr/include/zlib.h zlib1g-dev
  need node nodejs
  need npm npm
  need python3 python3
  python3 -c 'import venv, ensurepip' 2>/dev/null || install_packages python3-venv
  need chromium chromium
  need chromedriver chromium-driver
  need curl curl ca-certificates
}

# The client libraries that users have, as test peers. A registry that is out of reach costs their tests, not the rest.
install_clients() {
  (cd "$root/src/test/node" && retry npm ci --no-audit --no-fund --loglevel=error) ||
    say "npm could not install the Node clients; their tests will be skipped"
  if [ ! -x "$root/.venv/bin/python" ]; then
    python3 -m venv "$root/.venv"
  fi
  "$root/.venv/bin/pip" install -q --disable-pip-version-check --retries 2 -r "$root/src/test/python/requirements.txt" ||
    say "pip could not install the Python clients; their tests will be skipped"
}

# Autobahn's conformance suite for WebSockets, Python for the JVM and what runs it.
install_autobahn() {
  local artifact
  for artifact in me.normanmaurer.maven.autobahntestsuite:autobahntestsuite-maven-plugin:0.1.5 \
    org.python:jython-standalone:2.7.1; do
    retry maven -q dependency:copy "-Dartifact=$artifact:jar" "-DoutputDirectory=$root/target/autobahn" \
      -Dmdep.stripVersion=true || return 1
  done
}

# Runs a part, shows its output, and keeps the runners' summary lines.
part() {
  local name=$1 log=$root/target/test-$1.log status=0
  shift
  say "part $name"
  "$@" 2>&1 | tee "$log" || status=${PIPESTATUS[0]}
  [ "$status" = 0 ] || failed+=("$name")
  sed 's/\x1b\[[0-9;]*m//g' "$log" |
    grep -E '^(\[(INFO|WARNING|ERROR)\] )?Tests run: [0-9]+, Failures: [0-9]+, Errors: [0-9]+, Skipped: [0-9]+$|^=*.* (passed|failed)(, .*)? in [0-9.]+s' |
    sed "s/^/$name: /" >> "$results" || true
}

format() {
  local status=0
  maven -q spotless:check || status=1
  maven -q -Pstrict compile || status=1
  return $status
}

unit() {
  maven verify -DskipITs=false -Dedgeway.under-test=jvm
}

binary() {
  "$root/native/build" -q && black_box native
}

black_box() {
  maven failsafe:integration-test failsafe:verify -DskipITs=false "-Dedgeway.under-test=$1"
}

forge() {
  if [ ! -d "$root/models/forge/tests" ]; then
    say "no forge here"
    return
  fi
  if ! "$root/.venv/bin/pip" install -q --disable-pip-version-check --retries 2 -r "$root/models/forge/requirements.txt"; then
    say "pip could not install what the forge needs; its tests are skipped"
    return
  fi
  (cd "$root/models/forge" && "$root/.venv/bin/python" -m pytest -q tests)
}

find_jdk
install_peers || say "going on without some of the peers"
install_clients
cd "$root"
install_autobahn || say "Maven could not fetch Autobahn's suite; its tests will be skipped"
for name in "${parts[@]}"; do
  case $name in
    format | unit | binary | forge) part "$name" "$name" ;;
    *) die "there is no test part '$name'; there are format, unit, binary and forge" 64 ;;
  esac
done

echo
cat "$results"
awk '
  match($0, /Tests run: [0-9]+, Failures: [0-9]+, Errors: [0-9]+, Skipped: [0-9]+/) {
    split(substr($0, RSTART, RLENGTH), n, /[^0-9]+/)
    failed += n[3] + n[4]; skipped += n[5]; passed += n[2] - n[3] - n[4] - n[5]
    next
  }
  {
    for (i = 2; i <= NF; i++) {
      if ($i ~ /^passed/) passed += $(i - 1)
      if ($i ~ /^(failed|error)/) failed += $(i - 1)
      if ($i ~ /^skipped/) skipped += $(i - 1)
    }
  }
  END { printf "edgeway: %d passed, %d failed, %d skipped\n", passed, failed, skipped }
' "$results"
if [ ${#failed[@]} -gt 0 ]; then
  say "failed: ${failed[*]}"
  exit 1
fi
exit 0

# shellcheck shell=bash disable=SC2034
# Shared by the tests of this folder, which source it: run a command, then expect things of it.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  printf 'FAILED: %s\n--- standard output\n' "$1"
  cat "$scratch/out"
  printf -- '--- standard error\n'
  cat "$scratch/err"
  exit 1
} 2>/dev/null

# run COMMAND ARGUMENTS...: keeps exit status, standard output and standard error.
run() {
  status=0
  "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
}
expect_status() { [[ $status == "$1" ]] || fail "$2: exit status $status instead of $1"; }
# A line with this text, on either stream.
expect_line() { grep -qF -- "$1" "$scratch/out" "$scratch/err" || fail "$2: no line with: $1"; }
expect_no_line() { ! grep -qF -- "$1" "$scratch/out" "$scratch/err" || fail "$2: a line with: $1"; }
expect_empty_output() { [[ ! -s $scratch/out ]] || fail "$1: something on standard output"; }

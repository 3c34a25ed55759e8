#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for other programs
# scripts/check on a small repository, first clean and then with one mistake of each kind.
set -euo pipefail
# shellcheck source=tests/scripts/expect.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/expect.sh"

export WINNOW_CHECK_ROOT=$scratch/repository
mkdir -p "$WINNOW_CHECK_ROOT"/{modules/core,modules/pool,scripts,docs}
cd "$WINNOW_CHECK_ROOT"
git init -q .
echo 'set(modules core pool)' >modules/CMakeLists.txt
echo 'int core();' >modules/core/core.h
printf '#include "core/core.h"\n' >modules/pool/pool.h
printf 'See [the core](modules/core/core.h#top), `modules/pool/pool.h` and `scripts/*`,\n' >README.md
printf 'or `modules/<module>/<name>.cpp`, [elsewhere](https://example.org), `results/x`.\n' >>README.md
printf '#!/usr/bin/env bash\ntrue\n' >scripts/run
chmod +x scripts/run
run "$root/scripts/check" --text
expect_status 0 'a clean repository'

# mistake FILE TEXT FINDING: with TEXT in FILE there is FINDING, and without it there was none.
mistake() {
  local before=
  [[ ! -f $1 ]] || before=$(cat "$1")
  printf '%b\n' "$2" >>"$1"
  run "$root/scripts/check" --text
  expect_status 1 "$2"
  expect_line "$3" "$2"
  expect_line '1 findings' "$2"
  if [[ -n $before ]]; then printf '%s\n' "$before" >"$1"; else rm "$1"; fi
  run "$root/scripts/check" --text
  expect_status 0 "after taking back: $2"
}

slash=/
mistake modules/core/core.h '#include "pool/pool.h"' 'module core may not include pool'
mistake modules/pool/pool.h '#include "experiments/cli.h"' 'module pool may not include experiments'
mistake modules/pool/pool.h '#include "core.h"' 'by a path that starts with its module'
mistake README.md '[page](docs/missing.md)' "README.md:3: the link to 'docs/missing.md' leads nowhere"
mistake README.md 'run `scripts/missing --fast`' "README.md:3: there is no 'scripts/missing'"
mistake docs/page.md '`modules/pool/missing.h`' "docs/page.md:1: there is no 'modules/pool/missing.h'"
mistake modules/core/core.h "// data in ${slash}root${slash}data" 'an address that only one machine knows'
mistake README.md "https:$slash${slash}deb.example.org" 'an address that only one machine knows'
mistake modules/core/core.h '// TO''DO: finish' 'unfinished work'
mistake modules/core/core_test.cpp 'TEST(Core, DISA''BLED_Adds) {}' 'switched off'
mistake modules/core/core.cpp "$(printf '\\n%.0s' {1..501})" 'is it still one thing'
mistake scripts/run 'if true; then' 'syntax error'

chmod -x scripts/run
run "$root/scripts/check" --text
expect_status 1 'a program that is not executable'
expect_line 'scripts/run:1: a program that is not executable' 'a program that is not executable'

WINNOW_CHECK_ROOT=$scratch run "$root/scripts/check" --text
expect_status 2 'a folder that is no checkout'

echo 'all as expected'

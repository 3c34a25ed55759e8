#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for other programs
# Set-up on a machine that lacks packages, with dpkg-query, id and apt-get replaced by fakes.
set -euo pipefail
# shellcheck source=tests/scripts/expect.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/expect.sh"

# fake NAME BODY: a command of that name in front of the real one.
mkdir "$scratch/bin"
fake() { printf '#!/bin/bash\n%s\n' "$2" >"$scratch/bin/$1" && chmod +x "$scratch/bin/$1"; }
export PATH="$scratch/bin:$PATH"
unset CMAKE_PREFIX_PATH WINNOW_PACKAGES
export WINNOW_PRESET=bootstrap-test  # a folder that no build has

# Everything is installed but gnuplot-nox and libopenblas0-pthread, which is half removed.
fake dpkg-query 'for package in "${@:3}"; do
  case $package in
    gnuplot-nox) ;;
    libopenblas0-pthread) echo "config-files $package" ;;
    *) echo "installed $package" ;;
  esac
done'
fake id 'echo 1000'
fake apt-get "echo \"\$*\" >>'$scratch/apt-get.log'; exit \${APT_STATUS:-0}"
line='apt-get update && apt-get install -y --no-install-recommends gnuplot-nox libopenblas0-pthread'

for program in scripts/bootstrap scripts/winnow scripts/test reproduce/table1; do
  run "$root/$program"
  expect_status 3 "$program as an ordinary user"
  expect_line "$line" "$program as an ordinary user"
  expect_empty_output "$program as an ordinary user"
done
[[ ! -e $scratch/apt-get.log ]] || fail 'an ordinary user must not call apt-get'

fake id 'echo 0'
WINNOW_PACKAGES=check run "$root/scripts/bootstrap"
expect_status 3 'root who asked not to install'
expect_line "$line" 'root who asked not to install'
[[ ! -e $scratch/apt-get.log ]] || fail 'WINNOW_PACKAGES=check must not call apt-get'

APT_STATUS=100 run "$root/scripts/bootstrap"
expect_status 3 'root whose installation fails'
expect_line "$line" 'root whose installation fails'
grep -qx 'update -q' "$scratch/apt-get.log" || fail 'root must call apt-get'

# Of alternatives any that is installed will do; else the first is asked for that the release has.
fake dpkg-query 'for package in "${@:3}"; do
  case $package in libboost1.81-dev | libboost-json1.*) ;; *) echo "installed $package" ;; esac
done'
fake apt-cache 'for package in "$@"; do :; done; [[ $package == *1.83* ]]'
WINNOW_PACKAGES=check run "$root/scripts/bootstrap"
expect_line "${line%% gnuplot*} libboost-json1.83-dev" 'a release with another Boost'
fake apt-cache 'exit 100'
WINNOW_PACKAGES=check run "$root/scripts/bootstrap"
expect_line "${line%% gnuplot*} libboost-json1.81-dev" 'a system without lists of packages'

# With an upstream LibTorch nobody needs Debian's.
mkdir -p "$scratch/libtorch/share/cmake/Torch"
touch "$scratch/libtorch/share/cmake/Torch/TorchConfig.cmake"
fake dpkg-query 'for package in "${@:3}"; do
  case $package in libtorch-dev | gnuplot-nox) ;; *) echo "installed $package" ;; esac
done'
WINNOW_PACKAGES=check run "$root/scripts/bootstrap"
expect_line "${line%% gnuplot*} gnuplot-nox libtorch-dev" 'without a prefix path'
WINNOW_PACKAGES=check CMAKE_PREFIX_PATH=/nowhere:$scratch/libtorch run "$root/scripts/bootstrap"
expect_line "${line%% gnuplot*} gnuplot-nox" 'with an upstream LibTorch'

# Nothing is missing: the next step is reached, here a CMake preset that does not exist.
fake dpkg-query 'printf "installed %s\n" "${@:3}"'
run "$root/scripts/bootstrap"
expect_status 1 'a preset that does not exist'
expect_line 'No such preset in' 'a preset that does not exist'
rm -f "$root/build/$WINNOW_PRESET.configure.log"

echo 'all as expected'

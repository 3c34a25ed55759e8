# shellcheck shell=bash
# Shared by the scripts of this folder, which source it: where things are, which packages are
# missing, and an up-to-date build. Everything it prints goes to standard error.
#
#   WINNOW_PRESET     CMake preset to build: release (default), debug, asan, tsan
#   WINNOW_PACKAGES   install (default: as root, install what is missing), check (never install),
#                     skip (do not look at packages at all: not Debian, or libraries of your own)
#   CMAKE_PREFIX_PATH an upstream LibTorch to build with; remembered until it is set again,
#                     and set to nothing to return to Debian's

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
preset=${WINNOW_PRESET:-release}
build=$root/build/$preset

say() { printf 'winnow: %s\n' "$*" >&2; }

# packages_of GROUP: the names, one a line.
packages_of() {
  sed 's/#.*//' "$root/scripts/packages" | awk -v group="$1" '$1 == group { for (i = 2; i <= NF; ++i) print $i }'
}

# The prefix path to configure with: what the caller set, else what the build folder remembers.
prefix_path() {
  if [[ -v CMAKE_PREFIX_PATH ]]; then
    printf '%s' "${CMAKE_PREFIX_PATH//:/;}"
  elif [[ -f $build/CMakeCache.txt ]]; then
    sed -n 's/^CMAKE_PREFIX_PATH:[^=]*=//p' "$build/CMakeCache.txt"
  fi
}

has_upstream_torch() {
  local folder
  local -a folders
  IFS=';' read -ra folders <<<"$(prefix_path)"
  for folder in "${folders[@]}"; do
    [[ -f $folder/share/cmake/Torch/TorchConfig.cmake ]] && return 0
  done
  return 1
}

# missing_of PACKAGE...: those of them, one a line and sorted, that are not installed; of `a|b` one
# has to be.
missing_of() {
  local -A installed=()
  local package alternative
  while IFS= read -r package; do installed[$package]=1; done < <(
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' $(tr '|' ' ' <<<"$*") 2>/dev/null |
      sed -n 's/^installed //p')
  for package in "$@"; do
    for alternative in ${package//|/ }; do
      [[ -z ${installed[$alternative]:-} ]] || continue 2
    done
    printf '%s\n' "$package"
  done | LC_ALL=C sort
}

# available_of PACKAGE...: the same, of `a|b` the first that apt knows, or a where it knows neither.
available_of() {
  local package alternative
  for package in "$@"; do
    if [[ $package == *'|'* ]]; then
      for alternative in ${package//|/ }; do
        if apt-cache show --no-all-versions "$alternative" &>/dev/null; then
          package=$alternative
          break
        fi
      done
    fi
    printf '%s\n' "${package%%|*}"
  done
}

# ensure_packages GROUP: installs what is missing, or prints the one line that does and exits 3.
ensure_packages() {
  [[ ${WINNOW_PACKAGES:-install} == skip ]] && return
  local -a wanted missing
  mapfile -t wanted < <(packages_of "$1")
  if has_upstream_torch; then
    mapfile -t wanted < <(packages_of "$1" | grep -vxE 'libtorch-dev|libgloo-dev')
  fi
  mapfile -t missing < <(missing_of "${wanted[@]}")
  ((${#missing[@]} == 0)) && return
  if [[ ${WINNOW_PACKAGES:-install} == install && $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    say "installing ${#missing[@]} missing packages"
    # What a release has is known from its lists, which a bare system does not hold yet.
    if { apt-get update -q && mapfile -t missing < <(available_of "${missing[@]}") &&
      DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } >&2; then
      return
    fi
    say "the installation failed (see above). Once its cause is mended, this completes it:"
  else
    mapfile -t missing < <(available_of "${missing[@]}")
    say "${#missing[@]} packages are missing. As root on Debian 12 or 13 this line installs them:"
  fi
  printf '%s\n' "apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
  exit 3
}

# Configures build/<preset> when that was not done yet, the prefix path changed, or the clone moved.
# Later changes to the build files are ninja's to notice.
ensure_configured() {
  local cache=$build/CMakeCache.txt wanted remembered=
  wanted=$(prefix_path)
  if [[ -f $build/build.ninja ]]; then
    remembered=$(sed -n 's/^CMAKE_PREFIX_PATH:[^=]*=//p' "$cache")
    if [[ $wanted == "$remembered" ]] && grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache"; then
      return
    fi
  fi
  say "configuring build/$preset${wanted:+ with CMAKE_PREFIX_PATH=$wanted}"
  # The path goes in by the command line alone, so that the cache remembers it.
  if ! (cd "$root" && env -u CMAKE_PREFIX_PATH cmake --fresh --preset "$preset" \
    "-DCMAKE_PREFIX_PATH=$wanted") >"$build.configure.log" 2>&1; then
    rm -f "$build/build.ninja"  # of an earlier configuration: the next call has to start here again
    cat "$build.configure.log" >&2
    say "configuring failed; the log above is also in build/$preset.configure.log"
    exit 1
  fi
}

# Ninja's output without the lines that say nothing was done; on a terminal the status redraws.
show_build() {
  local line open=
  while IFS= read -r line; do
    case $line in
      'ninja: no work to do.' | 'ninja: Entering directory'* | '['*'] Re-checking globbed directories'*) ;;
      '['*/*']'*)
        if [[ -t 2 ]]; then
          printf '\r\033[K%s' "${line:0:${COLUMNS:-79}}"
          open=1
        else
          printf '%s\n' "$line"
        fi
        ;;
      *)
        [[ -n $open ]] && printf '\n'
        open=
        printf '%s\n' "$line"
        ;;
    esac
  done
  [[ -z $open ]] || printf '\r\033[K'
} >&2

# As many compilers as there are cores, but no more than memory holds (2 GiB each with LibTorch).
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 2097152) }' /proc/meminfo)
  ((memory >= 1)) || memory=1
  echo $((cores < memory ? cores : memory))
}

# ensure_built [TARGET...]: packages, configuration and an up-to-date build of the targets (all of
# them by default). One caller at a time builds; others wait for it.
ensure_built() {
  ensure_packages build
  mkdir -p "$root/build"
  exec 9>"$root/build/.lock"
  if ! flock -n 9; then
    say "waiting for another build to finish"
    flock 9
  fi
  ensure_configured
  ninja -C "$build" -j "$(build_jobs)" "$@" 2>&1 9>&- | show_build
  exec 9>&-
}

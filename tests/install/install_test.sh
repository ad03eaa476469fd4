#!/usr/bin/env bash
# install_test.sh BUILD: the program as it is installed, by cmake and from the Debian package, forecasts with the data that
# came with it. Exits 77, which ctest takes for skipped, where there is no dpkg.
set -euo pipefail
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache

# forecasts_from PREFIX: what lies there is enough to forecast, from another folder and with nothing of the build; the names in
# the examples of the help are found.
forecasts_from() {
  mkdir "$work/elsewhere"
  cd "$work/elsewhere"
  "$1/bin/nextframe" --version
  "$1/bin/nextframe" forecast data/moving-digits.safetensors data/moving-digits.mkv --at 8 --frames 3 -o next.npy
  [ "$(stat -c %s next.npy)" -gt 1000 ] || { echo "next.npy holds no frames" >&2; return 1; }
  "$1/bin/nextframe" inspect configs/moving-digits-small.json >inspect.txt
  [ -s "$1/share/man/man1/nextframe.1" ] || { echo "the manual is not installed" >&2; return 1; }
  # The mapping is found, and is of another network than the model.
  ! "$1/bin/nextframe" import data/moving-digits.safetensors --map jhhuang96-convgru -o none.safetensors 2>import.txt
  grep -q "unread: encoder.0.conv.weight" import.txt || { cat import.txt >&2; return 1; }
  cd "$work"
  rm -r "$work/elsewhere"
}

cmake --install "$build" --prefix "$work/prefix" >"$work/install.txt"
forecasts_from "$work/prefix"

command -v dpkg-deb >/dev/null || { echo "skipped: no dpkg here, the package was not tried"; exit 77; }
cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/package" >"$work/cpack.txt" || { cat "$work/cpack.txt" >&2; exit 1; }
package=$(echo "$work"/package/*.deb)
for library in libopencv-core libdnnl libhwy; do
  dpkg-deb -f "$package" Depends | grep -q "$library" || { echo "the package does not depend on $library" >&2; exit 1; }
done
dpkg-deb -x "$package" "$work/root"
forecasts_from "$work/root/usr"

#!/usr/bin/env bash
# Installs the programs with which tests look at real terminals, and the servers and the other engine with which they
# look at backups: Debian and Ubuntu, only what is missing.
# Without the right to install, or elsewhere, it says what is missing; the tests that need it are then skipped.
set -uo pipefail

declare -A package_of=([Xvfb]=xvfb [xterm]=xterm [xdotool]=xdotool [tmux]=tmux)
package_of+=([smbd]=samba [smbpasswd]=samba-common-bin [restic]=restic)
font=/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf

missing=()
for program in "${!package_of[@]}"; do
  PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null || missing+=("${package_of[$program]}")
done
if command -v dpkg >/dev/null && [ ! -e "$font" ]; then missing+=(fonts-dejavu-core); fi
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n); else as_root=(false); fi
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=60 "$@" >>"$log" 2>&1
}

if command -v apt-get >/dev/null && [ "${as_root[*]:-}" != false ]; then
  echo "installing for tests: ${missing[*]}"
  install update -qq
  install install -y -qq --no-install-recommends "${missing[@]}" && exit 0
  tail -n 5 "$log"
fi
echo "not installed: ${missing[*]}; tests that need them are skipped" >&2
exit 0

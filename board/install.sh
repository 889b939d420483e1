#!/bin/sh
# Puts camloop into the root filesystem of a board, or takes it out and gives back what was there.
# board/flash brings it to the board, where BusyBox runs it, or runs it on ROOT, a mounted card.
#   install.sh install OVERLAY [ROOT]
#   install.sh uninstall [ROOT]
#
# It may be killed, and the power may fail, at any moment: the board then boots with what it had or
# with what it gets, and a second run finishes the work. New files are written beside the old ones
# and synced; only then each is renamed into its place, in an order in which every step is right
# without the next. The stock app goes last and comes back first. Without ROOT the board is running:
# camloop is tried before it is put in its place, then restarted.
set -eu
umask 022

fail() {
  echo "camloop: $*" >&2
  exit 1
}

action=${1:-} overlay=
case $action in
  install) overlay=${2:?which overlay?} root=${3:-} ;;
  uninstall) root=${2:-} ;;
  *) fail "usage: install.sh install OVERLAY [ROOT], or uninstall [ROOT]" ;;
esac

program=usr/bin/camloop
service=etc/init.d/S90camloop
settings=etc/default/camloop
manifest=etc/camloop/manifest
# In the order in which they get their places: the service starts the program with the settings.
files="etc/camloop/ca-certificates.crt $settings $program $service $manifest"

is_live() {
  [ -z "$root" ]
}

# Where a file waits for its place. The boot runs every /etc/init.d/S??*: not this one.
beside() {
  echo "$root/${1%/*}/.${1##*/}.new"
}

# Where what camloop supersedes is kept, without the root.
aside() {
  echo "${1%/*}/aside-${1##*/}"
}

sha256() {
  sha256sum "$1" | cut -c -64
}

# ---- What starts the vendor's program, which holds the camera ------------------------------------

# Of the later images the service, of the earlier ones the program itself.
stock_apps() {
  if [ -e "$root/etc/init.d/S02app" ] || [ -e "$root/$(aside etc/init.d/S02app)" ]; then
    echo etc/init.d/S02app
  else
    echo root/app/main.py root/main.py
  fi
}

put_stock_app_aside() {
  for app in $(stock_apps); do
    [ -e "$root/$app" ] || continue
    is_live && stop_stock_app "$app"
    mv -f "$root/$app" "$root/$(aside "$app")"
    echo "The stock app is kept as /$(aside "$app")."
  done
}

stop_stock_app() {
  case $1 in
    etc/*) "/$1" stop ;;
    *) killall python3 ;;
  esac >/dev/null 2>&1 || true
}

give_stock_app_back() {
  for app in $(stock_apps); do
    kept=$root/$(aside "$app")
    [ -e "$root/$app" ] || [ ! -e "$kept" ] || mv "$kept" "$root/$app"
  done
}

# ---- Checks, before anything is changed ----------------------------------------------------------

check_board() {
  [ -e "$root/bin/busybox" ] && [ -e "$root/etc/inittab" ] &&
    grep -qs '/etc/init\.d/S' "$root/etc/init.d/rcS" "$root/etc/init.d/rc.final" ||
    fail "this is no root of such a board: BusyBox that boots through /etc/init.d/S??*"
  (: >"$root/etc/.camloop.new") 2>/dev/null ||
    fail "/ cannot be written; on the board: mount -o remount,rw /"
  rm "$root/etc/.camloop.new"
}

# Of an ELF file: 32 or 64 bits, byte order, processor.
elf_machine() {
  dd if="$1" bs=1 skip=4 count=2 2>/dev/null
  dd if="$1" bs=1 skip=18 count=1 2>/dev/null
}

check_overlay() {
  [ "$(elf_machine "$unpacked/$program")" = "$(elf_machine "$root/bin/busybox")" ] ||
    fail "this camloop is for another processor than the board's"
  needed_kb=$(($(du -sk "$unpacked" | cut -f 1) + 512))
  free_kb=$(df -Pk "$root/" | awk 'NR == 2 { print $4 }')
  [ "$free_kb" -ge "$needed_kb" ] || fail "/ has $free_kb kB free, $needed_kb kB are needed"
}

# ---- Install -------------------------------------------------------------------------------------

install() {
  unpacked=$(mktemp -d)
  trap 'rm -rf "$unpacked"; remove_beside' EXIT
  tar -xzf "$overlay" -C "$unpacked"
  check_overlay
  choose_place_of_settings
  write_beside
  is_live && try_new
  for file in $files; do
    [ "$file" != "$manifest" ] || put_stock_app_aside
    [ "$file" = "$settings" ] && place=$settings_place || place=$file
    mv -f "$(beside "$file")" "$root/$place"
  done
  sync
  is_live && start_new
  return 0
}

choose_place_of_settings() {
  settings_place=$settings
  if [ -e "$root/$settings" ] && ! is_as_shipped "$settings"; then
    settings_place=$settings.new
    echo "Your settings stay in /$settings; this version's own are in /$settings_place."
  fi
}

# Whether a file is as this overlay brings it, or as one before did.
is_as_shipped() {
  grep -qsx "$(sha256 "$root/$1")  $1" \
    "$root/$manifest" "$(beside "$manifest")" "${unpacked:-}/$manifest"
}

write_beside() {
  for file in $files; do
    mkdir -p "$root/${file%/*}"
    rm -f "$(beside "$file")"
    cp "$unpacked/$file" "$(beside "$file")"
  done
  sync
  while read -r sum file; do
    [ "$(sha256 "$(beside "$file")")" = "$sum" ] || fail "/$file did not arrive as it was sent"
  done <"$unpacked/$manifest"
}

remove_beside() {
  for file in $files; do
    rm -f "$(beside "$file")"
  done
  rmdir "$root/etc/camloop" "$root/etc/default" 2>/dev/null || true
}

try_new() {
  new=$(beside "$program")
  "$new" --version || fail "the new version does not run here: nothing was changed"
  in_force=/$settings
  [ "$settings_place" != "$settings" ] || in_force=$(beside "$settings")
  (set -a && . "$in_force" && "$new" --check) ||
    fail "the new version does not take these settings of /$settings: nothing was changed"
}

start_new() {
  "/$service" restart
  "/$service" status
  listener=$(. "/$settings" && echo "${CAMLOOP_HTTP-:18811}")
  port=${listener##*:}
  case $port in off | '') return ;; esac
  addresses=$(ip -4 addr | sed -n 's/^ *inet \([0-9.]*\).*/\1/p' | grep -v '^127\.') ||
    echo "No network yet. Over USB: adb forward tcp:$port tcp:$port, then http://127.0.0.1:$port/"
  for address in $addresses; do
    echo "Open http://$address:$port/"
  done
}

# ---- Uninstall -----------------------------------------------------------------------------------

uninstall() {
  is_live && [ -x "/$service" ] && "/$service" stop
  give_stock_app_back
  sync
  rm -f "$root/$service"
  if [ -e "$root/$settings" ] && ! is_as_shipped "$settings"; then
    echo "Your settings stay in /$settings."
  else
    rm -f "$root/$settings"
  fi
  rm -f "$root/$settings.new" "$root/$program" "$root/etc/camloop/ca-certificates.crt"
  rm -f "$root/$manifest"
  remove_beside
  sync
  echo "camloop is removed; the stock app starts with the next boot."
}

check_board
"$action"

# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the test files use what is set here, and have what is used
# mdevtool as it is installed, udev and libvirtd: what guest-udev.bats, guest-libvirt.bats and
# guest-systemd.bats share. Only the last one's guest has systemd: in the others the daemons are
# started by hand.

# What the system runs as mdevctl: "ours", a link to mdevtool, or "debian", Debian's own.
mdevctl_is=${MDEVCTL:-ours}
rules=/usr/lib/udev/rules.d

# Debian 12 installs mdevctl in /usr/bin, its udev rule and others look for it in /usr/sbin.
install_mdevtool() {
  cp /payload/bin/mdevtool /usr/bin/mdevtool
  if [ "$mdevctl_is" = ours ]; then
    ln -sf mdevtool /usr/bin/mdevctl
    ln -sf ../bin/mdevtool /usr/sbin/mdevctl
  elif [ ! -e /usr/sbin/mdevctl ]; then
    ln -s ../bin/mdevctl /usr/sbin/mdevctl
  fi
  mkdir -p /etc/mdevctl.d/scripts.d/{callouts,notifiers}
}

# daemon PROGRAM…: in the background, with nothing open that bats waits for.
daemon() {
  (
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      [ "$fd" -le 2 ] || eval "exec $fd>&-"
    done
    exec "$@" </dev/null >"/run/${1##*/}.out" 2>&1
  ) &
  disown
}

# Only one of edu's two drivers, which udev would both load when it meets the card.
start_udevd() {
  ! pgrep systemd-udevd >/dev/null || return 0
  mkdir -p /etc/modprobe.d
  echo 'blacklist rfc_mdev' >/etc/modprobe.d/guest.conf
  daemon /usr/lib/systemd/systemd-udevd
  eventually udevadm control --ping
}

stop_udevd() {
  udevadm control --exit
  eventually no_udevd
}

no_udevd() { ! pgrep systemd-udevd; }

# Until virsh is answered; $LIBVIRT_DEFAULT_URI is what it asks.
start_libvirtd() {
  hostname guest
  export LIBVIRT_DEFAULT_URI=qemu:///system
  rm -f /run/libvirtd.pid /run/libvirt/libvirt-sock
  daemon libvirtd
  eventually test -S /run/libvirt/libvirt-sock
  virsh uri || { cat /run/libvirtd.out /run/libvirtd.log; return 1; }
}

restart_libvirtd() {
  stop_libvirtd
  eventually no_libvirtd
  start_libvirtd
}

no_libvirtd() { ! pgrep -x libvirtd; }

# It has nothing to save, and takes its time to end.
stop_libvirtd() { pkill -KILL -x libvirtd; }

# definition PARENT UUID TYPE START
definition() {
  mkdir -p "/etc/mdevctl.d/$1"
  printf '{"mdev_type":"%s","start":"%s","attrs":[]}\n' "$3" "$4" >"/etc/mdevctl.d/$1/$2"
}

# Without devices and definitions. The directories that libvirtd watches stay.
clean_system() {
  local device
  for device in "$devices"/*; do [ ! -e "$device" ] || echo 1 >"$device/remove"; done
  find /etc/mdevctl.d -mindepth 1 -maxdepth 1 ! -name scripts.d -exec rm -rf {} +
  rm -f /etc/mdevctl.d/scripts.d/*/*
  rm -rf /run/mdevtool /etc/mdevtool.d
}

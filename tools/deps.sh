#!/bin/sh
# Owns: the Debian packages which building, checking, demonstrating and measuring need.
# Idempotent; asks apt for nothing when all is there.
#
# usage: deps.sh [list] build|check|demo|bench	(list: only says which, one a line)
set -eu

build='bpftool clang dpkg-dev gcc libbpf-dev libc6-dev libcap-dev libelf-dev libcurl4-openssl-dev libevent-dev libfido2-dev libinih-dev libpam0g-dev libjson-c-dev libp11-dev libpq-dev
	libfftw3-dev librdkafka-dev libseccomp-dev libsqlite3-dev libssl-dev libsystemd-dev libtss2-dev libudev-dev liburing-dev libjpeg62-turbo-dev libpango1.0-dev libpng-dev libwebp-dev libxcb-record0-dev libxcb-res0-dev libxcb-shape0-dev libxcb-xfixes0-dev libxcb1-dev libzstd-dev llvm make
	pkg-config zlib1g-dev'
check='bash debhelper lintian mmdebstrap rpm rpmlint btrfs-progs busybox-static ca-certificates chromium clang-format clang-tidy coreutils cpio cron
	cups cups-bsd cups-client
	curl dbus debian-archive-keyring dosfstools dunst e2fsprogs f2fs-tools fdisk firefox-esr fuse3 gdb git iproute2
	iputils-ping kmod less libcriterion-dev libfuse3-dev libreoffice-writer-nogui lynx mandoc mc
	libglib2.0-bin libivykis0 libnet1 libpam-systemd libwrap0 nftables opensc openssh-client openssh-server openssl pamtester postgresql-15 procps python3 python3-cryptography python3-dbus python3-gi python3-jwcrypto python3-yaml qemu-system-x86 qemu-utils rsync rsyslog rsyslog-openssl s-nail shellcheck softhsm2
	socat sqlite3 strace sudo stress-ng swtpm libstrongswan-standard-plugins strongswan-pki tar tinyproxy-bin tmux udev umockdev util-linux vim-tiny x11-xserver-utils xclip xcompmgr xfsprogs xvfb xz-utils zip
	zstd
	ffmpeg flameshot gnome-screenshot imagemagick maim recordmydesktop python3-xlib scrot x11-apps x11-utils x11-xserver-utils x11vnc xfce4-screenshooter
	foot grim sway swaybg weston wf-recorder wl-clipboard zenity'
demo='tmux'
bench='auditd fapolicyd fonts-wqy-microhei libestr0 libfastjson4 liblognorm5 librelp-dev'

is_list=
if [ "${1:-}" = list ]; then
	is_list=1
	shift
fi
case ${1:-build} in
build) wanted=$build ;;
check) wanted="$build $check" ;;
demo) wanted="$build $check $demo" ;;
bench) wanted="$build $check $bench" ;;
*)
	echo 'usage: deps.sh [list] build|check|demo|bench' >&2
	exit 2
	;;
esac
if [ -n "$is_list" ]; then
	# shellcheck disable=SC2086
	printf '%s\n' $wanted
	exit 0
fi

# Prints the packages of $wanted which are not installed.
missing_packages()
{
	# dpkg-query complains of, and fails for, names it has never heard of: these are missing.
	# shellcheck disable=SC2086
	dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2>/dev/null |
		sed -n 's/ installed$//p' | sort -u >"$list" || true
	# shellcheck disable=SC2086
	printf '%s\n' $wanted | sort -u | comm -23 - "$list"
}

list=$(mktemp)
trap 'rm -f "$list"' EXIT
missing=$(missing_packages)
if [ -z "$missing" ]; then
	exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "deps.sh: not root and no sudo, cannot install: $(echo "$missing" | tr "\n" " ")" >&2
		exit 1
	}
	as_root=sudo
fi
echo "deps.sh: installing $(echo "$missing" | tr "\n" " ")"
$as_root apt-get -q update
# RUNLEVEL=1: invoke-rc.d starts no service in single-user mode.
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -y \
	-o Dpkg::Options::=--force-confold install --no-install-recommends $missing

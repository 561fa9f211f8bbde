# Where everything goes: `make install DESTDIR=... PREFIX=/usr`. Ready for dh_install.

SBINDIR	   := $(PREFIX)/sbin
BINDIR	   := $(PREFIX)/bin
LIBEXECDIR := $(PREFIX)/libexec/holdfast
SHAREDIR   := $(PREFIX)/share/holdfast
UNITDIR	   := $(PREFIX)/lib/systemd/system
USERUNITDIR := $(PREFIX)/lib/systemd/user

BOOTDIR	   := $(PREFIX)/lib/kernel/install.d
COMPLETIONS := $(PREFIX)/share/bash-completion/completions

# A target for each package; `make install` is all of them. What they put where, and with which
# rights, is what the packages have: packaging/build takes it from here for deb and rpm alike.
PACKAGES := agent desktop pam console
.PHONY: install $(PACKAGES:%=install-%)
install: $(PACKAGES:%=install-%)

AGENT_WORKERS := $(addprefix $(B)/holdfast-,engine sensor keyring uplink survey scout vault wipe verify password page \
		 browser)
install-agent: $(B)/holdfast $(B)/holdfastd $(AGENT_WORKERS)
	install -D -m 755 -t $(DESTDIR)$(BINDIR) $(B)/holdfast
	install -D -m 755 -t $(DESTDIR)$(SBINDIR) $(B)/holdfastd
	install -D -m 755 -t $(DESTDIR)$(LIBEXECDIR) $(AGENT_WORKERS) packaging/holdfast-boot
	install -D -m 644 packaging/holdfast-verify.pam $(DESTDIR)/etc/pam.d/holdfast-verify
	install -D -m 644 -t $(DESTDIR)$(SHAREDIR)/apps policy/apps/*.ini
	install -D -m 644 -t $(DESTDIR)$(SHAREDIR)/examples policy/examples/*.ini
	install -D -m 644 -t $(DESTDIR)$(UNITDIR) packaging/systemd/holdfast.service \
		packaging/systemd/holdfast-enrol.path packaging/systemd/holdfast-enrol.service
	install -D -m 644 packaging/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/holdfast.conf
	install -D -m 644 packaging/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/holdfast.conf
	install -D -m 644 packaging/holdfast.bash $(DESTDIR)$(COMPLETIONS)/holdfast
	install -D -m 644 packaging/grub.cfg $(DESTDIR)/etc/default/grub.d/holdfast.cfg
	install -D -m 755 packaging/kernel-install $(DESTDIR)$(BOOTDIR)/95-holdfast.install
	test -e $(DESTDIR)/etc/holdfast/policy.ini || \
		install -D -m 644 packaging/policy.ini $(DESTDIR)/etc/holdfast/policy.ini
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 man/holdfast.8 man/holdfastd.8
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 $(wildcard man/*.5)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man7 $(wildcard man/*.7)
	packaging/manifest '$(DESTDIR)' $(SHAREDIR)/manifest.sha256 $(BINDIR)/holdfast $(SBINDIR)/holdfastd \
		$(addprefix $(LIBEXECDIR)/,$(notdir $(AGENT_WORKERS)) holdfast-boot)

install-desktop: $(B)/holdfast-session
	install -D -m 755 -t $(DESTDIR)$(BINDIR) $<
	install -D -m 644 -t $(DESTDIR)$(USERUNITDIR) packaging/systemd/user/holdfast-session.service
	install -d -m 755 $(DESTDIR)$(USERUNITDIR)/graphical-session.target.wants
	ln -sf ../holdfast-session.service $(DESTDIR)$(USERUNITDIR)/graphical-session.target.wants/
	install -D -m 644 -t $(DESTDIR)/etc/xdg/autostart packaging/autostart/holdfast-session.desktop
	install -d -m 755 $(DESTDIR)$(COMPLETIONS)
	ln -sf holdfast $(DESTDIR)$(COMPLETIONS)/holdfast-session
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(wildcard man/*.1)
	packaging/manifest '$(DESTDIR)' $(SHAREDIR)/manifest-desktop.sha256 $(BINDIR)/holdfast-session

install-pam: $(B)/pam_holdfast.so
	install -D -m 644 -t $(DESTDIR)$(PAM_DIRECTORY) $<
	install -D -m 644 packaging/pam-config $(DESTDIR)$(PREFIX)/share/pam-configs/holdfast
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 man/pam_holdfast.8
	packaging/manifest '$(DESTDIR)' $(SHAREDIR)/manifest-pam.sha256 $(PAM_DIRECTORY)/pam_holdfast.so

install-console: $(B)/holdfast-console
	install -D -m 755 -t $(DESTDIR)$(SBINDIR) $<
	install -D -m 644 packaging/systemd/holdfast-console.service $(DESTDIR)$(UNITDIR)/holdfast-console.service
	install -D -m 644 packaging/sysusers-console.conf \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/holdfast-console.conf
	install -D -m 644 packaging/tmpfiles-console.conf \
		$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/holdfast-console.conf
	install -D -m 644 packaging/holdfast-console.bash $(DESTDIR)$(COMPLETIONS)/holdfast-console
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 man/holdfast-console.8

# `make deb`, `make rpm`: the packages, and what is in them (CycloneDX), in build/packages.
# PACKAGE_VERSION= for a packager's own numbers, SIGN_KEY= for a key of gpg's to sign with.
PACKAGE_VERSION ?= $(VERSION)

.PHONY: deb rpm packages
packages: deb rpm
deb rpm:
	packaging/build $@ --version $(PACKAGE_VERSION) $(if $(SIGN_KEY),--sign '$(SIGN_KEY)') $(B)/packages

# How open the units are, as systemd counts: 0 is shut, 10 is everything.
.PHONY: unit-scores
unit-scores:
	@for unit in packaging/systemd/*.service packaging/systemd/user/*.service; do \
		systemd-analyze security --offline=true --no-pager $$unit 2>/dev/null | tail -n 1 | \
			sed 's/^[^A-Za-z]*//'; \
	done

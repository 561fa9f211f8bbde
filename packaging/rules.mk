# Where everything goes: `make install DESTDIR=... PREFIX=/usr`. Ready for dh_install.

SBINDIR	   := $(PREFIX)/sbin
BINDIR	   := $(PREFIX)/bin
LIBEXECDIR := $(PREFIX)/libexec/holdfast
SHAREDIR   := $(PREFIX)/share/holdfast
UNITDIR	   := $(PREFIX)/lib/systemd/system
USERUNITDIR := $(PREFIX)/lib/systemd/user

.PHONY: install-agent
install: install-agent
install-agent: $(B)/holdfast $(B)/holdfastd $(B)/holdfast-engine $(B)/holdfast-sensor $(B)/holdfast-session \
		$(B)/holdfast-keyring $(B)/holdfast-uplink $(B)/holdfast-survey $(B)/holdfast-scout \
		$(B)/holdfast-vault $(B)/holdfast-wipe $(B)/holdfast-verify $(B)/holdfast-password $(B)/holdfast-page \
		$(B)/holdfast-browser $(B)/pam_holdfast.so
	install -D -m 644 -t $(DESTDIR)$(PAM_DIRECTORY) $(B)/pam_holdfast.so
	install -D -m 644 packaging/pam-config $(DESTDIR)$(PREFIX)/share/pam-configs/holdfast
	install -D -m 755 -t $(DESTDIR)$(BINDIR) $(B)/holdfast $(B)/holdfast-session
	install -D -m 755 $(B)/holdfastd $(DESTDIR)$(SBINDIR)/holdfastd
	install -D -m 755 -t $(DESTDIR)$(LIBEXECDIR) $(B)/holdfast-engine $(B)/holdfast-sensor \
		$(B)/holdfast-keyring $(B)/holdfast-uplink $(B)/holdfast-survey $(B)/holdfast-scout \
		$(B)/holdfast-vault $(B)/holdfast-wipe $(B)/holdfast-verify $(B)/holdfast-password $(B)/holdfast-page \
		$(B)/holdfast-browser
	install -D -m 644 packaging/holdfast-verify.pam $(DESTDIR)/etc/pam.d/holdfast-verify
	install -D -m 644 -t $(DESTDIR)$(SHAREDIR)/apps policy/apps/*.ini
	install -D -m 644 -t $(DESTDIR)$(SHAREDIR)/examples policy/examples/*.ini
	install -D -m 644 packaging/holdfast.service $(DESTDIR)$(UNITDIR)/holdfast.service
	install -D -m 644 -t $(DESTDIR)$(USERUNITDIR) packaging/systemd/user/holdfast-session.service
	install -d -m 755 $(DESTDIR)$(USERUNITDIR)/graphical-session.target.wants
	ln -sf ../holdfast-session.service $(DESTDIR)$(USERUNITDIR)/graphical-session.target.wants/
	install -D -m 644 -t $(DESTDIR)/etc/xdg/autostart packaging/autostart/holdfast-session.desktop
	install -D -m 644 packaging/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/holdfast.conf
	install -D -m 644 packaging/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/holdfast.conf
	install -D -m 644 packaging/holdfast.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/holdfast
	ln -sf holdfast $(DESTDIR)$(PREFIX)/share/bash-completion/completions/holdfast-session
	install -D -m 644 packaging/lsm.cfg $(DESTDIR)/etc/default/grub.d/holdfast.cfg
	install -d -m 755 $(DESTDIR)/etc/holdfast
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 $(filter-out man/holdfast-console.8,$(wildcard man/*.8))
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 $(wildcard man/*.5)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man7 $(wildcard man/*.7)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(wildcard man/*.1)
	packaging/manifest '$(DESTDIR)' $(PREFIX)

.PHONY: install-console
install: install-console
install-console: $(B)/holdfast-console
	install -D -m 755 -t $(DESTDIR)$(SBINDIR) $<
	install -D -m 644 packaging/holdfast-console.service $(DESTDIR)$(UNITDIR)/holdfast-console.service
	install -D -m 644 packaging/sysusers-console.conf \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/holdfast-console.conf
	install -D -m 644 packaging/tmpfiles-console.conf \
		$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/holdfast-console.conf
	install -D -m 644 packaging/holdfast-console.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/holdfast-console
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 man/holdfast-console.8

# `make deb`: build/holdfast_VERSION_ARCHITECTURE.deb, of what install puts where. DEB_VERSION= for a
# packager's own numbers.
DEB_VERSION ?= $(VERSION)
DEB	    := $(B)/holdfast_$(DEB_VERSION)_$(shell dpkg --print-architecture 2>/dev/null).deb

.PHONY: deb
deb: all
	rm -rf $(B)/deb
	$(MAKE) -s install-agent DESTDIR=$(B)/deb PREFIX=/usr
	packaging/deb/build $(B)/deb $(DEB_VERSION) $(DEB)
	@echo $(DEB)

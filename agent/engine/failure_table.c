/* SPDX-License-Identifier: Apache-2.0 */
/* The table. Counting and telling is engine/failures.c's. */
#include "agent/engine/failure_table.h"

#include <stddef.h>

static const struct failure_row rows[FAILURE_REASON_MAX] = {
	[FAILURE_KERNEL_GATE] = {"gate-shut", FAILURE_CLOSED,
		"Protected files are shut for now. Ask the administrator."},
	[FAILURE_KERNEL_LEASE] = {"not-trusted", FAILURE_CLOSED,
		"The organisation does not trust this device now, or has not said so for too long: "
		"protected files are shut. Connect it to the network, or ask the administrator."},
	[FAILURE_KERNEL_VERIFY] = {"not-verified", FAILURE_CLOSED,
		"Protected files are shut until you have shown who you are: holdfast verify."},
	[FAILURE_KERNEL_ZONE] = {"out-of-zone", FAILURE_CLOSED,
		"The file may be read in certain networks only, and this is none of them. Connect "
		"to the organisation's network or its VPN."},
	[FAILURE_KERNEL_VAULT] = {"vault-locked", FAILURE_CLOSED,
		"The file is in an encrypted folder whose key is not here any more. Close it; it "
		"can be opened again when 'holdfast vault status' says that the folder is "
		"unlocked."},
	[FAILURE_KERNEL_SCREEN] = {"capture-always", FAILURE_CLOSED,
		"The policy lets only the applications that it names capture the screen, whatever "
		"is shown ([screen] when = always)."},
	[FAILURE_KERNEL_UNREAD] = {"display-unread", FAILURE_CLOSED,
		"What a program sends to its display can't be read any more: it spliced, used "
		"out-of-band data, or broke the protocol. While labels are shown there, all that "
		"it sends counts as a capture. Start the program anew."},
	[FAILURE_VERIFIED_FULL] = {"verified-full", FAILURE_CLOSED,
		"There was no room to note that one more user has verified; who has not may not "
		"open what asks for it."},
	[FAILURE_LEASE] = {"lease-refused", FAILURE_KEEP_LAST,
		"A word of the console about this device's trust was not taken: forged, an older "
		"one, another device's, or by this device's clock out of date. What was known "
		"holds until it is over. Look at the clock; if it stays, ask the administrator."},
	[FAILURE_TRUST] = {"trust-ended", FAILURE_CLOSED,
		"The console suspended or revoked this device, or none was reached for longer than "
		"the policy's lease: labelled files are shut, all else goes on. 'holdfast status' "
		"says which it is."},
	[FAILURE_POSTURE] = {"posture-unmet", FAILURE_CLOSED,
		"This device does not meet what the policy requires of it ([trust] require): "
		"labelled files are shut, all else goes on. What it is, and what to do, is said "
		"below Trust; it is looked at again every minute."},
	[FAILURE_VERIFIER] = {"verifier-ended", FAILURE_CLOSED,
		"holdfast-verify ended: who had verified must verify again. It is started again; "
		"if it keeps ending, see the log, and that user 'holdfast-verify' is there."},
	[FAILURE_VERIFY_UNWATCHED] = {"sessions-not-followed", FAILURE_CLOSED,
		"systemd-logind does not answer, so nobody would see that a session is locked: "
		"nobody can verify. Start it, or write 'ends = none' in the policy's [verify]."},
	[FAILURE_KERNEL_TOO_DEEP] = {"too-deep", FAILURE_CLOSED,
		"A file lay below more directories than are searched for a label. It was refused, "
		"not guessed: move it up, or label its directory."},
	[FAILURE_KERNEL_DISCONNECTED] = {"no-path", FAILURE_CLOSED,
		"A file was opened by handle on a file system with labels and its directories are "
		"not known yet. Open it by its path once."},
	[FAILURE_KERNEL_MAPPED] = {"mapped", FAILURE_CLOSED,
		"A program held a writable shared mapping when it asked for a labelled file. Close "
		"the mapped file first, or start the program anew."},
	[FAILURE_KERNEL_TRACED] = {"traced", FAILURE_CLOSED,
		"A program asked for a labelled file while a debugger held it. Detach the "
		"debugger."},
	[FAILURE_KERNEL_NO_MEMORY] = {"kernel-memory", FAILURE_CLOSED,
		"The kernel had no memory to remember a label, or (reduced, below Linux 5.17) "
		"another CPU kept the label locked for too long, so the act was refused."},
	[FAILURE_KERNEL_UNCLASSIFIED] = {"unclassified", FAILURE_CLOSED,
		"A labelled program wrote to a file system that was not classified yet: it counts "
		"as removable until udev has named its device."},
	[FAILURE_KERNEL_UNFOLLOWED] = {"unfollowed", FAILURE_CLOSED,
		"A program that has read labelled files used a way between programs on which "
		"labels can't be followed (netlink, BPF maps, userfaultfd). It was refused."},
	[FAILURE_KERNEL_NAMES] = {"many-names", FAILURE_CLOSED,
		"A program that has read labelled files made more than 256 names within ten "
		"seconds. Names can carry content; labels whose channel ipc is block refuse it."},
	[FAILURE_NO_KERNEL] = {"no-kernel-part", FAILURE_AUDIT,
		"NOTHING IS ENFORCED. Add bpf to the lsm= list on the kernel command line, for "
		"example lsm=landlock,lockdown,yama,integrity,apparmor,bpf, and start the machine "
		"again."},
	[FAILURE_KERNEL_PARTIAL] = {"kernel-reduced", FAILURE_AUDIT,
		"This kernel lacks what some protections need, see above for each and what it "
		"means; a newer one (6.1 or later) has it."},
	[FAILURE_POLICY_BAD] = {"policy-bad", FAILURE_KEEP_LAST,
		"The policy file has errors; the last good policy stays in force. See them with "
		"'holdfast policy check'."},
	[FAILURE_POLICY_BUNDLE] = {"policy-bundle", FAILURE_KEEP_LAST,
		"The console sent a policy that is not signed as it must be, is an older one, or "
		"has errors; the last good policy stays in force."},
	[FAILURE_CONSOLE_REFUSED] = {"console-refused", FAILURE_AUDIT,
		"The console refuses this device; its events wait here. If that is wrong, have it "
		"approved there, or enrol it anew with 'holdfast enrol'."},
	[FAILURE_ENROL_FILE] = {"enrol-file", FAILURE_AUDIT,
		"This device could not be enrolled with /etc/holdfast/enroll.ini; what is in force "
		"stays. It is tried again every five minutes and when the file changes; a mistake "
		"in the file is told by its line. See 'journalctl -u holdfast-enrol'."},
	[FAILURE_CONSOLE_SILENT] = {"console-silent", FAILURE_AUDIT,
		"No console has answered for an hour; events wait here, what is in force stays. "
		"Look at the network, and at 'holdfast status'."},
	[FAILURE_REPORTERS] = {"reporters-ended", FAILURE_AUDIT,
		"Keyring or uplink ended and both are started again; events wait in the log "
		"meanwhile, what is in force stays."},
	[FAILURE_SPOOL] = {"spool-write", FAILURE_AUDIT,
		"Events can't be written to the spool (disk full and the like); they stay in the "
		"log, of which the oldest goes when it is full."},
	[FAILURE_DEVICE_KEY] = {"device-key", FAILURE_AUDIT,
		"The device key can't be used: its TPM is gone, was cleared, or is another "
		"machine's. Events wait here, what is in force stays. Bring the TPM back, or enrol "
		"anew with 'holdfast enrol'."},
	[FAILURE_LOGIN_BOOK] = {"login-accounts", FAILURE_KEEP_LAST,
		"The list of whose accounts are whose can't be written: logins are decided as "
		"before while the agent runs; when it does not, by an older list. Make room on the "
		"disk that holds the state directory."},
	[FAILURE_EVENTS_UNDELIVERED] = {"events-undelivered", FAILURE_AUDIT,
		"Events had to go, or were damaged, before the console had them; it is told which "
		"numbers."},
	[FAILURE_POLICY_MISSING] = {"policy-missing", FAILURE_KEEP_LAST,
		"There is no policy. What the kernel part had before stays in force."},
	[FAILURE_POLICY_REFUSED] = {"policy-not-published", FAILURE_KEEP_LAST,
		"The policy is good but could not be put into the kernel; the last one stays in "
		"force."},
	[FAILURE_LABELS_FULL] = {"labels-full", FAILURE_KEEP_LAST,
		"All 64 labels of this device are in use; the policy with one more was not taken. "
		"Clear a label that no policy names from its files."},
	[FAILURE_INDEX_FULL] = {"index-full", FAILURE_CLOSED,
		"There is no room for another mark. New labelled files are refused until marks are "
		"cleared."},
	[FAILURE_DATABASE] = {"database", FAILURE_KEEP_LAST,
		"The label database can't be used; labels hold until reboot. Check the disk that "
		"holds the state directory."},
	[FAILURE_LOG_WRITE] = {"log-write", FAILURE_KEEP_LAST,
		"Events can't be written. They wait in the kernel's ring; what does not fit there "
		"is counted as lost. Make room on the disk that holds the log directory."},
	[FAILURE_LOG_TORN] = {"log-torn", FAILURE_AUDIT,
		"The event log ended within a line after a crash; the torn line was cut off or "
		"marked."},
	[FAILURE_RECORDS_LOST] = {"records-lost", FAILURE_AUDIT,
		"More happened than the ring could hold. The verdicts stood; so many records are "
		"gone."},
	[FAILURE_RECORD_BAD] = {"record-bad", FAILURE_AUDIT,
		"A kernel record did not decode: agent and kernel part are of different builds."},
	[FAILURE_PLACE] = {"place-not-marked", FAILURE_AUDIT,
		"A path of the policy could not be marked. Policy paths must not lead over "
		"symbolic links."},
	[FAILURE_PROGRAM] = {"program-not-trusted", FAILURE_CLOSED,
		"An application's executable may be changed by others than root, so it is treated "
		"as unknown. Correct the owner and mode of the file and all directories above it."},
	[FAILURE_MARK_VALUE] = {"mark-not-ours", FAILURE_KEEP_LAST,
		"A file has an extended attribute of our name that is no mark; it was not used, "
		"and written anew from the index."},
	[FAILURE_MARK_STRIPPED] = {"mark-stripped", FAILURE_KEEP_LAST,
		"The mark on a file was taken away or lost labels while the agent was not looking. "
		"The index still had them: they held, and the mark was written anew."},
	[FAILURE_MARK_FOREIGN] = {"mark-foreign", FAILURE_CLOSED,
		"The mark on a file was not written with this device's key: forged, or from "
		"another device. It may add labels, never take any away; it was written anew."},
	[FAILURE_MARK_COPIED] = {"mark-copied", FAILURE_CLOSED,
		"A file carries the mark of another file, as a restored backup does. It may add "
		"labels, never take any away; it was written anew."},
	[FAILURE_MARK_STORE] = {"mark-not-on-file", FAILURE_AUDIT,
		"A file system keeps no extended attributes: labels there live in the database "
		"alone."},
	[FAILURE_TREE] = {"tree-not-walked", FAILURE_AUDIT,
		"A labelled directory could not be searched to the end for hard links and mounts."},
	[FAILURE_SKIPPED] = {"decision-skipped", FAILURE_AUDIT,
		"The kernel skipped decisions: before Linux 6.2 it does so with preempt=full. What "
		"was done then was not judged. Start it with preempt=voluntary, or take a newer "
		"kernel."},
	[FAILURE_PROTECTION_KEPT] = {"protection-kept", FAILURE_KEEP_LAST,
		"The policy's [protection] is less than what was in force. It is taken while a "
		"maintenance door is open, see 'holdfast maintenance'; until then the old one "
		"holds."},
	[FAILURE_MAINTENANCE] = {"maintenance-refused", FAILURE_CLOSED,
		"A maintenance token was not taken; the door stayed shut."},
	[FAILURE_SWAP] = {"swap-on", FAILURE_AUDIT,
		"Swap space was switched on: memory with protected content can reach the disk."},
	[FAILURE_CLOCK] = {"clock-set-back", FAILURE_AUDIT,
		"The clock was set back; events from then on may seem earlier than they are."},
	[FAILURE_GUARD] = {"not-guarded", FAILURE_AUDIT,
		"A file or directory of the agent could not be guarded against root."},
	[FAILURE_GUARD_FULL] = {"guard-full", FAILURE_AUDIT,
		"There was no room to remember another process, mount or disk of the agent: that "
		"one is not guarded against root. Start the agent again."},
	[FAILURE_GONE_FULL] = {"gone-full", FAILURE_KEEP_LAST,
		"More labelled files were deleted than could be noted. Their marks stay in the "
		"database: after a restart a file that got such a number carries them, so that "
		"more is refused than need be."},
	[FAILURE_FORGOTTEN] = {"labels-forgotten", FAILURE_AUDIT,
		"More pipes, connections, pastes, rings or processes that share memory carried "
		"labels than are remembered at a time (see SECURITY.md for the numbers). The "
		"oldest were forgotten; what still goes that way is not labelled."},
	[FAILURE_LINEAGE] = {"lineage", FAILURE_AUDIT,
		"The store of what came from where can't be used; 'holdfast lineage' shows less "
		"than there was. The events have it. Check the disk that holds the state "
		"directory."},
	[FAILURE_LINEAGE_LESS] = {"lineage-cut", FAILURE_AUDIT,
		"The oldest of what came from where went to make room, or some came faster than "
		"it could be kept. The events have it."},
	[FAILURE_VAULT] = {"vault", FAILURE_CLOSED,
		"An encrypted folder is not where it was, or can't be unlocked or locked. It stays "
		"unreadable, or its key is asked back again and again. 'holdfast vault status' and "
		"'holdfast vault verify' say how it stands."},
	[FAILURE_WIPE] = {"wipe", FAILURE_CLOSED,
		"The console has ordered that this computer destroys what it has of the "
		"organisation, and that does not come to an end. It stays shut and is tried again; "
		"the event names what stands in the way."},
	[FAILURE_VAULT_HELD] = {"vault-held", FAILURE_AUDIT,
		"The key of an encrypted folder is gone, and processes that had files of it open "
		"can go on with these. Nobody else can, and it is tried again every second; end "
		"the processes that the event names."},
	[FAILURE_SLEEP_UNSEEN] = {"sleep-unseen", FAILURE_AUDIT,
		"Nobody says when this machine goes to sleep, or waits: keys of encrypted folders "
		"stay in memory then, and a hibernation image has them. Look whether "
		"systemd-logind runs, or keep the machine from sleeping."},
	[FAILURE_LABEL_KEYS] = {"label-keys", FAILURE_CLOSED,
		"The console did not release the key of a label that an encrypted folder has; the "
		"folder stays unreadable. DEVICE_...: this device is not trusted; KEY_UNKNOWN: the "
		"label has no key yet ('holdfast-console key rotate'); KEY_NETWORK: not from this "
		"network; KEY_UNVERIFIED: verify first ('holdfast verify'); KEY_DESTROYED: nobody "
		"can read it any more. It is asked for again every half minute."},
	[FAILURE_SCOUT] = {"network-unknown", FAILURE_CLOSED,
		"The process that looks at the network ended: no zone holds, and what is for zones "
		"only is shut until it has been started again. If it ends again and again, see the "
		"log, and whether there is a user holdfast-scout."},
	[FAILURE_SERVICES] = {"services-full", FAILURE_KEEP_LAST,
		"The names of services have more addresses than there is room for: those that the "
		"policy itself says count, those of names do not. Name networks instead."},
	[FAILURE_BROWSERS] = {"browsers-not-bound", FAILURE_KEEP_LAST,
		"What [browser] says can't be written where the browser reads it, or can't be "
		"taken away again; it is tried again every ten seconds. Look whether the directory "
		"is there, root's, and on a file system that can be written."},
	[FAILURE_BROWSER_DRIFT] = {"browser-drift", FAILURE_KEEP_LAST,
		"Somebody who is root changed or removed the settings that bind a browser to the "
		"organisation's domains; they were put right. With self = block in [protection] "
		"nobody can. What else an administrator wrote into Firefox's file is kept."},
	[FAILURE_BROWSER_RIVAL] = {"browser-overridden", FAILURE_AUDIT,
		"Another file of the browser's settings says something else of sign-in, and "
		"counts, as its name comes later. Take these settings out of it."},
	[FAILURE_SCREEN_UNSEEN] = {"screen-unseen", FAILURE_AUDIT,
		"The witness in a desktop session saw the screen captured, and the kernel part has "
		"no record of it, or had refused it: it got through. The events capture-unseen say "
		"who it was. A display that was started before the agent is seen in part only; end "
		"the session and log in again."},
	[FAILURE_OVERLAY] = {"watermark-ended", FAILURE_AUDIT,
		"What writes the watermark over a screen ended while its session went on: it was "
		"killed, or crashed. It is started again; what was captured meanwhile carries no "
		"mark. If it stays away, have the person log in again."},
	[FAILURE_UNBLENDED] = {"watermark-unblended", FAILURE_AUDIT,
		"No compositing manager runs on a display: the watermark's text is shown there, "
		"but there is no blind mark. Start one (picom, xcompmgr), or a desktop that has "
		"one."},
	[FAILURE_PEN] = {"watermark-no-pen", FAILURE_AUDIT,
		"The policy wants a blind mark over a user's screen, and the console gave this "
		"device no pen to write it with: captures carry none. Enrol the device; on the "
		"console, see that there is a key: 'holdfast-console key rotate @watermark'."},
	[FAILURE_VOLUME] = {"volume-not-classified", FAILURE_CLOSED,
		"A device could not be classified and counts as removable."},
};

const struct failure_row *failure_row(unsigned int reason)
{
	static const struct failure_row none = {NULL, FAILURE_CLOSED, ""};

	return reason < FAILURE_REASON_MAX ? &rows[reason] : &none;
}

const char *failure_action_name(enum failure_action action)
{
	switch (action) {
	case FAILURE_CLOSED:
		return "fail closed";
	case FAILURE_KEEP_LAST:
		return "keep last";
	case FAILURE_AUDIT:
		return "record only";
	}
	return "fail closed";
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that can go wrong with a security decision in the balance, and what then: the only
 * place that decides between keeping the last state, failing closed and only recording.
 */
#ifndef HOLDFAST_AGENT_ENGINE_FAILURE_TABLE_H
#define HOLDFAST_AGENT_ENGINE_FAILURE_TABLE_H

#include <stdint.h>

#include "bpf/events.h"

/* Wire values between sensor and engine; the first are the kernel's own reasons. */
enum failure_reason {
	FAILURE_KERNEL_GATE = HF_REASON_GATE,
	FAILURE_KERNEL_TOO_DEEP = HF_REASON_TOO_DEEP,
	FAILURE_KERNEL_DISCONNECTED = HF_REASON_DISCONNECTED,
	FAILURE_KERNEL_MAPPED = HF_REASON_MAPPED,
	FAILURE_KERNEL_TRACED = HF_REASON_TRACED,
	FAILURE_KERNEL_NO_MEMORY = HF_REASON_NO_MEMORY,
	FAILURE_KERNEL_UNCLASSIFIED = HF_REASON_UNCLASSIFIED,
	FAILURE_KERNEL_UNFOLLOWED = HF_REASON_UNFOLLOWED,
	FAILURE_KERNEL_NAMES = HF_REASON_NAMES,
	FAILURE_KERNEL_LEASE = HF_REASON_LEASE,
	FAILURE_KERNEL_VERIFY = HF_REASON_VERIFY,
	FAILURE_KERNEL_ZONE = HF_REASON_ZONE,
	FAILURE_KERNEL_VAULT = HF_REASON_VAULT,
	FAILURE_KERNEL_SCREEN = HF_REASON_SCREEN,
	FAILURE_KERNEL_UNREAD = HF_REASON_UNREAD,
	FAILURE_NO_KERNEL = 20,	      /* no BPF LSM, or loading failed */
	FAILURE_KERNEL_PARTIAL = 21,  /* a feature is missing */
	FAILURE_POLICY_BAD = 22,      /* the policy file does not parse or compile */
	FAILURE_POLICY_MISSING = 23,  /* neither a policy file nor a last good copy */
	FAILURE_POLICY_REFUSED = 24,  /* the sensor could not publish it */
	FAILURE_LABELS_FULL = 25,     /* 64 live labels */
	FAILURE_INDEX_FULL = 26,      /* no room for a mark */
	FAILURE_DATABASE = 27,	      /* index.db can't be read or written */
	FAILURE_LOG_WRITE = 28,	      /* an event can't be written: disk full and the like */
	FAILURE_LOG_TORN = 29,	      /* the log ended within a line */
	FAILURE_RECORDS_LOST = 30,    /* the ring was full */
	FAILURE_RECORD_BAD = 31,      /* a kernel record that does not decode */
	FAILURE_PLACE = 32,	      /* a path of the policy can't be marked */
	FAILURE_PROGRAM = 33,	      /* an application's executable is not to be trusted */
	FAILURE_MARK_VALUE = 34,      /* an extended attribute that is none of ours */
	FAILURE_MARK_STORE = 35,      /* the file system keeps no extended attribute */
	FAILURE_TREE = 36,	      /* a labelled directory could not be walked to the end */
	FAILURE_VOLUME = 37,	      /* a device or file system can't be classified */
	FAILURE_MARK_STRIPPED = 38,   /* the mark on a file was taken away, or lost labels */
	FAILURE_MARK_FOREIGN = 39,    /* the mark on a file is not by this device's key */
	FAILURE_MARK_COPIED = 40,     /* the mark on a file was written for another file */
	FAILURE_SKIPPED = 41,	      /* the kernel skipped decisions */
	FAILURE_PROTECTION_KEPT = 42, /* a policy would make [protection] less, without a token */
	FAILURE_MAINTENANCE = 43,     /* a maintenance token that was not taken */
	FAILURE_GUARD = 44,	      /* something of the agent's own could not be guarded */
	FAILURE_SWAP = 45,	      /* swap space was switched on */
	FAILURE_CLOCK = 46,	      /* the clock was set back */
	FAILURE_LINEAGE = 47,	      /* lineage.db can't be read or written */
	FAILURE_LINEAGE_LESS = 48,    /* some of what came from where is not kept */
	FAILURE_GUARD_FULL = 49,      /* no room for one more process, mount or disk of the agent */
	FAILURE_GONE_FULL = 50,	      /* no room to note a deleted file */
	FAILURE_FORGOTTEN = 51,	      /* labels on their way made room for others */
	FAILURE_POLICY_BUNDLE = 52,   /* the console's policy is not taken */
	FAILURE_CONSOLE_REFUSED = 53, /* the console does not want this device */
	FAILURE_CONSOLE_SILENT = 54,  /* no console has answered for an hour */
	FAILURE_EVENTS_UNDELIVERED = 55, /* events went before they were delivered */
	FAILURE_REPORTERS = 56,		 /* keyring or uplink ended */
	FAILURE_SPOOL = 57,		 /* events do not get into the spool */
	FAILURE_DEVICE_KEY = 58,	 /* it is in a TPM that is gone, or another one */
	FAILURE_VERIFIED_FULL = 59,	 /* no room for one more user who verifies */
	FAILURE_LOGIN_BOOK = 60,	 /* accounts are not kept for when the engine is away */
	FAILURE_LEASE = 61,		 /* the console's word of this device is not taken */
	FAILURE_TRUST = 62,		 /* this device is not trusted any more */
	FAILURE_VAULT = 80,	 /* one is not as it was left, or can't be unlocked or locked */
	FAILURE_LABEL_KEYS = 82, /* the console did not release keys of labels */
	FAILURE_WIPE = 83,	 /* what is to be destroyed is not yet */
	FAILURE_VAULT_HELD = 81, /* its key is gone, and processes hold files of it */
	FAILURE_SLEEP_UNSEEN =
		84,	       /* nobody says before the machine sleeps: keys may stay in memory */
	FAILURE_VERIFIER = 63, /* holdfast-verify ended */
	FAILURE_VERIFY_UNWATCHED = 64, /* nobody sees that a session is locked */
	FAILURE_POSTURE = 65,	    /* this device does not meet what the policy requires of it */
	FAILURE_ENROL_FILE = 66,    /* the file that MDM left to enrol with does not do */
	FAILURE_SCOUT = 70,	    /* nobody tells of the network */
	FAILURE_SERVICES = 71,	    /* not all addresses of services are in the kernel */
	FAILURE_BROWSERS = 88,	    /* their files are not written, or not put back */
	FAILURE_BROWSER_DRIFT = 89, /* somebody changed one; it was put right */
	FAILURE_BROWSER_RIVAL = 90, /* another file says something else */
	FAILURE_SCREEN_UNSEEN = 94, /* the session saw a capture that the kernel part did not */
	FAILURE_OVERLAY = 96,	    /* the watermark was taken from a screen */
	FAILURE_UNBLENDED = 97,	    /* a display on which no blind mark can be */
	FAILURE_PEN = 98,	    /* a user of whom there is no pen for blind marks */
	FAILURE_REASON_MAX = 100,
};

enum failure_action {
	FAILURE_CLOSED = 1, /* refused until it is repaired */
	FAILURE_KEEP_LAST,  /* the last good state stays in force */
	FAILURE_AUDIT,	    /* goes on, recorded */
};

struct failure_row {
	const char *name; /* for events and counters; NULL = no such reason */
	enum failure_action action;
	const char *text; /* for `holdfast doctor`: what it means and what to do */
};

/* A row for any number; unknown ones have name NULL. */
const struct failure_row *failure_row(unsigned int reason);
const char *failure_action_name(enum failure_action action);

#endif

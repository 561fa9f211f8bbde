/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-wipe, root's: started by holdfastd when the engine asks for it, or a journal is there, and done when what
 * the console ordered is destroyed and its receipt delivered. It proves the order itself, by root's copy of the console's
 * certificate; believes the engine what the policy wants, the kernel part what is labelled; reads no content. What is
 * begun is in a journal, and goes on where it was after a power cut.
 */
#ifndef HOLDFAST_AGENT_WIPE_WIPE_H
#define HOLDFAST_AGENT_WIPE_WIPE_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/ipc/wipe.h"
#include "agent/wipe/journal.h"
#include "common/lease.h"

#define WIPE_LABELS_MAX	 64
#define WIPE_LABEL_SIZE	 64
#define WIPE_MARKS_MAX	 (4u << 20) /* inodes that are remembered; with more, nothing is begun */
#define WIPE_DEVICES_MAX 64

/* What the policy in force wants. */
struct wipe_plan {
	uint8_t on_revoke;   /* enum lease_order */
	uint64_t mark_count; /* of all volumes */
	char removed[WIPE_LABELS_MAX][WIPE_LABEL_SIZE];
	unsigned int removed_count;
};

/* Inodes with marks of their own, sorted, whatever their file system: who is one may be labelled. */
struct wipe_marks {
	uint64_t *inodes; /* own */
	size_t count, room;
	uint32_t devices
		[WIPE_DEVICES_MAX]; /* of the volumes that have some: as in struct hf_inode_key */
	unsigned int device_count;
};

struct wipe {
	const char *runtime_directory, *state_directory, *uplink_directory, *vault_directory;
	const char *anchor_path;
	int state_fd, uplink_fd, vault_fd; /* uplink_fd, vault_fd: -EBADF = not there */
	int engine_fd, keyring_fd;	   /* -EBADF = not connected */
	struct journal journal;
	struct wipe_plan plan;
	struct wipe_marks marks;
};

/* main.c: whether holdfastd is gone, and this process to end; waits for that so long. */
bool wipe_is_over(int wait_ms);
/* Notes what stands in the way of one object; counted, and the first few named in the receipt. */
void wipe_note_failure(struct wipe *wipe, const char *what, int error);

/* order.c: the console's word as uplink left it, proven. 0; -EAGAIN: not to be proven yet; negative errno: it is none. */
int order_read(struct wipe *wipe, struct lease *ret_word);

/* ask.c: what the engine is asked; each: 0, -ECONNREFUSED without one, what it refused with. */
int ask_plan(struct wipe *wipe);
int ask_marks(struct wipe *wipe);
/* Whether that object of a directory is labelled, and by a label whose files are removed. */
int ask_labels(struct wipe *wipe, int directory_fd, const char *name, bool *ret_is_labelled,
	bool *ret_is_removed);
/* 1: there was something. */
int ask_lineage(struct wipe *wipe);
void ask_tell(struct wipe *wipe, enum wipe_event event, const char *words);

/* keys.c: keys of labels, and the device's signature. 0 or negative errno. */
int keys_own(struct wipe *wipe, uint8_t ret_hash[LEASE_HASH_SIZE]);
int keys_destroy(struct wipe *wipe);
/* text: of WIPE_RECEIPT_TEXT bytes; bytes when it is signed. */
int keys_sign(struct wipe *wipe, char *text, size_t size);

/* vaults.c: each that is locked is forgotten. 0; 1: some are not locked yet; negative errno. */
int vaults_forget(struct wipe *wipe, bool is_last);
/* Whether the directory is one that a vault's record names: what is in there is without key. */
bool vaults_has(const struct wipe *wipe, const char *path);

/* files.c: labelled files of the file systems that are here. 0; negative errno. */
int files_destroy(struct wipe *wipe);

#define GRAVE_NAME ".holdfast-wipe" /* in the root of each file system */

/* grave.c: where files of one file system go before their bytes do. */
struct grave {
	struct wipe *wipe;
	int fd; /* own */
	unsigned int count, overwritten;
	uint64_t number; /* of the next name */
};
/* root_fd: of the file system. What a power cut left in it is removed. 0 or negative errno. */
int grave_open(struct grave *grave, struct wipe *wipe, int root_fd);
/*
 * Takes a labelled file in, asks once more where nobody can put another one in its place, and counts it. 0; 1: it was
 * another one, and is where it was; negative errno: it is there still.
 */
int grave_take(struct grave *grave, int directory_fd, const char *name);
/* Overwrites all, brings that to the disk, and removes the names. */
int grave_empty(struct grave *grave);
void grave_close(struct grave *grave);

/* receipt.c: signs what the journal says and leaves it to uplink. 0 or negative errno. */
int receipt_leave(struct wipe *wipe);
/* Whether uplink has delivered it. */
bool receipt_is_delivered(const struct wipe *wipe);

#endif
